"""Frames of one source, cut into packets; sealed first, in rooms where frames are."""

from collections.abc import Callable, Iterable
from dataclasses import replace

from sfu.wire.extensions import Extension
from sfu_clients.errors import ClientError
from sfu_clients.media.padding import Padder, padder
from sfu_clients.payload import EncodedFrame, packetizer
from sfu_clients.rtp.outgoing import MediaPacket

FrameSeal = Callable[[EncodedFrame], bytes | None]
"""Returns the bytes of a frame as they are to leave; None if it must not."""


class Cutter:
    """Keeps what payload formats number."""

    def __init__(self, codec: str) -> None:
        """`codec` is an encoding name as in SDP."""
        self._codec = codec
        self._packetizer = packetizer(codec)
        self._seal: FrameSeal | None = None
        self._pad: Padder | None = None

    def seal(self, seal: FrameSeal) -> None:
        """Seal each frame from now on; raises ClientError if that cannot be."""
        if self._codec == "AV1":  # whose receivers would need to know what is under the seal
            raise ClientError("AV1 is sealed with dependency descriptors only: take vp8 or vp9.")
        self._seal = seal

    def pad(self) -> None:
        """Pad each frame from now on, before it is sealed."""
        self._pad = padder(self._codec)

    def cut(self, frames: Iterable[EncodedFrame]) -> list[MediaPacket]:
        """The packets of these frames, in order."""
        return [packet for frame in frames for packet in self._cut_one(frame)]

    def _cut_one(self, frame: EncodedFrame) -> list[MediaPacket]:
        if self._pad is not None:
            frame = replace(frame, data=self._pad(frame.data))
        if self._seal is not None:
            sealed = self._seal(frame)
            if sealed is None:
                return []
            frame = replace(frame, data=sealed)
        payloads = self._packetizer.packetize(frame)
        extensions = {}
        if frame.level is not None:
            extensions[Extension.AUDIO_LEVEL] = bytes((0x80 | frame.level,))  # 0x80: voice
        video = frame.level is None
        return [
            MediaPacket(payload, frame.timestamp, video and place == len(payloads), extensions)
            for place, payload in enumerate(payloads, 1)
        ]
