"""RTP payload formats in both directions, chosen by the encoding name of SDP."""

from collections.abc import Callable
from typing import Final, Protocol

from sfu.wire.frames import frames, unwrap
from sfu_clients.payload import av1, h264, opus, vp8, vp9
from sfu_clients.payload.frame import CLOCK_RATES, MAX_PAYLOAD_BYTES, EncodedFrame

__all__ = [
    "CLOCK_RATES",
    "MAX_PAYLOAD_BYTES",
    "EncodedFrame",
    "Packetizer",
    "frames",
    "packetizer",
    "unwrap",
]


class Packetizer(Protocol):
    """Cuts the frames of one stream into payloads."""

    def packetize(self, frame: EncodedFrame) -> list[bytes]:
        """The payloads of a frame; the last one is to carry the marker."""
        ...


_PACKETIZERS: Final[dict[str, Callable[[], Packetizer]]] = {
    "opus": opus.OpusPacketizer,
    "VP8": vp8.Vp8Packetizer,
    "VP9": vp9.Vp9Packetizer,
    "H264": h264.H264Packetizer,
    "AV1": av1.Av1Packetizer,
}


def packetizer(codec: str) -> Packetizer:
    """A packetizer for a new stream of this encoding name."""
    return _PACKETIZERS[codec]()
