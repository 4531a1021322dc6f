"""VP8 payload descriptor (RFC 7741 section 4.2): picture id, temporal layer, key frame.

One bit of the media itself is read, the P bit of a frame's first byte: sealing leaves it clear.
"""

from sfu.errors import MalformedPacket
from sfu.wire.rtp import Buffer


class Vp8Descriptor:
    """The payload descriptor of one packet; filled again for every packet."""

    __slots__ = (
        "key_frame",
        "layer_sync",
        "length",
        "non_reference",
        "picture_id",
        "picture_id_bits",
        "picture_id_offset",
        "starts_frame",
        "temporal",
        "tl0picidx",
    )

    def __init__(self) -> None:
        self.length = 0  # bytes of the descriptor: the media begins after them
        self.non_reference = False  # N: no other frame refers to this one
        self.starts_frame = False  # S, in partition 0
        self.key_frame = False  # only known, and only true, where a frame starts
        self.picture_id = -1  # 7 or 15 bits, as received; -1: none
        self.picture_id_bits = 0
        self.picture_id_offset = -1  # of its first byte, from the start of the payload; -1: none
        self.tl0picidx = -1  # 8 bits; -1: none
        self.temporal = 0
        self.layer_sync = False  # Y: refers to nothing but the last frame of temporal layer 0


def parse_vp8(data: Buffer, offset: int, end: int, into: Vp8Descriptor) -> None:
    """Fill `into` from the payload `data[offset:end]`; raise MalformedPacket if it is cut off."""
    try:
        position = _parse(data, offset, into)
        into.key_frame = into.starts_frame and data[position] & 0x01 == 0
    except IndexError:
        position = end
    # What lies between `end` and the end of `data` may have been read, and is refused here.
    if position >= end:
        raise MalformedPacket("VP8 payload ends inside its descriptor")
    into.length = position - offset


def _parse(data: Buffer, offset: int, into: Vp8Descriptor) -> int:
    first = data[offset]
    into.non_reference = first & 0x20 != 0
    into.starts_frame = first & 0x17 == 0x10  # noqa: PLR2004 - S is 1 and PID is 0
    into.picture_id = into.picture_id_offset = into.tl0picidx = -1
    into.picture_id_bits = into.temporal = 0
    into.layer_sync = False
    if not first & 0x80:
        return offset + 1
    extended = data[offset + 1]
    position = offset + 2
    if extended & 0x80:
        into.picture_id_offset = 2
        position = _parse_picture_id(data, position, into)
    if extended & 0x40:
        into.tl0picidx = data[position]
        position += 1
    if extended & 0x30:
        if extended & 0x20:
            into.temporal = data[position] >> 6
            into.layer_sync = data[position] & 0x20 != 0
        position += 1
    return position


def _parse_picture_id(data: Buffer, position: int, into: Vp8Descriptor) -> int:
    picture_id = data[position]
    if picture_id & 0x80:
        into.picture_id = (picture_id & 0x7F) << 8 | data[position + 1]
        into.picture_id_bits = 15
        return position + 2
    into.picture_id = picture_id
    into.picture_id_bits = 7
    return position + 1
