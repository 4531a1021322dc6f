"""RTP header view over received bytes, counters made 64-bit, and the writer of outgoing headers."""

from struct import Struct
from typing import Final

from sfu.errors import MalformedPacket

Buffer = bytes | bytearray | memoryview
"""What every parser reads from: indexed by byte, and never written to."""

HEADER_BYTES: Final = 12
"""The fixed part of the header (RFC 3550 section 5.1)."""

MAX_PACKET_BYTES: Final = 1356
"""Longest RTP packet that `pylibsrtp.Session.protect` takes: its 1500 less libsrtp's 144."""

_FIXED: Final = Struct("!BBHII")
_EXTENSION: Final = Struct("!HH")


class RtpView:
    """Header fields of one packet and offsets into its bytes; filled again for every packet.

    All offsets count from the start of `data`. The payload is `data[payload_offset:payload_end]`,
    padding already taken off.
    """

    __slots__ = (
        "data",
        "extension_end",
        "extension_offset",
        "extension_profile",
        "length",
        "marker",
        "padding",
        "payload_end",
        "payload_offset",
        "payload_type",
        "sequence_number",
        "ssrc",
        "timestamp",
    )

    def __init__(self) -> None:
        self.data: Buffer = b""
        self.length = 0
        self.marker = False
        self.payload_type = 0
        self.sequence_number = 0  # 16 bits, as received
        self.timestamp = 0  # 32 bits, as received
        self.ssrc = 0
        self.extension_profile = 0  # 0: the packet has no header extension
        self.extension_offset = 0  # first byte after the extension's own four-byte header
        self.extension_end = 0
        self.payload_offset = 0
        self.payload_end = 0
        self.padding = 0  # bytes of padding, their count included


def parse_rtp(data: Buffer, length: int, view: RtpView) -> None:
    """Fill `view` from the first `length` bytes of `data` (RFC 3550 section 5.1).

    Raises MalformedPacket, and then leaves `view` as it was.
    """
    if not HEADER_BYTES <= length <= len(data):
        raise MalformedPacket("too short for an RTP header")
    first, second, sequence_number, timestamp, ssrc = _FIXED.unpack_from(data)
    if first & 0xC0 != 0x80:  # noqa: PLR2004 - version 2
        raise MalformedPacket("not RTP version 2")
    profile = extension_offset = extension_end = 0
    offset = HEADER_BYTES + 4 * (first & 0x0F)  # past the CSRCs
    if first & 0x10:
        if offset + 4 > length:
            raise MalformedPacket("RTP header extension is cut off")
        profile, words = _EXTENSION.unpack_from(data, offset)
        extension_offset = offset + 4
        offset = extension_end = extension_offset + 4 * words
    if offset > length:
        raise MalformedPacket("RTP header is longer than its packet")
    padding = 0
    if first & 0x20:
        padding = data[length - 1]
        if not 0 < padding <= length - offset:
            raise MalformedPacket("RTP padding is longer than its payload")

    view.data = data
    view.length = length
    view.marker = second >= 0x80  # noqa: PLR2004 - the topmost bit
    view.payload_type = second & 0x7F
    view.sequence_number = sequence_number
    view.timestamp = timestamp
    view.ssrc = ssrc
    view.extension_profile = profile
    view.extension_offset = extension_offset
    view.extension_end = extension_end
    view.payload_offset = offset
    view.payload_end = length - padding
    view.padding = padding


def write_header(  # noqa: PLR0913 - the fields of an RTP header
    slot: bytearray,
    *,
    marker: bool,
    payload_type: int,
    sequence_number: int,
    timestamp: int,
    ssrc: int,
    extension: bool,
) -> int:
    """Write a fixed header without CSRCs or padding to the start of `slot`; return its length.

    `sequence_number` and `timestamp` may be 64-bit numbers: their low bits are written.
    """
    _FIXED.pack_into(
        slot,
        0,
        0x90 if extension else 0x80,
        payload_type | 0x80 if marker else payload_type,
        sequence_number & 0xFFFF,
        timestamp & 0xFFFFFFFF,
        ssrc,
    )
    return HEADER_BYTES


def extend(value: int, highest: int, bits: int) -> int:
    """Return the number nearest to `highest` whose low `bits` bits are `value`.

    Numbers half way round count as older. The result is negative when `highest` is so small
    that nearest lies before the beginning.
    """
    period = 1 << bits
    delta = (value - highest) & (period - 1)
    return highest + (delta if delta < period >> 1 else delta - period)
