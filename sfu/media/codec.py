"""The codecs that we forward, by the names that SDP gives them."""

from enum import Enum


class Codec(Enum):
    """A codec that we forward; `value` is its encoding name in SDP (RFC 8866, a=rtpmap)."""

    OPUS = "opus"
    VP8 = "VP8"
    VP9 = "VP9"
    H264 = "H264"
    AV1 = "AV1"

    @property
    def kind(self) -> str:
        """The media type of its m-line: "audio" or "video"."""
        return "audio" if self is Codec.OPUS else "video"

    @property
    def clock_rate(self) -> int:
        """Ticks of the RTP timestamp per second."""
        return 48_000 if self is Codec.OPUS else 90_000
