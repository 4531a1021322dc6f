"""STUN, DTLS, RTP or RTCP: what a datagram is, by its first bytes (RFC 7983)."""

from enum import Enum
from typing import Final


class Datagram(Enum):
    """The protocols that share the port."""

    STUN = "stun"
    DTLS = "dtls"
    MEDIA = "media"
    """SRTP or SRTCP; `is_rtcp` tells them apart."""
    UNKNOWN = "unknown"


FIRST_MEDIA_BYTE: Final = 128
LAST_MEDIA_BYTE: Final = 191

_RFC7983_RANGES: Final = (
    (Datagram.STUN, 0, 3),
    (Datagram.DTLS, 20, 63),
    (Datagram.MEDIA, FIRST_MEDIA_BYTE, LAST_MEDIA_BYTE),
)
_FIRST_RTCP_TYPE: Final = 192
_LAST_RTCP_TYPE: Final = 223


def classify(data: bytes) -> Datagram:
    """Sort a datagram by its first byte, as RFC 7983 section 7 does."""
    for kind, low, high in _RFC7983_RANGES:
        if data and low <= data[0] <= high:
            return kind
    return Datagram.UNKNOWN


def is_rtcp(data: bytes) -> bool:
    """Whether a media datagram is SRTCP (RFC 5761 section 4)."""
    return len(data) > 1 and _FIRST_RTCP_TYPE <= data[1] <= _LAST_RTCP_TYPE
