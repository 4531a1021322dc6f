"""H.264 in RTP (RFC 6184), packetization mode 1, to and from Annex B byte streams."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from sfu.errors import MalformedPacket
from sfu.wire.payload.h264 import FU_A, LAST_SINGLE, STAP_A
from sfu_clients.payload.frame import MAX_PAYLOAD_BYTES, EncodedFrame

START_CODE: Final = b"\x00\x00\x00\x01"
_ANY_START_CODE: Final = re.compile(rb"\x00{2,}\x01")


class H264Packetizer:
    """Keeps nothing: each access unit is cut on its own."""

    def packetize(self, frame: EncodedFrame) -> list[bytes]:
        """Cut an access unit into payloads; the last one is to carry the marker."""
        payloads: list[bytes] = []
        small: list[bytes] = []
        for unit in nal_units(frame.data):
            if small and _aggregate_bytes([*small, unit]) > MAX_PAYLOAD_BYTES:
                payloads.append(_aggregate(small))
                small = []
            if len(unit) <= MAX_PAYLOAD_BYTES:
                small.append(unit)
            else:
                payloads += _fragments(unit)
        if small:
            payloads.append(_aggregate(small))
        return payloads


def nal_units(data: bytes) -> list[bytes]:
    """The NAL units of a byte stream, without start codes and without empty ones."""
    return [unit for part in _ANY_START_CODE.split(data) if (unit := part.rstrip(b"\x00"))]


def _aggregate_bytes(units: Sequence[bytes]) -> int:
    return 1 + sum(2 + len(unit) for unit in units)


def _aggregate(units: Sequence[bytes]) -> bytes:
    """STAP-A (section 5.7.1), or the unit itself if it is alone."""
    if len(units) == 1:
        return units[0]
    importance = max(unit[0] & 0x60 for unit in units)
    return bytes((importance | STAP_A,)) + b"".join(
        len(unit).to_bytes(2, "big") + unit for unit in units
    )


def _fragments(unit: bytes) -> Iterator[bytes]:
    """FU-A (section 5.8)."""
    indicator, kind = unit[0] & 0x60 | FU_A, unit[0] & 0x1F
    size = MAX_PAYLOAD_BYTES - 2
    for start in range(1, len(unit), size):
        begins, ends = start == 1, start + size >= len(unit)
        yield bytes((indicator, begins << 7 | ends << 6 | kind)) + unit[start : start + size]


def unwrap(payloads: Sequence[bytes]) -> bytes:
    """Put the access unit together as Annex B; raises MalformedPacket."""
    parts = []
    for payload in payloads:
        if not payload:
            raise MalformedPacket("H.264 payload is empty")
        kind = payload[0] & 0x1F
        if kind == FU_A:
            parts.append(_unwrap_fragment(payload))
        elif kind == STAP_A:
            parts += [START_CODE + unit for unit in _unwrap_aggregate(payload)]
        elif 0 < kind <= LAST_SINGLE:
            parts.append(START_CODE + payload)
        else:
            raise MalformedPacket("H.264 payload structure that we did not negotiate")
    return b"".join(parts)


def _unwrap_fragment(payload: bytes) -> bytes:
    if len(payload) < 3:  # noqa: PLR2004 - two headers and something
        raise MalformedPacket("H.264 fragment is empty")
    if payload[1] & 0x80:
        return START_CODE + bytes((payload[0] & 0x60 | payload[1] & 0x1F,)) + payload[2:]
    return payload[2:]


def _unwrap_aggregate(payload: bytes) -> Iterator[bytes]:
    position = 1
    while position < len(payload):
        start = position + 2
        position = start + int.from_bytes(payload[start - 2 : start], "big")
        if not start < position <= len(payload):
            raise MalformedPacket("H.264 aggregate is cut off")
        yield payload[start:position]
