"""Tags of streams in which everybody needs every frame: Opus, H.264, AV1 without descriptor."""

from sfu.media.layers import Ladder
from sfu.media.packet import Packet
from sfu.media.tags.frames import FrameNumbers
from sfu.media.tags.reader import WITHIN
from sfu.wire.payload.av1 import Av1Payload, parse_av1
from sfu.wire.payload.h264 import H264Payload, parse_h264
from sfu.wire.payload.tag import LayerTag

_ALL = WITHIN[0][0]


class OpusReader:
    """Each packet is a frame that depends on nothing."""

    __slots__ = ("_after",)

    def __init__(self, ladder: Ladder, *, after: int = -1) -> None:
        """Describe the stream to `ladder`; number frames above `after`."""
        ladder.describe((1,), ())
        self._after = after + 1

    def read(self, packet: Packet) -> None:
        """Fill the tag.

        No packet ends a picture: an audio marker begins a talkspurt (RFC 7587 section 4.2), and
        is only for the publisher to set.
        """
        _fill_apart(packet.tag, packet.sequence + self._after)
        packet.tag.switch_to = _ALL


class _FrameReader:
    """One frame after the other, each needed by the next; frames are told by timestamp."""

    __slots__ = ("_frame", "_frames", "_key_frame", "_references")

    def __init__(self, ladder: Ladder, *, after: int = -1) -> None:
        """Describe the stream to `ladder`; number frames above `after`."""
        ladder.describe((1,), ())
        self._frames = FrameNumbers(after=after)
        self._frame = -1
        self._references: tuple[int, ...] = ()
        self._key_frame = -1

    def _fill(self, packet: Packet, *, key_frame: bool, certainly_first: bool) -> None:
        tag = packet.tag
        tag.frame = frame = self._frames.number(packet)
        if packet.in_order and frame != self._frame:
            self._references = (self._frame,)
            self._frame = frame
        if key_frame:
            self._key_frame = frame
        _fill(tag)
        tag.starts_frame = self._frames.begun or certainly_first
        tag.ends_frame = packet.view.marker
        tag.key_frame = frame == self._key_frame
        tag.switch_to = _ALL if tag.key_frame else 0
        tag.discardable_for = 0
        tag.references = () if tag.key_frame or not packet.in_order else self._references


class H264Reader(_FrameReader):
    """Key frames are told by the NAL unit headers (RFC 6184).

    A delimiter or SEI in front of a picture counts as a frame of its own, since whoever may begin
    at the picture is only told by what follows.
    """

    __slots__ = ("_payload",)

    def __init__(self, ladder: Ladder, *, after: int = -1) -> None:
        """Describe the stream to `ladder`; number frames above `after`."""
        super().__init__(ladder, after=after)
        self._payload = H264Payload()

    def read(self, packet: Packet) -> None:
        """Fill the tag; MalformedPacket if the payload is none."""
        view, payload = packet.view, self._payload
        parse_h264(view.data, view.payload_offset, view.payload_end, payload)
        apart = self._frames.number_apart(packet) if payload.precedes else None
        if apart is not None:
            _fill_apart(packet.tag, apart)
            return
        self._fill(packet, key_frame=payload.key_frame, certainly_first=False)


class Av1Reader(_FrameReader):
    """Key frames are told by the N bit of the aggregation header.

    Layers without a descriptor to name their references are not routed: they stay one stream.
    """

    __slots__ = ("_payload",)

    def __init__(self, ladder: Ladder, *, after: int = -1) -> None:
        """Describe the stream to `ladder`; number frames above `after`."""
        super().__init__(ladder, after=after)
        self._payload = Av1Payload()

    def read(self, packet: Packet) -> None:
        """Fill the tag; MalformedPacket if the payload is none."""
        view, payload = packet.view, self._payload
        parse_av1(view.data, view.payload_offset, view.payload_end, payload)
        starts = payload.starts_sequence
        self._fill(packet, key_frame=starts, certainly_first=starts)


def _fill_apart(tag: LayerTag, frame: int) -> None:
    """Fill the tag of a packet that neither depends on anything nor is needed by anything."""
    _fill(tag)
    tag.frame = frame
    tag.starts_frame = True
    tag.ends_frame = tag.key_frame = False
    tag.switch_to = 0
    tag.discardable_for = _ALL
    tag.references = ()


def _fill(tag: LayerTag) -> None:
    tag.spatial = tag.temporal = 0
    tag.needed_by = _ALL
