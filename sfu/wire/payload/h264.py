"""H.264 payload (RFC 6184): what the NAL unit headers say about key frames and references.

Only NAL unit headers are read: where NAL units are sealed one by one, their headers stay clear.
"""

from typing import Final

from sfu.errors import MalformedPacket
from sfu.wire.rtp import Buffer

IDR_SLICE: Final = 5
SUPPLEMENT: Final = 6
SEQUENCE_PARAMETERS: Final = 7
DELIMITER: Final = 9
LAST_SINGLE: Final = 23
STAP_A: Final = 24
FU_A: Final = 28
"""NAL unit types of RFC 6184 section 5.2; 1 to 23 are single NAL units."""


class H264Payload:
    """What one packet's NAL unit headers say; filled again for every packet.

    Which packet is the first of its access unit they do not say: timestamps and markers do.
    """

    __slots__ = ("continues", "key_frame", "non_reference", "precedes")

    def __init__(self) -> None:
        self.continues = False  # goes on with a NAL unit of an earlier packet
        self.key_frame = False  # holds (a part of) an IDR slice, or a sequence parameter set
        self.precedes = False  # a delimiter or SEI: precedes a picture, which decodes without it
        self.non_reference = False  # NRI is 0 throughout: no other frame refers to this one


def parse_h264(data: Buffer, offset: int, end: int, into: H264Payload) -> None:
    """Fill `into` from the payload `data[offset:end]` in packetization mode 0 or 1.

    Raises MalformedPacket, also for the payload structures of the interleaved mode 2.
    """
    if offset >= end:
        raise MalformedPacket("H.264 payload is empty")
    head = data[offset]
    kind = head & 0x1F
    into.continues = False
    into.precedes = kind in (SUPPLEMENT, DELIMITER)
    into.non_reference = head & 0x60 == 0
    if 0 < kind <= LAST_SINGLE:
        into.key_frame = kind in (IDR_SLICE, SEQUENCE_PARAMETERS)
    elif kind == FU_A:
        _parse_fragment(data, offset + 1, end, into)
    elif kind == STAP_A:
        _parse_aggregate(data, offset + 1, end, into)
    else:
        raise MalformedPacket("H.264 payload structure that we did not negotiate")


def _parse_fragment(data: Buffer, position: int, end: int, into: H264Payload) -> None:
    """Read the FU header (section 5.8); the octet before it has the NAL unit's NRI."""
    if position + 1 >= end:
        raise MalformedPacket("H.264 fragment is empty")
    header = data[position]
    into.continues = header & 0x80 == 0
    into.key_frame = header & 0x1F in (IDR_SLICE, SEQUENCE_PARAMETERS)


def _parse_aggregate(data: Buffer, position: int, end: int, into: H264Payload) -> None:
    """Read the headers of aggregated NAL units (section 5.7.1).

    The octet before them has the highest NRI of all.
    """
    into.key_frame = False
    while position < end:
        start = position + 2
        if start >= end:
            raise MalformedPacket("H.264 aggregate is cut off")
        length = data[position] << 8 | data[position + 1]
        position = start + length
        if length == 0 or position > end:
            raise MalformedPacket("H.264 aggregate is cut off")
        if data[start] & 0x1F in (IDR_SLICE, SEQUENCE_PARAMETERS):
            into.key_frame = True
            return
