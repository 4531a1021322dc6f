"""What a file has to know of a stream, read from its clear frames: key frames, sizes, set-up."""

from dataclasses import dataclass
from typing import Final

from sfu.errors import MalformedPacket
from sfu.wire.bits import BitReader
from sfu.wire.frames.av1 import obus
from sfu.wire.frames.h264 import nal_units

_VP8_START: Final = b"\x9d\x01\x2a"
_VP9_SYNC: Final = 0x498342
_VP9_SRGB: Final = 7
_AV1_SEQUENCE_HEADER: Final = 1
_AV1_HIGHEST_LEVEL: Final = 31
_IDR_SLICE, _SEQUENCE_PARAMETERS, _PICTURE_PARAMETERS = 5, 7, 8
_LONGEST_HEADER: Final = 64
"""Bytes of a header that are looked at."""


@dataclass(frozen=True, slots=True)
class Shape:
    """The size of pictures, (0, 0) if the frame does not tell, and the body of CodecPrivate."""

    size: tuple[int, int] = (0, 0)
    private: bytes = b""


def is_key(codec: str, frame: bytes) -> bool:
    """Whether a picture, or its lowest layer, decodes by itself; raises MalformedPacket."""
    if not frame:
        raise MalformedPacket("the frame is empty")
    if codec == "VP8":
        return frame[0] & 0x01 == 0
    if codec == "VP9":
        return _is_vp9_key(frame)
    if codec == "AV1":
        return any(unit[0] >> 3 & 0x0F == _AV1_SEQUENCE_HEADER for unit in obus(frame) if unit)
    if codec == "H264":
        return any(unit[0] & 0x1F == _IDR_SLICE for unit in nal_units(frame))
    return True


def shape_of(codec: str, frame: bytes) -> Shape:
    """Read a key frame; raises MalformedPacket."""
    if codec == "VP8":
        return Shape(_vp8_size(frame))
    if codec == "VP9":
        return Shape(_vp9_size(frame))
    if codec == "AV1":
        return _av1_shape(frame)
    return _h264_shape(frame) if codec == "H264" else Shape()


def _bits(data: bytes, start: int = 0) -> BitReader:
    window = data[start : start + _LONGEST_HEADER]
    return BitReader(window, 0, len(window))


def _vp8_size(frame: bytes) -> tuple[int, int]:
    """RFC 6386 section 9.1."""
    if frame[3:6] != _VP8_START or len(frame) < 10:  # noqa: PLR2004
        raise MalformedPacket("the VP8 key frame has no start code")
    width, height = (int.from_bytes(frame[at : at + 2], "little") & 0x3FFF for at in (6, 8))
    return width, height


def _vp9_head(frame: bytes) -> tuple[BitReader, int, bool]:
    """Return the reader behind `frame_type`, the profile, and whether it is a key frame."""
    bits = _bits(frame)
    if bits.read(2) != 2:  # noqa: PLR2004 - VP9 bitstream, section 6.2: frame_marker
        raise MalformedPacket("no VP9 frame")
    profile = bits.read(1) | bits.read(1) << 1
    if profile == 3:  # noqa: PLR2004 - a reserved bit follows
        bits.read(1)
    shows_existing = bits.flag()
    return bits, profile, not shows_existing and not bits.flag()


def _is_vp9_key(frame: bytes) -> bool:
    return _vp9_head(frame)[2]


def _vp9_size(frame: bytes) -> tuple[int, int]:
    """VP9 bitstream specification, sections 6.2 to 6.2.3."""
    bits, profile, key_frame = _vp9_head(frame)
    bits.read(2)  # show_frame, error_resilient_mode
    if not key_frame or bits.read(24) != _VP9_SYNC:
        raise MalformedPacket("no VP9 key frame")
    if profile >= 2:  # noqa: PLR2004
        bits.read(1)  # ten_or_twelve_bit
    if bits.read(3) == _VP9_SRGB:
        bits.read(1 + 2 * (profile & 1))
    else:
        bits.read(1 + 3 * (profile & 1))
    return bits.read(16) + 1, bits.read(16) + 1


def _av1_shape(frame: bytes) -> Shape:
    """Read the sequence header OBU (AV1 section 5.5.1), which CodecPrivate ends with."""
    for unit in obus(frame):
        if unit and unit[0] >> 3 & 0x0F == _AV1_SEQUENCE_HEADER:
            start = 2 if unit[0] & 0x04 else 1
            profile, level, size = _av1_sequence(_bits(unit, start))
            body = unit[start:]
            if len(body) > 0x7F:  # noqa: PLR2004 - of one byte of LEB128
                break
            private = bytes((0x81, profile << 5 | level, 0x0C, 0x00))  # 4:2:0 of eight bits
            return Shape(size, private + bytes((0x0A, len(body))) + body)
    raise MalformedPacket("no AV1 sequence header, or one that is too long")


def _av1_sequence(bits: BitReader) -> tuple[int, int, tuple[int, int]]:
    profile, level = bits.read(3), _AV1_HIGHEST_LEVEL
    bits.read(1)  # still_picture
    if bits.flag():  # reduced_still_picture_header
        level = bits.read(5)
    else:
        if bits.flag():  # timing_info_present_flag: no browser sends it
            raise MalformedPacket("AV1 with timing information")
        delays = bits.flag()
        for point in range(bits.read(5) + 1):
            bits.read(12)
            index = bits.read(5)
            level = index if point == 0 else level
            if index > 7:  # noqa: PLR2004 - seq_tier is told
                bits.read(1)
            if delays and bits.flag():
                bits.read(4)
    widths, heights = bits.read(4) + 1, bits.read(4) + 1
    return profile, level, (bits.read(widths) + 1, bits.read(heights) + 1)


def _h264_shape(frame: bytes) -> Shape:
    """Write an AVCDecoderConfigurationRecord (ISO/IEC 14496-15, section 5.3.3.1)."""
    units = nal_units(frame)
    sets = {unit[0] & 0x1F: unit for unit in reversed(units)}
    sequence, picture = sets.get(_SEQUENCE_PARAMETERS), sets.get(_PICTURE_PARAMETERS)
    if sequence is None or picture is None or len(sequence) < 4:  # noqa: PLR2004
        raise MalformedPacket("no H.264 parameter sets before the key frame")
    private = b"\x01" + sequence[1:4] + b"\xff\xe1" + len(sequence).to_bytes(2, "big") + sequence
    private += b"\x01" + len(picture).to_bytes(2, "big") + picture
    return Shape(private=private)


def length_prefixed(frame: bytes) -> bytes:
    """Write an H.264 byte stream with lengths for start codes, as files have it."""
    return b"".join(len(unit).to_bytes(4, "big") + unit for unit in nal_units(frame))
