"""Makes encoded frames longer, unnoticed by their decoders, so that sizes tell less."""

from collections.abc import Callable
from typing import Final

from sfu.errors import MalformedPacket
from sfu.wire.frames.av1 import read_leb128

SOUND_STEP: Final = 40
"""Bytes; in 20 ms they are 16 kbit/s."""

WARM_UP: Final = 50
"""Packets, a second: an encoder may begin with larger ones than it ever makes again."""

Padder = Callable[[bytes], bytes]
"""Returns a frame that is at least as long, and decodes to the same."""

_CODE: Final = 0x03
_PADDED: Final = 0x40
_TWO_SIZED: Final = 0x80
"""Of Opus: what of the first byte says how frames are packed, and flags of the byte after it."""

_VP9_INDEX: Final = 0xC0
_AV1_PADDING: Final = b"\x7a"
_AV1_SIZE_BYTES: Final = 3
_AV1_HAS_SIZE: Final = 0x02
_AV1_HAS_EXTENSION: Final = 0x04
_AV1_FRAMES: Final = frozenset({3, 4, 6, 7})
"""Types of OBUs: headers of frames, tile groups, and both in one."""
_H264_FILLER: Final = b"\x00\x00\x00\x01\x0c"
_TRAILING_BIT: Final = b"\x80"


def padder(codec: str) -> Padder:
    """What pads the frames of one stream; `codec` is an encoding name as in SDP."""
    return SoundPadder().pad if codec == "opus" else _PICTURES[codec]


def padme(size: int) -> int:
    """The next size of those that remain: at most 12 % more (PURBs, section 4.2).

    A size keeps as many leading bits as its own length in bits takes to write.
    """
    if size <= 1:
        return size
    exponent = size.bit_length() - 1
    lost = exponent - exponent.bit_length()
    return size + (1 << lost) - 1 >> lost << lost


class SoundPadder:
    """Gives every packet the size of the largest so far: a pause looks like a word.

    Sizes grow in steps, so that a call has few of them, all in its first seconds of speech.
    """

    def __init__(self) -> None:
        self._size = 0
        self._packets = 0

    def pad(self, packet: bytes) -> bytes:
        """An Opus packet of the usual size; what is none is returned as it is."""
        self._packets += 1
        if self._packets == WARM_UP:
            self._size = 0
        size = max(self._size, -(-len(packet) // SOUND_STEP) * SOUND_STEP)
        padded = pad_opus(packet, size)
        if padded is None:
            return packet
        self._size = size
        return padded


def pad_opus(packet: bytes, size: int) -> bytes | None:
    """The packet with padding of its own (RFC 6716 section 3.2.5), `size` bytes if it has fewer.

    None for what is no packet.
    """
    if not packet:
        return None
    toc = packet[0]
    code = toc & _CODE
    if code == _CODE:
        unpadded = _without_padding(packet)
        if unpadded is None:
            return None
        count, frames = unpadded
    else:
        count, frames = (1, 2, _TWO_SIZED | 2)[code], packet[1:]
    padding = size - 2 - len(frames)
    if len(packet) >= size:
        return packet
    if padding == 0:
        return bytes((toc | _CODE, count)) + frames
    long, rest = divmod(padding - 1, 255)
    lengths = b"\xff" * long + bytes((rest,))
    return bytes((toc | _CODE, count | _PADDED)) + lengths + frames + bytes(padding - 1 - long)


def _without_padding(packet: bytes) -> tuple[int, bytes] | None:
    """The second byte without its flag and the frames of a packet of code 3; None if it is none."""
    if len(packet) < 2:  # noqa: PLR2004 - two bytes of head
        return None
    count, start, padding = packet[1], 2, 0
    while count & _PADDED:
        if start == len(packet):
            return None
        length = packet[start]
        start += 1
        padding += min(length, 254)
        if length < 255:  # noqa: PLR2004 - the last of them
            break
    end = len(packet) - padding
    return (count & ~_PADDED, packet[start:end]) if start <= end else None


def _pad_vp8(frame: bytes) -> bytes:
    """Zeros behind the last partition: a decoder stops reading before them."""
    return frame + bytes(padme(len(frame)) - len(frame))


def _pad_vp9(frame: bytes) -> bytes:
    """The same, unless frames are found by an index at the end (VP9 specification, annex B)."""
    return frame if has_index(frame) else _pad_vp8(frame)


def has_index(frame: bytes) -> bool:
    """Whether it is a superframe."""
    if not frame or frame[-1] & 0xE0 != _VP9_INDEX:
        return False
    size = 2 + (1 + (frame[-1] >> 3 & 3)) * (1 + (frame[-1] & 7))
    return len(frame) >= size and frame[-size] == frame[-1]


def _pad_av1(unit: bytes) -> bytes:
    """A padding OBU before the picture (AV1 specification, section 5.12).

    Behind it, libaom takes it for the beginning of another picture.
    """
    place = _first_frame(unit)
    if place is None:
        return unit
    head = len(_AV1_PADDING) + _AV1_SIZE_BYTES
    size = padme(len(unit) + head + 1) - len(unit) - head
    # A size may take more bytes than it needs (section 4.10.5): so any length can be had.
    told = bytes((size & 0x7F | 0x80, size >> 7 & 0x7F | 0x80, size >> 14 & 0x7F))
    padding = _AV1_PADDING + told + bytes(size - 1) + _TRAILING_BIT
    return unit[:place] + padding + unit[place:]


def _first_frame(unit: bytes) -> int | None:
    """Where the first OBU of a picture begins; None if there is none, or no way to it."""
    place = 0
    while place < len(unit):
        header = unit[place]
        if header >> 3 & 0x0F in _AV1_FRAMES:
            return place
        if not header & _AV1_HAS_SIZE:
            return None
        try:
            size, start = read_leb128(unit, place + (2 if header & _AV1_HAS_EXTENSION else 1))
        except MalformedPacket:
            return None
        place = start + size
    return None


def _pad_h264(unit: bytes) -> bytes:
    """A filler NAL unit at the end of the access unit (H.264, section 7.3.2.7)."""
    if not unit:
        return unit
    head = len(_H264_FILLER)
    size = padme(len(unit) + head + 1) - len(unit) - head
    return unit + _H264_FILLER + b"\xff" * (size - 1) + _TRAILING_BIT


_PICTURES: Final[dict[str, Padder]] = {
    "VP8": _pad_vp8,
    "VP9": _pad_vp9,
    "AV1": _pad_av1,
    "H264": _pad_h264,
}
