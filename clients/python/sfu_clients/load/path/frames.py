"""What a packet says of its frame, by dependency descriptor or payload descriptor.

Packets are read in the order of their numbers; decoding is left out.
"""

from typing import Final, Protocol

from sfu.wire.dependency_descriptor import MANDATORY_BYTES, Structure, parse_descriptor
from sfu.wire.extensions import Extension, FoundExtensions
from sfu.wire.payload.av1 import Av1Payload, parse_av1
from sfu.wire.payload.h264 import H264Payload, parse_h264
from sfu.wire.payload.tag import SPATIAL_LAYERS, TEMPORAL_LAYERS
from sfu.wire.payload.vp8 import Vp8Descriptor, parse_vp8
from sfu.wire.payload.vp9 import Vp9Descriptor, parse_vp9
from sfu.wire.rtp import RtpView, extend

ABSENT: Final = -1
"""The number of a frame that never came."""

_START: Final = 1 << 20
"""Numbers begin here, so that none before the first is negative."""


class Frame:
    """One packet's frame; filled again for every packet."""

    __slots__ = ("ends", "number", "references", "starts")

    def __init__(self) -> None:
        self.number = ABSENT
        self.references: tuple[int, ...] = ()
        self.starts = False
        self.ends = False


class FrameReader(Protocol):
    """Reads the packets of one stream."""

    def read(self, view: RtpView, found: FoundExtensions, frame: Frame, *, follows: bool) -> None:
        """Fill `frame`; `follows`: no packet is missing before. Raises MalformedPacket."""
        ...


class DescribedReader:
    """By the dependency descriptor."""

    def __init__(self) -> None:
        self._structure: Structure | None = None
        self._number = _START

    def read(self, view: RtpView, found: FoundExtensions, frame: Frame, *, follows: bool) -> None:
        """Read a whole descriptor for each frame, and three bytes of it for each packet."""
        offset = found.offset[Extension.DEPENDENCY_DESCRIPTOR]
        length = found.length[Extension.DEPENDENCY_DESCRIPTOR] if offset >= 0 else 0
        data = view.data
        if length == MANDATORY_BYTES:
            number = extend(data[offset + 1] << 8 | data[offset + 2], self._number, 16)
            if number == frame.number and follows:
                frame.starts = data[offset] >= 0x80  # noqa: PLR2004 - the topmost bit
                frame.ends = data[offset] & 0x40 != 0
                return
        descriptor = parse_descriptor(data, offset, length, self._structure)
        self._structure = descriptor.structure or self._structure
        self._number = number = extend(descriptor.frame_number, self._number, 16)
        frame.number = number
        frame.references = tuple([number - diff for diff in descriptor.frame_diffs])
        frame.starts, frame.ends = descriptor.starts_frame, descriptor.ends_frame


class _Implied:
    """What a frame refers to where only its temporal layer tells.

    A T0 frame refers to the T0 frame before it, any other to the last frames of all layers up to
    its own, or below its own if it says so. Too careful rather than too trusting: of the higher
    layers nothing tells which frame was lost.
    """

    def __init__(self) -> None:
        self._index = -1  # TL0PICIDX of the last T0 frame
        self._last = [ABSENT] * TEMPORAL_LAYERS
        self._missing = [True] * TEMPORAL_LAYERS  # a frame of that layer may be

    def interrupt(self) -> None:
        """Packets are missing, perhaps whole frames."""
        self._missing = [True] * TEMPORAL_LAYERS

    def begin(self, number: int, index: int) -> tuple[int, ...]:
        """A key frame, which refers to nothing."""
        self._index = index
        self._last = [number] * TEMPORAL_LAYERS
        self._missing = [False] * TEMPORAL_LAYERS
        return ()

    def follow(self, number: int, temporal: int, index: int, *, sync: bool) -> tuple[int, ...]:
        """Any other frame; `sync`: it refers to none of its own layer."""
        last, missing = self._last, self._missing
        if temporal == 0:
            unbroken = index == self._index + 1 & 0xFF if index >= 0 else not missing[0]
            base, last[0], self._index = last[0], number, index
            return (base,) if unbroken else (ABSENT,)
        layers = slice(1, temporal if sync else temporal + 1)
        lost = index != self._index or any(missing[layers])
        references = (last[0], *last[layers])
        last[temporal] = number
        if sync:
            missing[temporal] = False
        return (ABSENT,) if lost else references


class Vp9Reader:
    """By the VP9 payload descriptor (RFC 9628)."""

    def __init__(self) -> None:
        self._descriptor = Vp9Descriptor()
        self._picture = _START
        self._timestamp = ABSENT  # of the last packet: it tells pictures apart that have no id
        self._implied = [_Implied() for _ in range(SPATIAL_LAYERS)]

    def read(self, view: RtpView, found: FoundExtensions, frame: Frame, *, follows: bool) -> None:
        """Number frames by picture id and layer."""
        del found
        descriptor = self._descriptor
        parse_vp9(view.data, view.payload_offset, view.payload_end, descriptor)
        if descriptor.picture_id >= 0:
            bits = descriptor.picture_id_bits
            self._picture = extend(descriptor.picture_id, self._picture, bits)
        elif view.timestamp != self._timestamp:
            self._picture += 1
        self._timestamp = view.timestamp
        if not follows:
            for implied in self._implied:
                implied.interrupt()
        number = self._picture * SPATIAL_LAYERS + descriptor.spatial
        if number != frame.number:
            frame.references = self._references(descriptor, number)
        frame.number = number
        frame.starts, frame.ends = descriptor.starts, descriptor.ends

    def _references(self, descriptor: Vp9Descriptor, number: int) -> tuple[int, ...]:
        implied = self._implied[descriptor.spatial]
        if not descriptor.inter_predicted:
            found = implied.begin(number, descriptor.tl0picidx)
        elif descriptor.flexible:
            found = tuple([number - diff * SPATIAL_LAYERS for diff in descriptor.picture_diffs])
        else:
            found = implied.follow(number, descriptor.temporal, descriptor.tl0picidx, sync=False)
        if descriptor.inter_layer_dependent and descriptor.spatial:
            found = (*found, number - 1)
        return found


class Vp8Reader:
    """By the VP8 payload descriptor (RFC 7741)."""

    def __init__(self) -> None:
        self._descriptor = Vp8Descriptor()
        self._implied = _Implied()
        self._number = 0

    def read(self, view: RtpView, found: FoundExtensions, frame: Frame, *, follows: bool) -> None:
        """Number frames as they come: picture ids may jump where nothing is missing."""
        del found
        descriptor = self._descriptor
        parse_vp8(view.data, view.payload_offset, view.payload_end, descriptor)
        frame.starts, frame.ends = descriptor.starts_frame, view.marker
        if not follows:
            self._number += 1  # which nobody has
            self._implied.interrupt()
        if not descriptor.starts_frame:
            return
        frame.number = self._number = number = self._number + 1
        index = descriptor.tl0picidx
        if descriptor.key_frame:
            frame.references = self._implied.begin(number, index)
        else:
            sync = descriptor.layer_sync
            frame.references = self._implied.follow(number, descriptor.temporal, index, sync=sync)


class PlainReader:
    """Where nothing tells references: each frame needs the one before it, since the key frame."""

    def __init__(self, codec: str) -> None:
        self._begins = _h264_begins if codec == "H264" else _av1_begins
        self._number = 0
        self._between = False  # the packet before was the last of its frame

    def read(self, view: RtpView, found: FoundExtensions, frame: Frame, *, follows: bool) -> None:
        """Number frames as they come; the marker ends one."""
        del found
        key = self._begins(view)
        frame.starts = self._between if follows else key
        frame.ends = self._between = view.marker
        if not follows:
            self._number += 1  # which nobody has
        if frame.starts:
            frame.number = self._number = self._number + 1
            frame.references = () if key else (self._number - 1,)


def _h264_begins(view: RtpView) -> bool:
    payload = H264Payload()
    parse_h264(view.data, view.payload_offset, view.payload_end, payload)
    return payload.key_frame and not payload.continues


def _av1_begins(view: RtpView) -> bool:
    payload = Av1Payload()
    parse_av1(view.data, view.payload_offset, view.payload_end, payload)
    return payload.starts_sequence


def frame_reader(codec: str, *, described: bool) -> FrameReader:
    """How to read a video stream of this encoding name."""
    if described:
        return DescribedReader()
    if codec == "VP9":
        return Vp9Reader()
    return Vp8Reader() if codec == "VP8" else PlainReader(codec)
