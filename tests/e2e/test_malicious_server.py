"""A server that changes what it forwards between real clients of a sealed room.

The numbers are those of the adversarial tests in docs/security.md.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from sfu.signalling.messages import Chat, ServerMessage
from sfu.transport.peer import Peer
from sfu.wire.rtp import RtpView, parse_rtp
from sfu_clients.client import Client
from sfu_clients.media.sources import PatternSource, ToneSource
from sfu_clients.subscriber import Subscriber
from tests.support.malice import corrupt
from tests.support.media import OPUS
from tests.support.running import running, settings
from tests.support.secrets import SECRET

SILENCE = bytes.fromhex("f8fffe")
"""Opus for nothing, as some servers send it."""

ATTACK_SECONDS = 1.5
DELAY = 25


@dataclass
class Malice:
    """What the server does to the sound that it forwards; nothing at first."""

    attack: Callable[["Malice", bytes], bytes] | None = None
    before: deque[bytes] = field(default_factory=lambda: deque(maxlen=DELAY))
    other: bytes = b""
    """A frame of another stream of the same sender's."""

    def change(self, packet: bytes) -> bytes:
        """Take one packet, return what is forwarded instead."""
        view = RtpView()
        parse_rtp(packet, len(packet), view)
        payload = packet[view.payload_offset : view.payload_end]
        if len(payload) > 300:
            self.other = payload
            return packet
        if self.attack is None:
            self.before.append(payload)
            return packet
        if view.payload_type != OPUS:
            return packet
        return packet[: view.payload_offset] + self.attack(self, payload)


def flip(_malice: Malice, payload: bytes) -> bytes:
    """Change the last bit."""
    return payload[:-1] + bytes((payload[-1] ^ 1,))


def replay(malice: Malice, _payload: bytes) -> bytes:
    """Send again what was sent before."""
    malice.before.rotate()
    return malice.before[0]


def cut(_malice: Malice, payload: bytes) -> bytes:
    """Send half of it."""
    return payload[: len(payload) // 2]


def splice(malice: Malice, _payload: bytes) -> bytes:
    """Send a frame of the camera as sound."""
    return malice.other[6:]


def clear(_malice: Malice, _payload: bytes) -> bytes:
    """Send a clear frame."""
    return SILENCE


@pytest.fixture
def malice(monkeypatch: pytest.MonkeyPatch) -> Malice:
    """A server of this process whose peers send what it wants."""
    malice, commit = Malice(), Peer.commit

    def changed(peer: Peer, length: int) -> None:
        slot = peer.slot()
        packet = malice.change(bytes(slot[:length]))
        slot[: len(packet)] = packet
        commit(peer, len(packet))

    monkeypatch.setattr(Peer, "commit", changed)
    return malice


@asynccontextmanager
async def call() -> AsyncIterator[dict[str, Subscriber]]:
    """Ana publishes, Ben watches: what he receives, by kind."""
    async with (
        running(settings()) as (_, url),
        Client(url, "hall", name="Ana", secret=SECRET) as ana,
        Client(url, "hall", name="Ben", secret=SECRET) as ben,
    ):
        await ana.publish(PatternSource("VP8", size=(320, 180), rate=15), ToneSource())
        await until(lambda: len(ben.publications()) > 1)
        received = await ben.subscribe(*(one for _, one in ben.publications()))
        await until(lambda: all(one.viewing.frames > DELAY for one in received))
        yield {one.publication.kind: one for one in received}


async def until(condition: Callable[[], bool]) -> None:
    """Wait for what comes in its own time."""
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0.02)


@pytest.mark.parametrize(
    ("attack", "reasons"),
    [
        pytest.param(flip, {"not_authentic"}, id="1: a changed bit"),
        pytest.param(cut, {"not_authentic", "malformed"}, id="2: cut off"),
        pytest.param(replay, {"replayed"}, id="3: replayed"),
        pytest.param(splice, {"unknown_key", "malformed"}, id="4: another stream's"),
        pytest.param(clear, {"unknown_key", "malformed"}, id="7: in clear"),
    ],
)
async def test_what_was_changed_is_not_played(
    malice: Malice, attack: Callable[[Malice, bytes], bytes], reasons: set[str]
) -> None:
    """It is refused by its reason, other streams go on, and the genuine ones after it, too."""
    async with call() as received:
        sound, pictures = received["audio"], received["video"]
        malice.attack = attack
        await asyncio.sleep(0.5)  # what was on its way
        heard, seen = sound.viewing.frames, pictures.viewing.frames
        await asyncio.sleep(ATTACK_SECONDS)
        assert sound.viewing.frames == heard
        assert pictures.viewing.frames > seen
        refused = sound.report()["refused"]
        assert set(refused) & reasons
        assert set(refused) <= reasons
        malice.attack = None
        await until(lambda: sound.viewing.frames > heard + DELAY)


async def test_a_line_in_clear_is_nobodys(monkeypatch: pytest.MonkeyPatch) -> None:
    """7, 38: what the server says in Ana's name is not read; what she says is."""
    server = corrupt(monkeypatch)
    async with (
        running(settings()) as (_, url),
        Client(url, "hall", name="Ana", secret=SECRET) as ana,
        Client(url, "hall", name="Ben", secret=SECRET) as ben,
    ):
        read: list[str] = []

        def hear(message: ServerMessage) -> None:
            if isinstance(message, Chat):
                read.append(message.text)

        ben.listen(hear)
        about = {"participant": ana.participant, "name": "Ana", "text": "I said this in clear."}
        server.say("Ben", {"type": "chat", **about})
        await ana.say("I said this.")
        await until(lambda: "I said this." in read)
        assert read == ["I said this."]


async def test_nothing_is_refused_of_what_was_not_changed(malice: Malice) -> None:
    """The counterpart: the same server, without malice."""
    assert malice.attack is None
    async with call() as received:
        assert all(one.report()["refused"] == {} for one in received.values())
