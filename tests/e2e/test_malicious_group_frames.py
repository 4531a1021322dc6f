"""A server that changes or forges frames in a group, or helps somebody who was removed from it.

The numbers are those of the adversarial tests in docs/security.md.
"""

import asyncio
from collections import defaultdict, deque
from collections.abc import Callable

import pytest

from sfu_clients.client import Client
from sfu_clients.media.sources import PatternSource, ToneSource
from sfu_clients.payload import EncodedFrame
from sfu_clients.sealing.epochs import EpochKeys, read_epoch
from sfu_clients.sealing.frames import Sealer, Stream
from sfu_clients.sealing.room import frame_info
from sfu_clients.sealing.sframe import read_header
from sfu_clients.subscriber import Subscriber
from tests.support.groups import Room, names, room, session, steal, until
from tests.support.malice import Malice, Media, Told, corrupt

SILENCE = bytes.fromhex("f8fffe")
"""Opus for nothing, as some servers send it."""

SETTLE_SECONDS = 0.5
ATTACK_SECONDS = 1.0
KEPT = 100
ENOUGH = 25

Attack = Callable[[bytes], bytes]
"""What is forwarded to Ben instead of a frame of Ana's sound."""


class Tape:
    """All that is forwarded to Ben; Ana's sound can be attacked."""

    def __init__(self, malice: Malice) -> None:
        self.kept: defaultdict[int, deque[bytes]] = defaultdict(lambda: deque(maxlen=KEPT))
        """The latest genuine frames of each stream, by SSRC."""
        self.attacked = 0
        self.attack: Attack | None = None
        malice.forward = self.forward

    def forward(self, name: str, packet: bytes) -> list[bytes]:
        media = Media(packet)
        if name != "Ben":
            return [packet]
        if media.ssrc == self.attacked and self.attack is not None:
            return [media.carrying(self.attack(media.payload))]
        self.kept[media.ssrc].append(media.payload)
        return [packet]

    def replay(self, ssrc: int) -> Attack:
        """Frames that came before, in a circle."""
        frames = deque(self.kept[ssrc])

        def again(_frame: bytes) -> bytes:
            frames.rotate()
            return frames[0]

        return again


@pytest.fixture
def malice(monkeypatch: pytest.MonkeyPatch) -> Malice:
    """The server of this test."""
    return corrupt(monkeypatch)


@pytest.fixture
def stolen(monkeypatch: pytest.MonkeyPatch) -> dict[int, EpochKeys]:
    """The keys of each epoch, as whoever is a member has them."""
    return steal(monkeypatch)


async def enter(hall: Room, name: str, *before: Client) -> Client:
    """Somebody comes to whoever is there, and says something without a word."""
    client = await hall.enter(name)
    await client.publish(ToneSource())
    await hall.together(*before, client)
    return client


async def listen(client: Client, name: str) -> Subscriber:
    """What somebody hears of somebody else, once it is something."""
    (heard,) = await client.subscribe(await client.find(name, "microphone"))
    await until(lambda: heard.viewing.frames > ENOUGH)
    return heard


async def refused(tape: Tape, sound: Subscriber, attack: Attack) -> set[str]:
    """Why nothing of an attack is played; what is genuine after it is."""
    before = sound.report()["refused"]
    tape.attack = attack
    await asyncio.sleep(SETTLE_SECONDS)  # what was on its way
    heard = sound.viewing.frames
    await asyncio.sleep(ATTACK_SECONDS)
    assert sound.viewing.frames == heard
    tape.attack = None
    await until(lambda: sound.viewing.frames > heard + ENOUGH)
    after = sound.report()["refused"]
    return {reason for reason, count in after.items() if count > before.get(reason, 0)}


def flip(frame: bytes) -> bytes:
    """Change the last bit."""
    return frame[:-1] + bytes((frame[-1] ^ 1,))


def under_her_header(others: Attack) -> Attack:
    """What somebody else sealed, behind the header of the frame that it replaces."""

    def splice(frame: bytes) -> bytes:
        other = others(frame)
        return frame[: read_header(frame)[2]] + other[read_header(other)[2] :]

    return splice


async def test_frames_of_another_time_or_place_are_not_played(malice: Malice) -> None:
    """3, 4, 7: replays, other epochs, senders and streams, changed and clear frames."""
    tape = Tape(malice)
    async with room() as hall:
        ana = await enter(hall, "Ana")
        await ana.publish(PatternSource("VP8", size=(160, 96), rate=10))
        ben = await enter(hall, "Ben", ana)
        sound = await listen(ben, "Ana")
        old = tape.replay(sound.ssrc)
        chi = await enter(hall, "Chi", ana, ben)
        others = await listen(ben, "Chi")
        (picture,) = await ben.subscribe(await ben.find("Ana", "camera"))
        await until(lambda: picture.viewing.frames > 0)
        tape.attacked = sound.ssrc
        chis, camera = tape.replay(others.ssrc), tape.replay(picture.ssrc)
        attacks: dict[str, tuple[Attack, set[str]]] = {
            "a changed bit": (flip, {"not_authentic"}),
            "replayed": (tape.replay(sound.ssrc), {"replayed"}),
            "of the epoch before": (old, {"replayed", "unknown_key"}),
            "of another sender": (chis, {"unknown_key"}),
            "of another sender, under her key's name": (under_her_header(chis), {"not_authentic"}),
            "of another stream": (lambda frame: camera(frame)[10:], {"unknown_key", "malformed"}),
            "in clear": (lambda _: SILENCE, {"unknown_key", "malformed"}),
        }
        for what, (attack, reasons) in attacks.items():
            why = await refused(tape, sound, attack)
            assert why, what
            assert why <= reasons, what
        assert names(chi) == ["Ana", "Ben", "Chi"]
        assert others.report()["refused"] == {}


async def test_who_was_removed_hears_nothing_and_says_nothing(
    malice: Malice, stolen: dict[int, EpochKeys]
) -> None:
    """20: Chi has all keys of before, and the server on her side; neither helps her."""
    tape = Tape(malice)
    async with room() as hall:
        ana = await enter(hall, "Ana")
        ben = await enter(hall, "Ben", ana)
        chi = await enter(hall, "Chi", ana, ben)
        sound, chis = await listen(ben, "Ana"), await listen(ben, "Chi")
        chi_hears = await listen(chi, "Ana")
        before = max(stolen)

        def keep_from_chi(name: str, message: Told) -> list[Told]:
            is_of_group = message["type"] in {"commit_accepted", "group_message"}
            return [] if name == "Chi" and is_of_group else [message]

        malice.tell = keep_from_chi
        about = {"participant": chi.participant, "connected": True, "hello": None}
        for name in ("Ana", "Ben"):
            malice.say(name, {"type": "participant_updated", **about})
        await until(lambda: names(ana) == names(ben) == ["Ana", "Ben"])
        await asyncio.sleep(SETTLE_SECONDS)
        heard = chi_hears.viewing.frames, chis.viewing.frames
        packets = chi_hears.report()["packets"], chis.report()["packets"]
        await asyncio.sleep(ATTACK_SECONDS)
        assert (chi_hears.viewing.frames, chis.viewing.frames) == heard
        assert chi_hears.report()["packets"] > packets[0] + ENOUGH
        assert chis.report()["packets"] > packets[1] + ENOUGH
        assert names(chi) == ["Ana", "Ben", "Chi"]  # she believes so
        tape.attacked = sound.ssrc
        leaf = next(one.leaf for one in session(ben).members if one.name == "Ana")
        forge = forger(stolen[before], leaf)
        assert await refused(tape, sound, tape.replay(chis.ssrc)) == {"unknown_key"}
        assert await refused(tape, sound, lambda _: forge()) == {"unknown_key"}


async def test_a_leaf_that_changes_hands_takes_no_keys_along(
    malice: Malice, stolen: dict[int, EpochKeys]
) -> None:
    """20: one commit removes Chi and gives Dan her leaf; what she sealed is not taken for his."""
    async with room() as hall:
        ana = await enter(hall, "Ana")
        ben = await enter(hall, "Ben", ana)
        chi = await enter(hall, "Chi", ana, ben)
        chis_leaf = next(one.leaf for one in session(ben).members if one.name == "Chi")
        forge = forger(stolen[max(stolen)], chis_leaf)
        held: list[Told] = []

        def hold(name: str, message: Told) -> list[Told]:
            if name in {"Ana", "Ben"} and message["type"] == "participant_joined":
                held.append(message)
                return []
            return [] if name == "Chi" else [message]

        malice.tell = hold
        await hall.enter("Dan")
        about = {"participant": chi.participant, "connected": True, "hello": None}
        for name in ("Ana", "Ben"):
            malice.say(name, {"type": "participant_updated", **about}, held[0])
        await until(lambda: names(ben) == ["Ana", "Ben", "Dan"])
        dans_leaf = next(one.leaf for one in session(ben).members if one.name == "Dan")
        assert dans_leaf == chis_leaf
        opener = session(ben)._media.opener(dans_leaf, "microphone")  # noqa: SLF001 - as a player
        assert opener.open("opus", forge()) is None
        assert opener.refusals() == {"unknown_key": 1}


def forger(keys: EpochKeys, leaf: int) -> Callable[[], bytes]:
    """Seals frames as somebody else, whose keys of an epoch all members have, beyond theirs."""
    sealer = Sealer(read_epoch(keys).senders[leaf], Stream.MICROPHONE)
    frame = EncodedFrame(SILENCE, 0, key_frame=True)

    def forge() -> bytes:
        return sealer.seal("opus", frame.data, frame_info(frame))

    for _ in range(5000):  # more than were sealed in earnest
        forge()
    return forge
