"""Reads what is in a media file, frame by frame, each with its time; nothing in it is trusted."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import av
from av.container import InputContainer
from av.stream import Disposition, Stream

from sfu_clients.errors import ClientError
from sfu_clients.media.decoders import MAX_PIXELS

MAX_VAIN: Final = 1000
"""Packets in a row of which nothing can be decoded: the file is broken."""

MAX_PAUSE: Final = 10.0
"""Seconds between two frames; a larger step, or one back, is a mistake of the file's."""

MIN_LAP: Final = 0.1
"""A file that says it is shorter does not know."""

_USUAL_STEP: Final = 1 / 25
_MICRO: Final = 1_000_000

Kind = Literal["video", "audio"]


@dataclass(frozen=True, slots=True)
class TimedFrame:
    """A picture or a piece of sound, and when it is to be seen or heard, in seconds."""

    at: float
    frame: av.VideoFrame | av.AudioFrame
    begins_lap: bool


class Reader:
    """One stream of a file, from its beginning; over and over, if it is to loop."""

    def __init__(self, path: str, kind: Kind, *, loop: bool) -> None:
        self._path = path
        self._kind = kind
        self._loop = loop

    def frames(self) -> Iterator[TimedFrame]:
        """All frames, none if the file has no such stream; raises ClientError."""
        begins = 0.0
        while True:
            length = 0.0
            with opened(self._path) as container:
                told = (container.duration or 0) / _MICRO
                for at, frame in self._lap(container):
                    if self._loop and told >= MIN_LAP and at >= told:
                        break  # pictures and sound begin again together
                    yield TimedFrame(begins + at, frame, begins_lap=length == 0)
                    length = at + _seconds_of(frame)
            if not self._loop or length == 0:
                return
            begins += min(told, length + MAX_PAUSE) if told >= MIN_LAP else length

    def _lap(
        self, container: InputContainer
    ) -> Iterator[tuple[float, av.VideoFrame | av.AudioFrame]]:
        stream = find_stream(container, self._kind)
        if stream is None:
            return
        begins = (container.start_time or 0) / _MICRO
        at, told_before = 0.0, begins
        for frame in self._decoded(container, stream):
            told = frame.time if frame.time is not None else told_before + _USUAL_STEP
            step = told - told_before
            at += step if 0 <= step <= MAX_PAUSE else _USUAL_STEP
            told_before = told
            yield at, frame

    def _decoded(
        self, container: InputContainer, stream: Stream
    ) -> Iterator[av.VideoFrame | av.AudioFrame]:
        vain = 0
        try:
            for packet in container.demux(stream):
                vain += 1
                for frame in self._decode(packet):
                    vain = 0
                    yield frame
                if vain > MAX_VAIN:
                    raise ClientError(f"{self._path} has too much that cannot be decoded.")
        except (av.FFmpegError, ValueError, MemoryError) as error:
            raise ClientError(f"{self._path} cannot be read further: {_words(error)}.") from error

    @staticmethod
    def _decode(packet: "av.Packet[Stream]") -> list[av.VideoFrame | av.AudioFrame]:
        try:
            return [
                frame
                for frame in packet.decode()
                if isinstance(frame, av.VideoFrame | av.AudioFrame)
            ]
        except av.FFmpegError:
            return []  # what comes after it may be fine


@contextmanager
def opened(path: str) -> Iterator[InputContainer]:
    """Open a file for reading; raises ClientError. What it refers to is not opened."""
    if not Path(path).is_file():
        raise ClientError(f"There is no file {path}.")
    with ExitStack() as stack:
        try:
            file = stack.enter_context(Path(path).open("rb"))
            options = {"protocol_whitelist": "none"}
            container = stack.enter_context(av.open(file, "r", options=options))
        except (av.FFmpegError, OSError, ValueError, MemoryError) as error:
            raise ClientError(f"{path} cannot be read: {_words(error)}.") from error
        yield container


def find_stream(container: InputContainer, kind: Kind) -> Stream | None:
    """The first stream of a kind that can be decoded and is no cover picture."""
    for stream in container.streams:
        cover = stream.disposition & Disposition.attached_pic
        if stream.type == kind and stream.codec_context is not None and not cover:
            stream.codec_context.options = {"max_pixels": str(MAX_PIXELS)}
            return stream
    return None


def _seconds_of(frame: av.VideoFrame | av.AudioFrame) -> float:
    if isinstance(frame, av.AudioFrame):
        return frame.samples / max(1, frame.sample_rate)
    return _USUAL_STEP


def _words(error: BaseException) -> str:
    words = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return f"{words[:1].lower()}{words[1:]}"
