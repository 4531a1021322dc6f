"""Stand-ins around the media path: tracks, a subscriber that takes notes, a sink that keeps."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sfu.media.alarm import Alarm
from sfu.media.codec import Codec
from sfu.media.inbound import Drop
from sfu.media.packet import Packet
from sfu.media.source import Source, Track
from sfu.wire.extensions import Extension, ExtensionIds, find_extensions
from sfu.wire.rtp import parse_rtp

VIDEO_SSRC, VIDEO_RTX_SSRC, AUDIO_SSRC = 0x1111, 0x2222, 0x3333
VP8, VP9, RTX, OPUS = 96, 98, 97, 111

IDS = ExtensionIds(
    {
        Extension.AUDIO_LEVEL: 1,
        Extension.TRANSPORT_CC: 3,
        Extension.MID: 4,
        Extension.DEPENDENCY_DESCRIPTOR: 13,
    }
)


def video_track(  # noqa: PLR0913 - what a negotiation chooses
    mid: str = "v",
    *,
    codecs: Mapping[int, Codec] | None = None,
    ssrcs: tuple[int, ...] = (VIDEO_SSRC,),
    rtx_of: Mapping[int, int] | None = None,
    nack: bool = True,
    pli: bool = True,
    fir: bool = False,
) -> Track:
    """A video track as Chromium offers it: VP8 and VP9, RTX for VP8, SSRCs declared."""
    return Track(
        mid=mid,
        kind="video",
        codecs={VP8: Codec.VP8, VP9: Codec.VP9} if codecs is None else codecs,
        rtx={RTX: VP8},
        ssrcs=ssrcs,
        rtx_of={VIDEO_RTX_SSRC: VIDEO_SSRC} if rtx_of is None else rtx_of,
        nack=nack,
        pli=pli,
        fir=fir,
    )


def audio_track(mid: str = "a", *, ssrcs: tuple[int, ...] = (AUDIO_SSRC,)) -> Track:
    """An Opus track."""
    return Track(mid=mid, kind="audio", codecs={OPUS: Codec.OPUS}, ssrcs=ssrcs, nack=False)


@dataclass(frozen=True)
class Offered:
    """What a subscriber saw of one packet."""

    sequence: int
    in_order: bool
    retransmitted: bool
    codec: Codec
    payload: bytes
    arrival: float


@dataclass
class Notes:
    """A subscriber that writes down what it is offered."""

    offered: list[Offered] = field(default_factory=list)
    rebased: list[tuple[int, int, float]] = field(default_factory=list)

    def offer(self, packet: Packet, *, now: float) -> None:
        """Write down."""
        assert packet.arrival == now
        view = packet.view
        self.offered.append(
            Offered(
                packet.sequence,
                packet.in_order,
                packet.retransmitted,
                packet.codec,
                bytes(view.data[view.payload_offset : view.payload_end]),
                now,
            )
        )

    def rebase(self, sequence: int, timestamp: int, *, now: float) -> None:
        """Write down."""
        self.rebased.append((sequence, timestamp, now))

    @property
    def numbers(self) -> list[int]:
        """The 16-bit sequence numbers that were offered."""
        return [offered.sequence & 0xFFFF for offered in self.offered]


class PublishedTrack:
    """A source on its own, with the requests that it would send."""

    def __init__(self, track: Track) -> None:
        self.drops = [0] * len(Drop)
        self.requests = 0
        self.alarm = Alarm()
        self.source = Source(
            track, IDS, send_request=self._request, drops=self.drops, alarm=self.alarm
        )
        self.notes = Notes()
        self.source.outbounds.append(self.notes)

    def _request(self, source: Source) -> bool:
        assert source is self.source
        self.requests += 1
        return True

    def dropped(self) -> dict[Drop, int]:
        """The reasons that occurred."""
        return {Drop(place): count for place, count in enumerate(self.drops) if count}


def fill(packet: Packet, data: bytes) -> Packet:
    """Do what a router does before it looks for the stream."""
    parse_rtp(data, len(data), packet.view)
    find_extensions(packet.view, IDS, packet.found)
    return packet
