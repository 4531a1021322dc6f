"""Decoders, from what the packets held to pictures and sound."""

from typing import Final, cast

import av

from sfu_clients.errors import ClientError

Frame = av.VideoFrame | av.AudioFrame

_LIBRARIES: Final = {
    "opus": ("libopus", {}),
    "VP8": ("vp8", {}),
    # FFmpeg's own wants spatial layers apart: this one shows the highest of a picture
    "VP9": ("libvpx-vp9", {}),
    "H264": ("h264", {}),
    "AV1": ("libdav1d", {"alllayers": "0", "max_frame_delay": "1"}),
}


class Decoder:
    """Decodes one stream, a picture or a piece of sound at a time."""

    def __init__(self, codec: str) -> None:
        """Raises ClientError if the library is missing."""
        library, options = _LIBRARIES[codec]
        try:
            self._context = av.CodecContext.create(library, "r")
        except av.codec.codec.UnknownCodecError as error:
            raise ClientError(f"This machine has no decoder for {codec}.") from error
        self._context.options = dict(options)
        self._context.thread_count = 1

    def decode(self, data: bytes) -> Frame | None:
        """The highest layer of the picture; None if it shows none, or is damaged."""
        try:
            frames = self._context.decode(av.Packet(data))  # type: ignore[attr-defined]
        except av.FFmpegError:
            return None
        return cast("Frame", frames[-1]) if frames else None
