"""Decoders, from what the packets held to pictures and sound."""

from typing import Final, cast

import av

from sfu_clients.errors import ClientError

Frame = av.VideoFrame | av.AudioFrame

MAX_PIXELS: Final = 4096 * 2304
"""Of a picture; a larger one is somebody's attempt to fill our memory."""

_LIBRARIES: Final = {
    "opus": ("libopus", {}),
    "VP8": ("vp8", {}),
    # FFmpeg's own wants spatial layers apart: this one shows the highest of a picture
    "VP9": ("libvpx-vp9", {}),
    "H264": ("h264", {}),
    "AV1": ("libdav1d", {"alllayers": "0", "max_frame_delay": "1"}),
}


class Undecodable(ClientError):  # noqa: N818 - named for what it is
    """What came is damaged, or refers to what did not come."""


class Decoder:
    """Decodes one stream, a picture or a piece of sound at a time."""

    def __init__(self, codec: str) -> None:
        """Raises ClientError if the library is missing."""
        self.codec = codec
        library, options = _LIBRARIES[codec]
        try:
            self._context = av.CodecContext.create(library, "r")
        except av.codec.codec.UnknownCodecError as error:
            raise ClientError(f"This machine has no decoder for {codec}.") from error
        self._context.options = {**options, "max_pixels": str(MAX_PIXELS)}
        self._context.thread_count = 1

    def decode(self, data: bytes) -> Frame | None:
        """The highest layer of the picture, None if it shows none; raises Undecodable."""
        try:
            frames = self._context.decode(av.Packet(data))  # type: ignore[attr-defined]
        except (av.FFmpegError, MemoryError) as error:
            raise Undecodable(f"This {self.codec} cannot be decoded.") from error
        return cast("Frame", frames[-1]) if frames else None
