"""VP9 in RTP (RFC 9628): frames of one layer cut into payloads, any payloads put together."""

from collections.abc import Sequence
from struct import pack

from sfu.wire.payload.vp9 import Vp9Descriptor, parse_vp9
from sfu_clients.payload.frame import MAX_PAYLOAD_BYTES, EncodedFrame


class Vp9Packetizer:
    """Writes descriptors in flexible mode, in which each picture refers to the one before."""

    def __init__(self, picture_id: int = 0) -> None:
        self._picture_id = picture_id

    def packetize(self, frame: EncodedFrame) -> list[bytes]:
        """Cut a frame into payloads; the last one is to carry the marker."""
        self._picture_id = self._picture_id + 1 & 0x7FFF
        # I and F; the picture id; then P_DIFF of 1, or a structure of one layer without a group
        head = pack("!H", 0x8000 | self._picture_id)
        first, structure = 0x90, b""
        if frame.key_frame:
            structure = pack("!BHH", 0x10, frame.width, frame.height)
        else:
            first |= 0x40
            head += b"\x02"
        size = MAX_PAYLOAD_BYTES - 1 - len(head) - len(structure)
        payloads = []
        for start in range(0, len(frame.data), size):
            begins, ends = start == 0, start + size >= len(frame.data)
            flags = first | begins << 3 | ends << 2 | (0x02 if begins and structure else 0)
            told = structure if begins else b""
            payloads.append(bytes((flags,)) + head + told + frame.data[start : start + size])
        return payloads


def starts_frame(payload: bytes) -> bool:
    """Whether a layer's frame begins here (B, RFC 9628 section 4.2); raises MalformedPacket."""
    descriptor = Vp9Descriptor()
    parse_vp9(payload, 0, len(payload), descriptor)
    return descriptor.starts


def unwrap(payloads: Sequence[bytes]) -> bytes:
    """Put the layer frames of one picture together; raises MalformedPacket."""
    descriptor = Vp9Descriptor()
    parts = []
    for payload in payloads:
        parse_vp9(payload, 0, len(payload), descriptor)
        parts.append(payload[descriptor.length :])
    return b"".join(parts)
