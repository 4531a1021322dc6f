"""Decoding: what a decoder makes of frames, right or wrong; the only place with PyAV."""

from array import array
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Final, NamedTuple, cast

import av

MAX_PIXELS: Final = 4096 * 2304
"""Of a picture; a larger one is somebody's attempt to fill our memory."""

COLUMNS: Final = 64
ROWS: Final = 48
"""So many places of a picture are looked at."""

THUMBNAIL: Final = 160
"""Points of the longer side of a thumbnail."""

COARSENESS: Final = (4, 8, 16, 31)
"""Quantizers of its JPEG, from the best; the first that makes it small enough is taken."""

_LIBRARIES: Final = {
    "opus": ("libopus", {}),
    "VP8": ("vp8", {}),
    "VP9": ("libvpx-vp9", {}),
    "H264": ("h264", {}),
    "AV1": ("libdav1d", {"alllayers": "0", "max_frame_delay": "1"}),
}

av.logging.set_level(av.logging.PANIC)


class Picture(NamedTuple):
    """The brightness of a grid of places, row by row."""

    width: int
    height: int
    luma: bytes


def pictures(codec: str, frames: Sequence[bytes]) -> Iterator[Picture]:
    """The pictures that come of frames; whatever the decoder refuses shows none."""
    for decoded in _decode(codec, frames):
        frame = cast("av.VideoFrame", decoded)
        plane = frame.planes[0]
        data, width, height = bytes(plane), frame.width, frame.height
        step, rows = max(1, width // COLUMNS), max(1, height // ROWS)
        luma = b"".join(
            data[row * plane.line_size : row * plane.line_size + width : step]
            for row in range(0, height, rows)
        )
        yield Picture(width, height, luma)


def thumbnail(codec: str, frames: Sequence[bytes], *, most: int) -> bytes | None:
    """The last picture that comes of frames, as a JPEG of at most so many bytes."""
    last = None
    for last in _decode(codec, frames):  # noqa: B007 - the last one is wanted
        pass
    if last is None:
        return None
    frame = cast("av.VideoFrame", last)
    scale = min(1.0, THUMBNAIL / max(frame.width, frame.height))
    width, height = (max(2, round(side * scale / 2) * 2) for side in (frame.width, frame.height))
    small = frame.reformat(width, height, "yuvj420p", threads=1)
    tries = (_jpeg(small, coarseness) for coarseness in COARSENESS)
    return next((jpeg for jpeg in tries if len(jpeg) <= most), None)


def _jpeg(frame: av.VideoFrame, coarseness: int) -> bytes:
    context = av.CodecContext.create("mjpeg", "w")
    context.width, context.height, context.pix_fmt = frame.width, frame.height, "yuvj420p"
    context.time_base = Fraction(1, 1)
    context.thread_count = 1
    context.qmin = context.qmax = coarseness
    frame.pts = 0
    return b"".join(bytes(packet) for packet in (*context.encode(frame), *context.encode(None)))


def sounds(frames: Sequence[bytes], *, most: int) -> Iterator[Sequence[float]]:
    """The first `most` samples of one channel, from -1 to 1, of each frame that decodes."""
    for decoded in _decode("opus", frames):
        frame = cast("av.AudioFrame", decoded)
        floats = "flt" in frame.format.name
        values = array("f" if floats else "h")
        data = bytes(frame.planes[0])
        values.frombytes(data[: len(data) // values.itemsize * values.itemsize])
        step = 1 if frame.format.is_planar else frame.layout.nb_channels
        chosen = values[: min(frame.samples, most) * step : step]
        yield chosen if floats else array("f", map((1 / 32768).__mul__, chosen))


def _decode(codec: str, frames: Sequence[bytes]) -> Iterator[av.VideoFrame | av.AudioFrame]:
    library, options = _LIBRARIES[codec]
    context = av.CodecContext.create(library, "r")
    context.options = {**options, "max_pixels": str(MAX_PIXELS)}
    context.thread_count = 1
    for data in frames:
        try:
            decoded = context.decode(av.Packet(data))  # type: ignore[attr-defined]
        except (av.FFmpegError, MemoryError):
            continue
        yield from decoded[-1:]
