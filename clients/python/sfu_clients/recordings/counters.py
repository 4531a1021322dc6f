"""What an encoder counts on from frame to frame, and where in a packet it is written.

Whoever replays a stream writes these numbers anew; nothing else in a packet knows about time.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from sfu.wire.dependency_descriptor import MANDATORY_BYTES, Structure, parse_descriptor
from sfu.wire.extensions import Extension
from sfu.wire.payload.av1 import Av1Payload, parse_av1
from sfu.wire.payload.h264 import H264Payload, parse_h264
from sfu.wire.payload.vp8 import Vp8Descriptor, parse_vp8
from sfu.wire.payload.vp9 import Vp9Descriptor, parse_vp9
from sfu.wire.rtp import extend

_WIDE: Final = 15


@dataclass(frozen=True, slots=True)
class Counters:
    """The last numbers so far, counted on; offsets are into the payload, -1: not in it."""

    picture_id: int = 0
    picture_id_offset: int = -1
    picture_id_bits: int = 0  # 7 or 15
    tl0picidx: int = 0
    tl0picidx_offset: int = -1
    frame_number: int = 0  # of the dependency descriptor, if the packet has one


@dataclass(frozen=True, slots=True)
class Shift:
    """What to add to the numbers of a recording."""

    picture_id: int = 0
    tl0picidx: int = 0
    frame_number: int = 0

    def following(self, last: Counters, first: Counters, *, frames: int) -> "Shift":
        """The shift with which `first` follows what was `last` with this one, without a hole.

        `frames` is how many frame numbers further the next picture of a stream is.
        """
        return Shift(
            self.picture_id + last.picture_id + 1 - first.picture_id,
            self.tl0picidx + last.tl0picidx + 1 - first.tl0picidx,
            self.frame_number + last.frame_number + frames - first.frame_number,
        )


def rewrite_payload(payload: bytes, counters: Counters, shift: Shift) -> bytes:
    """Return the payload with its numbers shifted."""
    place = counters.picture_id_offset
    if place >= 0:
        picture_id = counters.picture_id + shift.picture_id
        if counters.picture_id_bits == _WIDE:
            number = (0x8000 | picture_id & 0x7FFF).to_bytes(2, "big")
        else:
            number = (picture_id & 0x7F).to_bytes(1, "big")
        payload = b"".join((payload[:place], number, payload[place + len(number) :]))
    place = counters.tl0picidx_offset
    if place >= 0:
        index = (counters.tl0picidx + shift.tl0picidx & 0xFF).to_bytes(1, "big")
        payload = b"".join((payload[:place], index, payload[place + 1 :]))
    return payload


def rewrite_descriptor(descriptor: bytes, counters: Counters, shift: Shift) -> bytes:
    """Return the dependency descriptor with its frame number shifted."""
    number = counters.frame_number + shift.frame_number & 0xFFFF
    return descriptor[:1] + number.to_bytes(2, "big") + descriptor[MANDATORY_BYTES:]


class _Found(NamedTuple):
    """What a payload says of itself; -1: it does not."""

    begins_key_frame: bool  # if it is the first of its picture
    picture_id: int = -1
    picture_id_bits: int = 0
    picture_id_offset: int = -1
    tl0picidx: int = -1
    tl0picidx_offset: int = -1


def _find_vp8(payload: bytes) -> _Found:
    read = Vp8Descriptor()
    parse_vp8(payload, 0, len(payload), read)
    after_picture_id = 2 + (read.picture_id_bits + 1) // 8
    return _Found(
        read.key_frame,
        read.picture_id,
        read.picture_id_bits,
        read.picture_id_offset,
        read.tl0picidx,
        after_picture_id if read.tl0picidx >= 0 else -1,
    )


def _find_vp9(payload: bytes) -> _Found:
    read = Vp9Descriptor()
    parse_vp9(payload, 0, len(payload), read)
    after_picture_id = 1 + (read.picture_id_bits + 1) // 8
    return _Found(
        read.starts and read.spatial == 0 and not read.inter_predicted,
        read.picture_id,
        read.picture_id_bits,
        1 if read.picture_id >= 0 else -1,
        read.tl0picidx,
        after_picture_id + 1 if read.tl0picidx >= 0 else -1,
    )


def _find_h264(payload: bytes) -> _Found:
    read = H264Payload()
    parse_h264(payload, 0, len(payload), read)
    return _Found(read.key_frame)


def _find_av1(payload: bytes) -> _Found:
    read = Av1Payload()
    parse_av1(payload, 0, len(payload), read)
    return _Found(read.starts_sequence)


_FINDERS: Final[dict[str, Callable[[bytes], _Found]]] = {
    "opus": lambda _: _Found(begins_key_frame=True),
    "VP8": _find_vp8,
    "VP9": _find_vp9,
    "H264": _find_h264,
    "AV1": _find_av1,
}

CODECS: Final = tuple(_FINDERS)
"""Encoding names, as in SDP, of what can be read."""


class _Wide:
    """One counter, made wide."""

    def __init__(self) -> None:
        self.last = 0
        self._begun = False

    def take(self, value: int, bits: int) -> None:
        self.last = extend(value, self.last, bits) if self._begun else value
        self._begun = True


class CounterReader:
    """Reads one stream's packets in their order."""

    def __init__(self, codec: str) -> None:
        self._find = _FINDERS[codec]
        self._pictures, self._bases, self._frames = _Wide(), _Wide(), _Wide()
        self._structure: Structure | None = None

    def read(self, payload: bytes, extensions: Mapping[Extension, bytes]) -> tuple[Counters, bool]:
        """Return a packet's counters, and whether a key picture begins that it is the first of.

        Raises MalformedPacket.
        """
        found = self._find(payload)
        key_frame = found.begins_key_frame
        told = extensions.get(Extension.DEPENDENCY_DESCRIPTOR)
        if told is not None:
            descriptor = parse_descriptor(told, 0, len(told), self._structure)
            self._structure = descriptor.structure or self._structure
            self._frames.take(descriptor.frame_number, 16)
            # Without a structure nobody could begin here (A.8.2 of the AV1 RTP specification).
            key_frame = key_frame and descriptor.structure is not None
        if found.picture_id >= 0:
            self._pictures.take(found.picture_id, found.picture_id_bits)
        if found.tl0picidx >= 0:
            self._bases.take(found.tl0picidx, 8)
        counters = Counters(
            picture_id=self._pictures.last,
            picture_id_offset=found.picture_id_offset,
            picture_id_bits=found.picture_id_bits,
            tl0picidx=self._bases.last,
            tl0picidx_offset=found.tl0picidx_offset,
            frame_number=self._frames.last,
        )
        return counters, key_frame
