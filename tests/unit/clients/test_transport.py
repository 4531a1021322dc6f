"""Transport: which of a server's candidates are tried, and what happens when nobody answers."""

import pytest
from aiortc.sdp import candidate_from_sdp
from hypothesis import given
from hypothesis import strategies as st

from sfu_clients import transport as module
from sfu_clients.errors import ClientError
from sfu_clients.sdp import Answered
from sfu_clients.transport import Transport, usable_part


@pytest.mark.parametrize(
    "candidate",
    [
        "1 1 udp 2130706431 192.0.2.1 10000 typ host",
        "abc 1 UDP 1 2001:db8::1 1 typ srflx raddr x rport y",
    ],
)
def test_udp_at_an_address_is_tried(candidate: str) -> None:
    """What follows the type is not looked at."""
    usable = usable_part(candidate)
    assert usable is not None
    assert candidate.startswith(usable)
    candidate_from_sdp(usable)


@pytest.mark.parametrize(
    "candidate",
    [
        "1 1 tcp 1 192.0.2.1 10000 typ host tcptype passive",
        "1 1 udp 1 name.local 10000 typ host",
        "1 1 udp 1 192.0.2.1 70000 typ host",
        "1 x udp 1 192.0.2.1 1 typ host",
        "1 1 udp 1 192.0.2.1 1 type host",
        "1 1 udp",
        "",
    ],
)
def test_anything_else_is_not(candidate: str) -> None:
    """Names would have us ask a resolver."""
    assert usable_part(candidate) is None


@given(st.text(max_size=80))
def test_any_text_is_usable_or_not(text: str) -> None:
    """And what is usable is understood by aiortc."""
    if (usable := usable_part(text)) is not None:
        candidate_from_sdp(usable)


async def test_nobody_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sentence, whoever waits is told, and nothing is left."""
    monkeypatch.setattr(module, "CONNECT_SECONDS", 0.2)
    lost: list[bool] = []
    path = Transport(on_rtp=print, on_rtcp=print, on_lost=lambda: lost.append(True))
    local = await path.gather()
    assert local.ufrag
    assert local.fingerprints
    path.send(b"lost before anything stands")
    answered = Answered(
        ufrag="abcd",
        password="p" * 24,
        fingerprints=(("sha-256", "AA"),),
        setup="passive",
        candidates=("1 1 udp 1 127.0.0.1 9 typ host", "no candidate"),
        sections={},
    )
    with pytest.raises(ClientError, match="gets through"):
        await path.connect(answered)
    assert (path.lost, path.connected, lost) == (True, False, [True])
    await path.close()


async def test_queues_are_bounded() -> None:
    """What comes when a queue is full is lost; only the end always comes through."""
    queue = module._Bounded(2)  # noqa: SLF001 - it has no other user
    for value in (1, 2, 3):
        queue.put_nowait(value)
    queue.put_nowait(None)
    assert [queue.get_nowait() for _ in range(2)] == [2, None]
    assert queue.empty()
