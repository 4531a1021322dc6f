"""AV1 temporal units: their OBUs, and how they are put together from RTP payloads."""

from collections.abc import Iterator, Sequence
from typing import Final

from sfu.errors import MalformedPacket

TEMPORAL_DELIMITER: Final = b"\x12\x00"
_DELIMITER_TYPE: Final = 2
_TILE_LIST_TYPE: Final = 8
_HAS_EXTENSION: Final = 0x04
_HAS_SIZE: Final = 0x02
_MAX_LEB128_BYTES: Final = 8


def obus(data: bytes) -> Iterator[bytes]:
    """The OBUs of a temporal unit as RTP wants them: without delimiters and size fields."""
    position = 0
    while position < len(data):
        header = data[position]
        length = 2 if header & _HAS_EXTENSION else 1
        start = position + length
        if header & _HAS_SIZE:
            size, start = read_leb128(data, start)
        else:
            size = len(data) - start
        if start + size > len(data):
            raise MalformedPacket("AV1 OBU is cut off")
        kept = bytes((header & ~_HAS_SIZE,)) + data[position + 1 : position + length]
        position = start + size
        if header >> 3 & 0x0F not in {_DELIMITER_TYPE, _TILE_LIST_TYPE}:
            yield kept + data[start:position]


def unwrap(payloads: Sequence[bytes]) -> bytes:
    """Put the temporal unit together, with a delimiter and sizes; raises MalformedPacket."""
    units: list[bytes] = []
    for payload in payloads:
        if not payload:
            raise MalformedPacket("AV1 payload is empty")
        elements = list(_elements(payload))
        if payload[0] & 0x80 and elements:
            if not units:
                raise MalformedPacket("AV1 temporal unit begins inside an OBU")
            units[-1] += elements.pop(0)
        units += elements
    return TEMPORAL_DELIMITER + b"".join(_with_size(unit) for unit in units if unit)


def _elements(payload: bytes) -> Iterator[bytes]:
    count = payload[0] >> 4 & 0x03
    position, index = 1, 0
    while position < len(payload):
        index += 1
        if index == count:  # the last of a counted packet fills it
            size, start = len(payload) - position, position
        else:
            size, start = read_leb128(payload, position)
        position = start + size
        if position > len(payload):
            raise MalformedPacket("AV1 OBU element is cut off")
        yield payload[start:position]


def _with_size(unit: bytes) -> bytes:
    if unit[0] & _HAS_SIZE:
        return unit
    length = 2 if unit[0] & _HAS_EXTENSION else 1
    if len(unit) < length:
        raise MalformedPacket("AV1 OBU header is cut off")
    header = bytes((unit[0] | _HAS_SIZE,)) + unit[1:length]
    return header + leb128(len(unit) - length) + unit[length:]


def leb128(value: int) -> bytes:
    """Write a size in as few bytes as it needs (AV1 specification, section 4.10.5)."""
    encoded = bytearray()
    while value > 0x7F:  # noqa: PLR2004 - seven bits each
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


def read_leb128(data: bytes, position: int) -> tuple[int, int]:
    """Return the value at `position`, and the position after it; raises MalformedPacket."""
    value = 0
    for index, byte in enumerate(data[position : position + _MAX_LEB128_BYTES]):
        value |= (byte & 0x7F) << 7 * index
        if byte < 0x80:  # noqa: PLR2004 - the last byte
            return value, position + index + 1
    raise MalformedPacket("AV1 size is cut off")
