"""RTP packets as values, read from bytes and written to them (RFC 3550, RFC 8285)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sfu.wire.extensions import (
    ONE_BYTE_MAX_ID,
    ONE_BYTE_MAX_LENGTH,
    Extension,
    ExtensionIds,
    ExtensionWriter,
    FoundExtensions,
    find_extensions,
)
from sfu.wire.rtp import HEADER_BYTES, RtpView, parse_rtp, write_header


@dataclass(frozen=True, slots=True)
class Packet:
    """One packet; `extensions` are those that were negotiated."""

    payload: bytes
    payload_type: int
    sequence: int
    timestamp: int
    ssrc: int
    marker: bool
    extensions: Mapping[Extension, bytes] = field(default_factory=dict)


def read_packet(data: bytes, ids: ExtensionIds) -> Packet:
    """Read a packet whose extensions have these ids; raises MalformedPacket."""
    view, found = RtpView(), FoundExtensions()
    parse_rtp(data, len(data), view)
    find_extensions(view, ids, found)
    return Packet(
        payload=data[view.payload_offset : view.payload_end],
        payload_type=view.payload_type,
        sequence=view.sequence_number,
        timestamp=view.timestamp,
        ssrc=view.ssrc,
        marker=view.marker,
        extensions={
            kind: data[start : start + found.length[kind]]
            for kind in Extension
            if (start := found.offset[kind]) >= 0
        },
    )


def write_packet(packet: Packet, elements: Sequence[tuple[int, bytes]]) -> bytes:
    """Write a packet with these pairs of id and value instead of its own extensions."""
    slot = bytearray(HEADER_BYTES + 8 + sum(2 + len(value) for _, value in elements))
    end = write_header(
        slot,
        marker=packet.marker,
        payload_type=packet.payload_type,
        sequence_number=packet.sequence,
        timestamp=packet.timestamp,
        ssrc=packet.ssrc,
        extension=bool(elements),
    )
    if elements:
        writer = ExtensionWriter()
        writer.begin(slot, end, not all(_is_short(*element) for element in elements))
        for ident, value in elements:
            writer.put_bytes(ident, value)
        end = writer.end()
    return bytes(slot[:end]) + packet.payload


def _is_short(ident: int, value: bytes) -> bool:
    return ident <= ONE_BYTE_MAX_ID and 0 < len(value) <= ONE_BYTE_MAX_LENGTH
