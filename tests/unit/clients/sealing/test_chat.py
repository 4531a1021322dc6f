"""Sealed chat: read by those who may, once, in its writer's name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu_clients.sealing.chat import ChatOpener, ChatSealer, ReplayedError
from sfu_clients.sealing.frames import Sender
from sfu_clients.sealing.sframe import SealError

ANA = Sender(b"a" * 32, 1, b"c" * 16)
BEN = Sender(b"b" * 32, 2, b"c" * 16)


@given(st.lists(st.text(max_size=400), max_size=5))
def test_lines_come_back(lines: list[str]) -> None:
    """In any language."""
    sealer, opener = ChatSealer(ANA), ChatOpener(ANA)
    assert [opener.open(sealer.seal(line)) for line in lines] == lines


def test_their_length_tells_little() -> None:
    """Short lines look alike."""
    assert len({len(ChatSealer(ANA).seal("x" * length)) for length in range(250)}) == 1


def test_forged_replayed_and_foreign_lines_are_refused() -> None:
    """Adversarial test 38."""
    line = ChatSealer(ANA).seal("pay Ben")
    opener = ChatOpener(ANA)
    for place in range(0, len(line) - 1, 7):
        changed = "A" if line[place] != "A" else "B"
        with pytest.raises(SealError):
            opener.open(line[:place] + changed + line[place + 1 :])
    with pytest.raises(SealError):
        ChatOpener(BEN).open(line)
    assert opener.open(line) == "pay Ben"
    with pytest.raises(ReplayedError):
        opener.open(line)


@given(st.text(max_size=100))
def test_any_text_is_refused(text: str) -> None:
    """A clear line is never shown as if it were sealed."""
    with pytest.raises(SealError):
        ChatOpener(ANA).open(text)
