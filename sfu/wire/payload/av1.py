"""AV1 payload: the aggregation header, and the layers that an OBU extension header names.

Sections are those of the AV1 RTP specification. OBU headers stay clear where frames are sealed.
"""

from typing import Final

from sfu.errors import MalformedPacket
from sfu.wire.rtp import Buffer

MAX_ELEMENTS: Final = 4
"""So many OBU elements are looked at: sequence header, metadata and the frame itself fit."""

_MAX_SIZE_BYTES: Final = 3
"""Longer leb128 sizes cannot fit a packet."""

_WITHOUT_LAYER: Final = (1, 2, 5, 15)
"""OBU types that may lack the extension: sequence header, temporal delimiter, metadata, padding."""


class Av1Payload:
    """The aggregation header of one packet and its layer; filled again for every packet."""

    __slots__ = (
        "continued",
        "continues",
        "layered",
        "spatial",
        "starts_sequence",
        "temporal",
    )

    def __init__(self) -> None:
        self.continues = False  # Z: the first OBU began in an earlier packet
        self.continued = False  # Y: the last OBU goes on in the next packet
        self.starts_sequence = False  # N: first packet of a coded video sequence (a key frame)
        self.layered = False  # an OBU extension header was found, else the layer is 0, 0
        self.temporal = 0
        self.spatial = 0


def parse_av1(data: Buffer, offset: int, end: int, into: Av1Payload) -> None:
    """Fill `into` from the payload `data[offset:end]` (sections 4.4 and 4.5).

    The layer is that of the first OBU with an extension header (all of a packet agree, section 5)
    among the first MAX_ELEMENTS. Where the packet begins inside an OBU it is not named: the layer
    is that of the packet before. Raises MalformedPacket.
    """
    if offset >= end:
        raise MalformedPacket("AV1 payload is empty")
    head = data[offset]
    into.continues = head & 0x80 != 0
    into.continued = head & 0x40 != 0
    into.starts_sequence = head & 0x08 != 0
    into.layered = False
    into.temporal = into.spatial = 0
    if into.continues:
        if into.starts_sequence:
            raise MalformedPacket("AV1 sequence starts inside an OBU")
        return
    count = head >> 4 & 0x03
    position = offset + 1
    for index in range(1, (count or MAX_ELEMENTS) + 1):
        if position >= end:
            return
        # The last element of a counted packet fills it and has no size.
        size, start = (end - position, position) if index == count else _size(data, position, end)
        position = start + size
        if position > end:
            raise MalformedPacket("AV1 OBU element is cut off")
        if size and _read_layer(data, start, position, into):
            return


def _size(data: Buffer, position: int, end: int) -> tuple[int, int]:
    """Read the leb128 at `position`: its value, and the position after it."""
    value = 0
    for index in range(min(_MAX_SIZE_BYTES, end - position)):
        byte = data[position + index]
        value |= (byte & 0x7F) << 7 * index
        if byte < 0x80:  # noqa: PLR2004 - the last byte of a leb128
            return value, position + index + 1
    raise MalformedPacket("AV1 OBU element has a size that cannot be")


def _read_layer(data: Buffer, start: int, end: int, into: Av1Payload) -> bool:
    """Read an OBU header (AV1 section 5.3); tell whether it decides what the layer is."""
    header = data[start]
    if not header & 0x04:
        return header >> 3 & 0x0F not in _WITHOUT_LAYER
    if start + 1 >= end:
        raise MalformedPacket("AV1 OBU ends inside its header")
    into.layered = True
    into.temporal = data[start + 1] >> 5
    into.spatial = data[start + 1] >> 3 & 0x03
    return True
