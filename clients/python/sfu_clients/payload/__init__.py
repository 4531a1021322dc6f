"""RTP payload formats in both directions, chosen by the encoding name of SDP."""

from collections.abc import Callable, Sequence
from typing import Final, Protocol

from sfu.errors import MalformedPacket
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
_UNWRAPPERS: Final[dict[str, Callable[[Sequence[bytes]], bytes]]] = {
    "opus": opus.unwrap,
    "VP8": vp8.unwrap,
    "VP9": vp9.unwrap,
    "H264": h264.unwrap,
    "AV1": av1.unwrap,
}


def packetizer(codec: str) -> Packetizer:
    """A packetizer for a new stream of this encoding name."""
    return _PACKETIZERS[codec]()


def unwrap(codec: str, payloads: Sequence[bytes]) -> bytes:
    """What a decoder wants of one picture's payloads, in order; raises MalformedPacket."""
    return _UNWRAPPERS[codec](payloads)


def frames(codec: str, payloads: Sequence[bytes]) -> list[bytes]:
    """The frames of one picture, one for each spatial layer in it; raises MalformedPacket.

    Their bytes may be sealed: only payload descriptors are read, and the OBU headers of AV1.
    """
    if codec == "AV1":
        return list(av1.obus(unwrap(codec, payloads)))
    if codec != "VP9":
        return [unwrap(codec, payloads)]
    starts = [place for place, payload in enumerate(payloads) if vp9.starts_frame(payload)]
    if starts[:1] != [0]:
        raise MalformedPacket("the picture does not begin with a frame")
    ends = [*starts[1:], len(payloads)]
    return [unwrap(codec, payloads[start:end]) for start, end in zip(starts, ends, strict=True)]
