"""RTCP reports and feedback: SR, RR, SDES, BYE, NACK, PLI, FIR, REMB and transport feedback.

RFC 3550 section 6, RFC 4585 section 6, RFC 5104 section 4.3.1, draft-alvestrand-rmcat-remb-03; what
we do with each is told in docs/rtcp.md. A compound may be reduced (RFC 5506): any packet may be
first, or alone.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from struct import Struct, pack, unpack
from typing import Final

from sfu.errors import MalformedPacket
from sfu.wire.transport_cc import TransportFeedback, parse_transport_feedback

MAX_DATAGRAM_BYTES: Final = 1200
"""Longest datagram of RTCP that we send, before SRTCP adds its own."""

MAX_BLOCKS: Final = 31
"""Most report blocks, chunks or SSRCs in one packet: its count has five bits."""

MAX_NACKS: Final = 250
"""Most numbers in one NACK of ours: each may cost four bytes."""

SENDER_REPORT, RECEIVER_REPORT, SOURCE_DESCRIPTION, GOODBYE = 200, 201, 202, 203
TRANSPORT_LAYER, PAYLOAD_SPECIFIC = 205, 206  # RTPFB and PSFB of RFC 4585

_HEADER = Struct("!BBH")
_SENDER_INFO = Struct("!IQIII")
_BLOCK = Struct("!IIIIII")
_SSRC = Struct("!I")
_SSRCS = Struct("!II")
_CNAME = 1


@dataclass(frozen=True, slots=True)
class ReportBlock:
    """How one stream arrives at its receiver (RFC 3550 section 6.4.1)."""

    ssrc: int
    fraction_lost: int  # of 256, since the last report
    lost: int  # since the beginning; 24 bits, signed: duplicates make it negative
    highest_sequence: int  # 32 bits: cycles, then the highest sequence number
    jitter: int  # in units of the RTP timestamp
    last_report: int  # LSR: the middle 32 bits of the NTP time of the last SR; 0 if there was none
    delay: int  # DLSR: from that SR to this report, in units of 1/65536 s

    def encode(self) -> bytes:
        """Return its 24 bytes; `lost` is cut to what 24 bits can say."""
        lost = max(-0x800000, min(0x7FFFFF, self.lost))
        return _BLOCK.pack(
            self.ssrc,
            self.fraction_lost << 24 | lost & 0xFFFFFF,
            self.highest_sequence & 0xFFFFFFFF,
            self.jitter & 0xFFFFFFFF,
            self.last_report,
            self.delay & 0xFFFFFFFF,
        )


@dataclass(frozen=True, slots=True)
class SenderReport:
    """What a sender sent, and which of its timestamps was when (RFC 3550 section 6.4.1)."""

    ssrc: int
    ntp: int  # 64 bits: seconds since 1900 in 32.32 fixed point
    rtp_timestamp: int
    packets: int
    octets: int
    blocks: tuple[ReportBlock, ...] = ()

    def encode(self) -> bytes:
        """Return it as an RTCP packet; counters are cut to their width."""
        body = _SENDER_INFO.pack(
            self.ssrc,
            self.ntp & 0xFFFFFFFFFFFFFFFF,
            self.rtp_timestamp & 0xFFFFFFFF,
            self.packets & 0xFFFFFFFF,
            self.octets & 0xFFFFFFFF,
        )
        blocks = b"".join(block.encode() for block in self.blocks)
        return _packet(len(self.blocks), SENDER_REPORT, body + blocks)


@dataclass(frozen=True, slots=True)
class ReceiverReport:
    """How streams arrive at a receiver (RFC 3550 section 6.4.2)."""

    ssrc: int
    blocks: tuple[ReportBlock, ...] = ()

    def encode(self) -> bytes:
        """Return it as an RTCP packet."""
        blocks = b"".join(block.encode() for block in self.blocks)
        return _packet(len(self.blocks), RECEIVER_REPORT, _SSRC.pack(self.ssrc) + blocks)


@dataclass(frozen=True, slots=True)
class Goodbye:
    """These sources stopped (RFC 3550 section 6.6); the reason is not kept."""

    ssrcs: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class GenericNack:
    """Packets that a receiver misses, by 16-bit sequence number (RFC 4585 section 6.2.1)."""

    sender_ssrc: int
    media_ssrc: int
    lost: tuple[int, ...]

    def encode(self) -> bytes:
        """Return it as an RTCP packet; `lost` should be in order, or costs a pair each."""
        pairs: list[list[int]] = []
        for number in self.lost:
            place = (number - pairs[-1][0] - 1) & 0xFFFF if pairs else 16
            if place < 16:  # noqa: PLR2004 - bits in BLP
                pairs[-1][1] |= 1 << place
            else:
                pairs.append([number & 0xFFFF, 0])
        fields = b"".join(pack("!HH", *pair) for pair in pairs)
        return _feedback(TRANSPORT_LAYER, 1, self.sender_ssrc, self.media_ssrc, fields)


@dataclass(frozen=True, slots=True)
class PictureLoss:
    """PLI: a receiver cannot go on decoding (RFC 4585 section 6.3.1)."""

    sender_ssrc: int
    media_ssrc: int

    def encode(self) -> bytes:
        """Return it as an RTCP packet."""
        return _feedback(PAYLOAD_SPECIFIC, 1, self.sender_ssrc, self.media_ssrc, b"")


@dataclass(frozen=True, slots=True)
class FullIntraRequest:
    """FIR: a receiver asks these SSRCs for a key frame (RFC 5104 section 4.3.1).

    `requests` are pairs (SSRC, 8-bit number of the command): a repeated number is a repetition.
    """

    sender_ssrc: int
    requests: tuple[tuple[int, int], ...]

    def encode(self) -> bytes:
        """Return it as an RTCP packet."""
        fields = b"".join(pack("!IBxxx", ssrc, number & 0xFF) for ssrc, number in self.requests)
        return _feedback(PAYLOAD_SPECIFIC, 4, self.sender_ssrc, 0, fields)


@dataclass(frozen=True, slots=True)
class BitrateLimit:
    """REMB: the most that a receiver believes it can take (draft-alvestrand-rmcat-remb-03)."""

    sender_ssrc: int
    bitrate: int  # bits per second, for all of `ssrcs` together
    ssrcs: tuple[int, ...]


RtcpPacket = (
    SenderReport
    | ReceiverReport
    | Goodbye
    | GenericNack
    | PictureLoss
    | FullIntraRequest
    | BitrateLimit
    | TransportFeedback
)
"""What `parse_rtcp` may return."""


def describe(ssrc: int, name: str) -> bytes:
    """Return an SDES packet with the CNAME of one SSRC (RFC 3550 section 6.5).

    Several in one packet would save little, and aiortc misreads them.
    """
    text = name.encode()[:255]
    item = bytes((_CNAME, len(text))) + text
    return _packet(1, SOURCE_DESCRIPTION, _SSRC.pack(ssrc) + item + bytes(4 - len(item) % 4))


def join(units: Iterable[bytes], limit: int = MAX_DATAGRAM_BYTES) -> Iterator[bytes]:
    """Put RTCP packets together into datagrams of at most `limit` bytes, in order.

    A unit longer than that goes alone.
    """
    datagram = b""
    for unit in units:
        if datagram and len(datagram) + len(unit) > limit:
            yield datagram
            datagram = b""
        datagram += unit
    if datagram:
        yield datagram


def parse_rtcp(data: bytes) -> list[RtcpPacket]:
    """Return the packets of a compound that we know, in order; the others are skipped.

    Raises MalformedPacket if any of it is not RTCP version 2, cut off, or too short for what it
    says it is. The result is bounded by the length of `data`.
    """
    packets: list[RtcpPacket] = []
    position = 0
    while position < len(data):
        if position + 4 > len(data):
            raise MalformedPacket("RTCP header is cut off")
        first, kind, words = _HEADER.unpack_from(data, position)
        if first >> 6 != 2:  # noqa: PLR2004 - version
            raise MalformedPacket("not RTCP version 2")
        end = position + 4 + 4 * words
        if end > len(data):
            raise MalformedPacket("RTCP packet is cut off")
        whole = data[position:end]
        packet = _parse_one(kind, first & 0x1F, _without_padding(whole) if first & 0x20 else whole)
        if packet is not None:
            packets.append(packet)
        position = end
    return packets


def _without_padding(packet: bytes) -> bytes:
    padding = packet[-1]
    if not 0 < padding <= len(packet) - 4:
        raise MalformedPacket("RTCP padding is longer than its packet")
    return packet[:-padding]


def _parse_one(kind: int, count: int, packet: bytes) -> RtcpPacket | None:
    """`count` is the report count or, of feedback, the format."""
    if kind in (TRANSPORT_LAYER, PAYLOAD_SPECIFIC):
        parse_feedback = _FEEDBACK_PARSERS.get((kind, count))
        if parse_feedback is None:
            return None
        if len(packet) < 12:  # noqa: PLR2004 - header and two SSRCs
            raise MalformedPacket("RTCP feedback is cut off")
        return parse_feedback(packet)
    parse = _PARSERS.get(kind)
    return parse(count, packet) if parse is not None else None


def _parse_sender_report(count: int, packet: bytes) -> SenderReport:
    blocks = _parse_blocks(count, packet, 4 + _SENDER_INFO.size)
    ssrc, ntp, rtp_timestamp, packets, octets = _SENDER_INFO.unpack_from(packet, 4)
    return SenderReport(ssrc, ntp, rtp_timestamp, packets, octets, blocks)


def _parse_receiver_report(count: int, packet: bytes) -> ReceiverReport:
    blocks = _parse_blocks(count, packet, 8)
    return ReceiverReport(int.from_bytes(packet[4:8], "big"), blocks)


def _parse_blocks(count: int, packet: bytes, start: int) -> tuple[ReportBlock, ...]:
    """Read `count` report blocks; profile-specific extensions may follow them."""
    if start + count * _BLOCK.size > len(packet):
        raise MalformedPacket("RTCP report is cut off")
    blocks = []
    for position in range(start, start + count * _BLOCK.size, _BLOCK.size):
        ssrc, loss, highest, jitter, last, delay = _BLOCK.unpack_from(packet, position)
        lost = loss & 0xFFFFFF
        if lost >= 0x800000:  # noqa: PLR2004 - the sign of 24 bits
            lost -= 0x1000000
        blocks.append(ReportBlock(ssrc, loss >> 24, lost, highest, jitter, last, delay))
    return tuple(blocks)


def _parse_goodbye(count: int, packet: bytes) -> Goodbye:
    if 4 + 4 * count > len(packet):
        raise MalformedPacket("RTCP BYE is cut off")
    return Goodbye(unpack(f"!{count}I", packet[4 : 4 + 4 * count]))


def _parse_nack(packet: bytes) -> GenericNack:
    sender, media = _SSRCS.unpack_from(packet, 4)
    words = unpack(f"!{(len(packet) - 12) // 4 * 2}H", packet[12 : len(packet) // 4 * 4])
    lost: list[int] = []
    for first, bits in zip(words[::2], words[1::2], strict=True):
        lost.append(first)
        if bits:
            lost += [first + 1 + bit & 0xFFFF for bit in range(16) if bits >> bit & 1]
    return GenericNack(sender, media, tuple(lost))


def _parse_picture_loss(packet: bytes) -> PictureLoss:
    return PictureLoss(*_SSRCS.unpack_from(packet, 4))


def _parse_full_intra_request(packet: bytes) -> FullIntraRequest:
    sender, _ = _SSRCS.unpack_from(packet, 4)
    requests = tuple(
        (int.from_bytes(packet[at : at + 4], "big"), packet[at + 4])
        for at in range(12, len(packet) - 7, 8)
    )
    return FullIntraRequest(sender, requests)


def _parse_application_layer(packet: bytes) -> BitrateLimit | None:
    """REMB is the one application layer feedback that we know; it begins with its name."""
    if packet[12:16] != b"REMB":
        return None
    if len(packet) < 20 or 20 + 4 * packet[16] > len(packet):  # noqa: PLR2004 - REMB without SSRCs
        raise MalformedPacket("REMB is cut off")
    sender, _ = _SSRCS.unpack_from(packet, 4)
    count = packet[16]
    exponent, mantissa = packet[17] >> 2, int.from_bytes(packet[17:20], "big") & 0x3FFFF
    return BitrateLimit(
        sender, mantissa << exponent, unpack(f"!{count}I", packet[20 : 20 + 4 * count])
    )


_PARSERS: Final[dict[int, Callable[[int, bytes], RtcpPacket]]] = {
    SENDER_REPORT: _parse_sender_report,
    RECEIVER_REPORT: _parse_receiver_report,
    GOODBYE: _parse_goodbye,
}
_FEEDBACK_PARSERS: Final[dict[tuple[int, int], Callable[[bytes], RtcpPacket | None]]] = {
    (TRANSPORT_LAYER, 1): _parse_nack,
    (TRANSPORT_LAYER, 15): parse_transport_feedback,
    (PAYLOAD_SPECIFIC, 1): _parse_picture_loss,
    (PAYLOAD_SPECIFIC, 4): _parse_full_intra_request,
    (PAYLOAD_SPECIFIC, 15): _parse_application_layer,
}


def _packet(count: int, kind: int, body: bytes) -> bytes:
    assert count <= MAX_BLOCKS
    return _HEADER.pack(0x80 | count, kind, len(body) // 4) + body


def _feedback(kind: int, form: int, sender_ssrc: int, media_ssrc: int, fields: bytes) -> bytes:
    return _packet(form, kind, _SSRCS.pack(sender_ssrc, media_ssrc) + fields)
