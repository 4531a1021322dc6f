"""Media files as sources: decoded as time passes, and encoded live."""

from collections.abc import Iterator
from typing import Final

import av

from sfu.signalling.messages import MediaSource
from sfu_clients.errors import ClientError
from sfu_clients.media.concealment import Concealment
from sfu_clients.media.cutter import Cutter, FrameSeal
from sfu_clients.media.encoders import AUDIO_CLOCK, VIDEO_CLOCK, OpusEncoder, VideoEncoder
from sfu_clients.media.reader import Reader, TimedFrame, find_stream, opened
from sfu_clients.media.sources import BITS_PER_PIXEL, Source
from sfu_clients.media.tone import PIECE, level
from sfu_clients.rtp.outgoing import MediaPacket

MAX_SIZE: Final = (1280, 720)
"""Pictures are made smaller to fit into this."""

MIN_SIDE: Final = 16
MAX_RATE: Final = 30
"""Pictures per second; what the file has more is left out."""

_EARLY: Final = 0.8
"""A picture may come so early, as part of the time between two."""


def open_file(
    path: str,
    codec: str = "VP8",
    *,
    loop: bool = False,
    size: tuple[int, int] = MAX_SIZE,
    rate: int = MAX_RATE,
) -> list[Source]:
    """The pictures and the sound of a file, what of them there is; raises ClientError.

    `codec` is the encoding name for pictures, `size` the largest width and height.
    """
    with opened(path) as container:
        has_video = find_stream(container, "video") is not None
        has_audio = find_stream(container, "audio") is not None
    sources: list[Source] = []
    if has_video:
        sources.append(FileVideo(path, codec, loop=loop, size=size, rate=rate))
    if has_audio:
        sources.append(FileAudio(path, loop=loop))
    if not sources:
        raise ClientError(f"{path} has neither pictures nor sound.")
    return sources


def fit(width: int, height: int, most: tuple[int, int]) -> tuple[int, int]:
    """The largest even size of this shape within `most` that is no larger than the picture."""
    scale = min(1.0, most[0] / width, most[1] / height)
    return max(MIN_SIDE, int(width * scale) & ~1), max(MIN_SIDE, int(height * scale) & ~1)


class FileVideo:
    """The pictures of a file."""

    name: MediaSource = "camera"

    def __init__(
        self, path: str, codec: str, *, loop: bool, size: tuple[int, int], rate: int
    ) -> None:
        """Decodes the first picture; raises ClientError."""
        self.codec = codec
        self._path = path
        self._pictures = _thinned(Reader(path, "video", loop=loop).frames(), rate)
        self._next = next(self._pictures, None)
        if self._next is None:
            raise ClientError(f"{path} has no picture that can be decoded.")
        frame = self._next.frame
        assert isinstance(frame, av.VideoFrame)
        width, height = fit(frame.width, frame.height, size)
        self._most = round(width * height * rate * BITS_PER_PIXEL)
        self._encoder = VideoEncoder(codec, width, height, rate=rate, bitrate=self._most)
        self._cutter = Cutter(codec)

    def due(self) -> float | None:
        """When the file shows its next picture."""
        return None if self._next is None else self._next.at

    def produce(self, *, now: float) -> list[MediaPacket]:
        """Encode that picture, and decode the one after it; raises ClientError."""
        del now
        assert self._next is not None
        picture, timestamp = self._next.frame, round(self._next.at * VIDEO_CLOCK)
        assert isinstance(picture, av.VideoFrame)
        frames = self._encoder.encode(self._scaled(picture), timestamp)
        self._next = next(self._pictures, None)
        return self._cutter.cut(frames)

    def _scaled(self, picture: av.VideoFrame) -> av.VideoFrame:
        try:
            return picture.reformat(self._encoder.width, self._encoder.height, "yuv420p")
        except (av.FFmpegError, ValueError) as error:
            raise ClientError(f"{self._path} has pictures of an unknown format.") from error

    def ask_key_frame(self) -> None:
        """The encoder makes one as soon as it can."""
        self._encoder.ask_key_frame()

    def set_bitrate(self, bitrate: int) -> None:
        """Encode within it."""
        self._encoder.set_bitrate(min(bitrate, self._most))

    def seal(self, seal: FrameSeal) -> None:
        """Seal each frame before it is cut."""
        self._cutter.seal(seal)

    def conceal(self, concealment: Concealment) -> None:
        """Pad each frame, if that is asked for."""
        if concealment.padding:
            self._cutter.pad()


def _thinned(frames: Iterator[TimedFrame], rate: int) -> Iterator[TimedFrame]:
    """Not more pictures per second than `rate`."""
    earliest = 0.0
    for frame in frames:
        if frame.at >= earliest:
            earliest = frame.at + _EARLY / rate
            yield frame


class FileAudio:
    """The sound of a file."""

    name: MediaSource = "microphone"
    codec = "opus"

    def __init__(self, path: str, *, loop: bool) -> None:
        """Decodes the first piece; raises ClientError."""
        self._pieces = _pieces(path, Reader(path, "audio", loop=loop).frames())
        self._next = next(self._pieces, None)
        if self._next is None:
            raise ClientError(f"{path} has no sound that can be decoded.")
        self._encoder = OpusEncoder("stereo")
        self._cutter = Cutter(self.codec)

    def due(self) -> float | None:
        """When the next piece of 20 ms is to be heard."""
        return None if self._next is None else self._next[0]

    def produce(self, *, now: float) -> list[MediaPacket]:
        """Encode it, and decode the one after it; raises ClientError."""
        del now
        assert self._next is not None
        at, sound = self._next
        frames = self._encoder.encode(sound, round(at * AUDIO_CLOCK), level=level(sound))
        self._next = next(self._pieces, None)
        return self._cutter.cut(frames)

    def ask_key_frame(self) -> None:
        """Each piece is one."""

    def set_bitrate(self, bitrate: int) -> None:
        """Sound is small: it stays as it is."""

    def seal(self, seal: FrameSeal) -> None:
        """Seal each frame before it is cut."""
        self._cutter.seal(seal)

    def conceal(self, concealment: Concealment) -> None:
        """Encode and pad each piece accordingly."""
        self._encoder = OpusEncoder("stereo", constant_rate=concealment.constant_rate)
        if concealment.padding:
            self._cutter.pad()


def _pieces(path: str, frames: Iterator[TimedFrame]) -> Iterator[tuple[float, av.AudioFrame]]:
    """The sound in pieces that Opus takes, each with its time; raises ClientError."""
    at = 0.0
    resampler = None
    for timed in frames:
        assert isinstance(timed.frame, av.AudioFrame)
        if timed.begins_lap:
            at = timed.at
            resampler = av.AudioResampler("s16", "stereo", AUDIO_CLOCK, frame_size=PIECE)
        assert resampler is not None
        timed.frame.pts = None  # its own times were checked by the reader
        try:
            resampled = resampler.resample(timed.frame)
        except (av.FFmpegError, ValueError) as error:
            raise ClientError(f"{path} changes its sound on the way.") from error
        for piece in resampled:
            yield at, piece
            at += PIECE / AUDIO_CLOCK
