"""A call through a server that a test plays itself, as captures of both legs and their keys."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Final

import pylibsrtp

from sfu.keylog import KeyLog
from sfu.wire.packet import Packet, write_packet
from sfu_clients.media.sources import PatternSource, ToneSource
from sfu_clients.sealing.frames import Sender
from sfu_clients.sealing.keylog import write_frame_keys
from sfu_clients.verify.keys.srtp import PROFILES
from tests.support.captures import ANA, BEN, SERVER, Sent, udp, written

NOW: Final = 1_700_000_000.0
GCM, SHA1 = "SRTP_AEAD_AES_128_GCM", "SRTP_AES128_CM_SHA1_80"
TYPES: Final = {"opus": 111, "VP8": 96, "VP9": 98, "H264": 102, "AV1": 45}

Address = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Timed:
    """A packet in clear, and when it is sent."""

    at: float
    packet: Packet


@dataclass(slots=True)
class Hop:
    """One leg: from where to where, and under which key; without a profile nothing is encrypted."""

    source: Address
    target: Address
    profile: str | None = GCM
    seed: int = 1
    session: pylibsrtp.Session | None = field(init=False, default=None)

    @property
    def key(self) -> bytes:
        """Master key and salt."""
        _, key, salt, _ = PROFILES[self.profile or GCM]
        return Random(self.seed).randbytes(key + salt)  # noqa: S311 - a test's

    def carry(self, packets: Iterable[Timed]) -> list[Sent]:
        """What is on the network, as IP packets."""
        return [
            (timed.at, udp(self.source, self.target, self.protect(timed.packet)))
            for timed in sorted(packets, key=lambda one: one.at)
        ]

    def protect(self, packet: Packet) -> bytes:
        """A packet as it goes over the network."""
        session, data = self._session(), write_packet(packet, [])
        return data if session is None else session.protect(data)

    def _session(self) -> pylibsrtp.Session | None:
        if self.profile is None:
            return None
        if self.session is None:
            kind = pylibsrtp.Policy.SSRC_ANY_OUTBOUND
            policy = pylibsrtp.Policy(self.key, kind, srtp_profile=PROFILES[self.profile][0])
            policy.allow_repeat_tx = True
            self.session = pylibsrtp.Session(policy)
        return self.session

    def log(self, path: Path) -> str:
        """Its key, in a key log."""
        log = KeyLog(str(path))
        if self.profile is not None:
            ends = (f"{self.source[0]}:{self.source[1]}", f"{self.target[0]}:{self.target[1]}")
            log.write_srtp(*ends, self.profile, self.key)
        log.close()
        return str(path)


def to_server(profile: str | None = GCM) -> Hop:
    return Hop(ANA, SERVER, profile)


def from_server(profile: str | None = GCM) -> Hop:
    return Hop(SERVER, BEN, profile, seed=2)


def frame_keys(path: Path, sender: Sender) -> str:
    """A key log of what somebody seals with."""
    log = KeyLog(str(path))
    write_frame_keys(log, "e2ee-passphrase", sender)
    log.close()
    return str(path)


def published(
    source: PatternSource | ToneSource, seconds: float, *, ssrc: int = 0xA, first: int = 65_400
) -> list[Timed]:
    """What a client sends of a source, picture by picture; its numbers wrap around."""
    step = 0.02 if source.codec == "opus" else 1 / 30
    sent: list[Timed] = []
    for count in range(int(seconds / step)):
        at = NOW + count * step
        for media in source.produce(now=at):
            packet = Packet(
                payload=media.payload,
                payload_type=TYPES[source.codec],
                sequence=(first + len(sent)) & 0xFFFF,
                timestamp=media.timestamp & 0xFFFFFFFF,
                ssrc=ssrc,
                marker=media.marker,
            )
            sent.append(Timed(at + len(sent) % 7 * 0.0002, packet))
    return sent


def forwarded(  # noqa: PLR0913 - by name: what a server may do
    packets: Sequence[Timed],
    *,
    delay: float = 0.004,
    clock: float = 0.0,
    ssrc: int = 0xB,
    keep: Callable[[Packet], bool] = lambda _: True,
    media: Callable[[bytes], bytes] = lambda payload: payload,
    begins: float = 0.0,
) -> list[Timed]:
    """As a server forwards them: everything in the header is another, drops leave no holes.

    `clock` is by how much the second capture's clock is ahead, in seconds.
    """
    kept = [one for one in packets if keep(one.packet) and one.at >= NOW + begins]
    return [
        Timed(
            one.at + delay + clock + place % 5 * 0.0003,
            replace(
                one.packet,
                payload=media(one.packet.payload),
                payload_type=one.packet.payload_type + 1,
                sequence=(7 + place) & 0xFFFF,
                timestamp=(one.packet.timestamp + 123_456) & 0xFFFFFFFF,
                ssrc=ssrc,
            ),
        )
        for place, one in enumerate(kept)
    ]


def lossy(
    packets: Sequence[Timed], part: float, *, rtx_ssrc: int, seed: int = 1
) -> tuple[list[Timed], list[Timed]]:
    """What is left after the network lost a part, and what is sent again (RFC 4588)."""
    chance = Random(seed)  # noqa: S311 - weather
    left: list[Timed] = []
    again: list[Timed] = []
    for one in packets:
        if chance.random() >= part:
            left.append(one)
            continue
        number = one.packet.sequence.to_bytes(2, "big")
        packet = replace(
            one.packet,
            payload=number + one.packet.payload,
            payload_type=97,
            sequence=len(again),
            ssrc=rtx_ssrc,
        )
        again.append(Timed(one.at + 0.05, packet))
    return left, again


def captures(
    folder: Path, first: Iterable[Timed], second: Iterable[Timed], *, hops: tuple[Hop, Hop]
) -> tuple[str, str]:
    """Captures of both legs."""
    return (
        written(folder / "a.pcap", hops[0].carry(first)),
        written(folder / "b.pcap", hops[1].carry(second)),
    )
