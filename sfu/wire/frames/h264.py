"""H.264 access units as Annex B byte streams: NAL units, and putting them together from RTP."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from sfu.errors import MalformedPacket
from sfu.wire.payload.h264 import FU_A, LAST_SINGLE, STAP_A

START_CODE: Final = b"\x00\x00\x00\x01"
_ANY_START_CODE: Final = re.compile(rb"\x00{2,}\x01")


def nal_units(data: bytes) -> list[bytes]:
    """The NAL units of a byte stream, without start codes and without empty ones."""
    return [unit for part in _ANY_START_CODE.split(data) if (unit := part.rstrip(b"\x00"))]


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
