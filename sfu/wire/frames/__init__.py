"""Encoded frames, put together from the RTP payloads of one picture."""

from collections.abc import Callable, Sequence
from typing import Final

from sfu.wire.frames.av1 import obus
from sfu.wire.frames.av1 import unwrap as unwrap_av1
from sfu.wire.frames.h264 import unwrap as unwrap_h264
from sfu.wire.frames.vpx import layers_vp9, unwrap_vp8, unwrap_vp9

_UNWRAPPERS: Final[dict[str, Callable[[Sequence[bytes]], bytes]]] = {
    "opus": b"".join,
    "VP8": unwrap_vp8,
    "VP9": unwrap_vp9,
    "H264": unwrap_h264,
    "AV1": unwrap_av1,
}
"""By encoding name of SDP."""


def unwrap(codec: str, payloads: Sequence[bytes]) -> bytes:
    """Return what a decoder wants of one picture's payloads, in order; raises MalformedPacket."""
    return _UNWRAPPERS[codec](payloads)


def frames(codec: str, payloads: Sequence[bytes]) -> list[bytes]:
    """Return the frames of one picture, one for each spatial layer in it; raises MalformedPacket.

    Their bytes may be sealed: only payload descriptors are read, and the OBU headers of AV1.
    """
    if codec == "VP9":
        return layers_vp9(payloads)
    whole = unwrap(codec, payloads)
    return list(obus(whole)) if codec == "AV1" else [whole]
