"""One published track, and what its subscribers hold on to while its SSRCs come and go."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol

from sfu.media.alarm import NEVER, Alarm
from sfu.media.inbound import Inbound
from sfu.media.key_frames import KeyFrameCause, KeyFrameRequest, KeyFrames
from sfu.media.layers import Ladder
from sfu.media.reports import SenderClock
from sfu.media.store import AUDIO_PACKETS, VIDEO_PACKETS, PacketStore

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sfu.media.codec import Codec
    from sfu.media.packet import Packet
    from sfu.wire.extensions import ExtensionIds

CLOCK_RATES: Final = {"audio": 48_000, "video": 90_000}

RETIREMENT: Final = 1.0
"""Seconds of silence of its successor after which a replaced SSRC may return."""

RETIRED_SSRCS: Final = 16
"""How many replaced SSRCs are remembered, those of RTX streams included."""


REMEMBERED_REQUESTS: Final = 64


@dataclass(frozen=True, slots=True)
class Track:
    """What was negotiated for one published m-line."""

    mid: str
    kind: str  # "audio" or "video"
    codecs: Mapping[int, Codec]  # by payload type
    rtx: Mapping[int, int] = field(default_factory=dict)  # RTX payload type: the one it repairs
    ssrcs: tuple[int, ...] = ()  # as far as the offer says; MID tells about the others
    rtx_of: Mapping[int, int] = field(default_factory=dict)  # RTX SSRC: the one it repairs
    nack: bool = True
    pli: bool = True
    fir: bool = False


class Subscriber(Protocol):
    """What a source needs of an outbound stream."""

    def offer(self, packet: Packet, *, now: float) -> object:
        """Take this packet or leave it; the packet is only lent."""
        ...

    def rebase(self, sequence: int, timestamp: int, *, now: float) -> None:
        """The publisher's stream begins anew with a packet of these numbers, offered next.

        Whatever was remembered of the old one's frames and references means nothing any more;
        towards the subscriber, sequence numbers and time go on.
        """
        ...


class Source:
    """One published track.

    Its 64-bit sequence numbers rise over all the SSRCs that it ever has, so the store and the
    subscribers need not know which one a packet came on.
    """

    __slots__ = (
        "_alarm",
        "_begun",
        "_drops",
        "_retired",
        "clock",
        "extension_ids",
        "inbound",
        "key_frames",
        "ladder",
        "level",
        "level_at",
        "outbounds",
        "requests",
        "store",
        "track",
        "voice",
    )

    def __init__(
        self,
        track: Track,
        extension_ids: ExtensionIds,
        *,
        send_request: Callable[[Source], bool],
        drops: list[int],
        alarm: Alarm,
    ) -> None:
        """`send_request` sends one key-frame request, or returns False if it cannot."""
        self.track = track
        self.extension_ids = extension_ids  # the publisher's: to read a stored packet again
        self.inbound: Inbound | None = None  # None before its first packet
        self.outbounds: list[Subscriber] = []
        self.ladder = Ladder()
        self.store = PacketStore(VIDEO_PACKETS if track.kind == "video" else AUDIO_PACKETS)
        self.key_frames = KeyFrames(lambda: send_request(self), alarm)
        self.requests: deque[KeyFrameRequest] = deque(maxlen=REMEMBERED_REQUESTS)  # to be drained
        self.clock = SenderClock(CLOCK_RATES[track.kind])
        self.level = 127  # the last audio level, in -dBov (RFC 6464)
        self.voice = False
        self.level_at = -NEVER  # seconds: when it came
        self._alarm = alarm
        self._drops = drops
        self._begun = False
        self._retired: deque[int] = deque(maxlen=RETIRED_SSRCS)

    def request_key_frame(
        self,
        cause: KeyFrameCause,
        *,
        noted_in: deque[KeyFrameRequest] | None = None,
        now: float,
    ) -> None:
        """Ask the publisher for a key frame; of audio there is none to ask for.

        A subscriber has it noted in its own requests; who asks for all, in those of the source.
        """
        if self.track.kind == "video":
            notes = self.requests if noted_in is None else noted_in
            notes.append(KeyFrameRequest(now, cause))
            self.key_frames.ask(cause, now=now)

    def take_over(self, ssrc: int, *, now: float) -> Inbound | None:
        """Let the track go on with this SSRC, and return its new stream.

        None for one that was replaced before, while its successor is alive: two that send at
        the same time would replace each other with every packet.
        """
        old = self.inbound
        if old is not None:
            if self.is_retired(ssrc, now=now):
                return None
            self.retire(old.ssrc)
        after = old.highest if old is not None else 0
        new = Inbound(self, ssrc, after=after, drops=self._drops, alarm=self._alarm)
        if old is not None:
            new.count_on_from(old)
        self.inbound = new
        return new

    def retire(self, ssrc: int) -> None:
        """Remember that this SSRC was replaced."""
        self._retired.append(ssrc)

    def is_retired(self, ssrc: int, *, now: float) -> bool:
        """Whether this SSRC was replaced, by one that is alive."""
        inbound = self.inbound
        alive = inbound is not None and now - inbound.last_at < RETIREMENT
        return alive and ssrc in self._retired

    def begin(self, packet: Packet, *, now: float) -> None:
        """Tell the subscribers that what they are offered next continues nothing."""
        if self._begun:
            self.clock.forget()
            for outbound in self.outbounds:
                outbound.rebase(packet.sequence, packet.view.timestamp, now=now)
        self._begun = True

    def note_level(self, level: int, *, voice: bool, now: float) -> None:
        """Remember how loud the track is, for whoever looks for the active speaker."""
        self.level = level
        self.voice = voice
        self.level_at = now
