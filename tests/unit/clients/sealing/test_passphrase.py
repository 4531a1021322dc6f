"""Secrets of rooms: how they are given, and what they keep apart."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu_clients.sealing import base64url
from sfu_clients.sealing.frames import FrameInfo, Opener, Sealer, Stream
from sfu_clients.sealing.passphrase import (
    MAX_HELLO_BYTES,
    RoomKeys,
    WrongSecretError,
    read_secret,
    stretch,
)
from sfu_clients.sealing.sframe import SealError

SECRET = bytes(range(16))
LINK = base64url.encode(SECRET)


def test_a_link_holds_the_secret() -> None:
    """As 22 characters of base64url."""
    assert read_secret(LINK) == SECRET


def test_a_passphrase_is_stretched_with_the_salt_of_the_link() -> None:
    """Argon2id of RFC 9106: the same for all, and another for each salt."""
    assert read_secret(f"{LINK}:open sesame") == stretch("open sesame", SECRET)
    assert stretch("open sesame", SECRET).hex() == (
        "023a55aa3a4769b0f10a44fa378dda5fe2cfc0239ec85fb1b27741af6adf9ad7"
    )
    assert stretch("open sesame", SECRET) != stretch("open sesame", SECRET[::-1])


@pytest.mark.parametrize("text", ["", "short", LINK + "x", "*" * 22, LINK + ":", ":word"])
def test_other_texts_are_no_secrets(text: str) -> None:
    """Refused in words."""
    with pytest.raises(SealError, match=r"secret|passphrase"):
        read_secret(text)


@given(st.text(max_size=40))
def test_any_text_is_a_secret_or_refused(text: str) -> None:
    """With one error; what has a colon would cost Argon2's time, so it is left out here."""
    with contextlib.suppress(SealError):
        assert len(read_secret(text.replace(":", ""))) == 16


@given(st.text(max_size=30))
def test_people_meet_by_their_hellos(name: str) -> None:
    """Both sides get the same keys, and the name that was given."""
    ana, ben = RoomKeys(SECRET, "standup"), RoomKeys(SECRET, "standup")
    sender, hello = ana.introduce(name)
    met = ben.meet(hello)
    assert (met.name, met.sender) == (name, sender)
    frame = Sealer(sender, Stream.CAMERA).seal("VP8", b"media", FrameInfo())
    opened = Opener(met.sender, Stream.CAMERA).open("VP8", frame)
    assert opened is not None
    assert opened[0] == b"media"


def test_each_join_has_keys_of_its_own() -> None:
    """Adversarial test 9: reloads and reconnections never meet a counter twice."""
    keys = RoomKeys(SECRET, "standup")
    senders = [keys.introduce("Ana")[0] for _ in range(50)]
    assert len({sender.base_key for sender in senders}) == 50


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(RoomKeys(SECRET[::-1], "standup"), id="another secret"),
        pytest.param(RoomKeys(SECRET, "office"), id="another room"),
    ],
)
def test_a_hello_of_elsewhere_is_told_apart(other: RoomKeys) -> None:
    """People can be told that somebody has another secret."""
    _, hello = RoomKeys(SECRET, "standup").introduce("Ana")
    with pytest.raises(WrongSecretError):
        other.meet(hello)


@given(st.binary(max_size=MAX_HELLO_BYTES + 10))
def test_any_bytes_are_a_hello_or_refused(data: bytes) -> None:
    """With one error."""
    with pytest.raises(SealError):
        RoomKeys(SECRET, "standup").meet(data)
