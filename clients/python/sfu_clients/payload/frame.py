"""One encoded frame, between encoders and packets or packets and decoders."""

from dataclasses import dataclass
from typing import Final

CLOCK_RATES: Final = {"opus": 48_000, "VP8": 90_000, "VP9": 90_000, "H264": 90_000, "AV1": 90_000}
"""The codecs that we speak, by encoding name as in SDP, and the units of their timestamps."""

MAX_PAYLOAD_BYTES: Final = 1100
"""Longest RTP payload that we write: with all headers it stays below 1200 bytes."""


@dataclass(frozen=True, slots=True)
class EncodedFrame:
    """What an encoder makes of one picture, or of one piece of sound."""

    data: bytes
    timestamp: int
    """In units of the codec's clock, counted from any beginning, not cut to 32 bits."""
    key_frame: bool = False
    spatial: int = 0
    temporal: int = 0
    layer_sync: bool = False
    """Refers to nothing but the last frame of temporal layer 0."""
    discardable: bool = False
    """No other frame refers to this one."""
    width: int = 0
    height: int = 0
    level: int | None = None
    """Loudness of sound in dB below full scale, 0 to 127 (RFC 6464)."""
