"""H.264 in RTP (RFC 6184), packetization mode 1, from Annex B byte streams."""

from collections.abc import Iterator, Sequence

from sfu.wire.frames.h264 import nal_units
from sfu.wire.payload.h264 import FU_A, STAP_A
from sfu_clients.payload.frame import MAX_PAYLOAD_BYTES, EncodedFrame


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
