"""VP8 and VP9 frames, put together from RTP payloads (RFC 7741, RFC 9628)."""

from collections.abc import Sequence

from sfu.errors import MalformedPacket
from sfu.wire.payload.vp8 import Vp8Descriptor, parse_vp8
from sfu.wire.payload.vp9 import Vp9Descriptor, parse_vp9


def unwrap_vp8(payloads: Sequence[bytes]) -> bytes:
    """Put the frame together; raises MalformedPacket."""
    descriptor = Vp8Descriptor()
    parts = []
    for payload in payloads:
        parse_vp8(payload, 0, len(payload), descriptor)
        parts.append(payload[descriptor.length :])
    return b"".join(parts)


def layers_vp9(payloads: Sequence[bytes]) -> list[bytes]:
    """Put the frame of each layer together; raises MalformedPacket."""
    descriptor = Vp9Descriptor()
    frames: list[list[bytes]] = []
    for payload in payloads:
        parse_vp9(payload, 0, len(payload), descriptor)
        if descriptor.starts:
            frames.append([])
        elif not frames:
            raise MalformedPacket("the picture does not begin with a frame")
        frames[-1].append(payload[descriptor.length :])
    return [b"".join(parts) for parts in frames]


def unwrap_vp9(payloads: Sequence[bytes]) -> bytes:
    """Put the layer frames of one picture together; raises MalformedPacket."""
    descriptor = Vp9Descriptor()
    parts = []
    for payload in payloads:
        parse_vp9(payload, 0, len(payload), descriptor)
        parts.append(payload[descriptor.length :])
    return b"".join(parts)
