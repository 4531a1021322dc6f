"""Media files, made when a test needs one."""

from fractions import Fraction
from pathlib import Path
from typing import Final

import av
from av.audio.stream import AudioStream
from av.video.stream import VideoStream

from sfu_clients.media.encoders import AUDIO_CLOCK
from sfu_clients.media.pattern import Pattern
from sfu_clients.media.tone import PIECE, Tone

SIZE: Final = (320, 180)
RATE: Final = 20
OLD: Final = 1e9
"""The time in its pictures: long ago."""


def write_film(
    path: Path, *, seconds: float, video: bool = True, audio: bool = True, old: float = OLD
) -> None:
    """Write pictures (H.264) and a tone (AAC); the suffix of the path chooses the container."""
    with av.open(path, "w") as file:
        if video:
            pictures = file.add_stream("libx264", rate=RATE, options={"preset": "ultrafast"})
            pictures.width, pictures.height = SIZE
            pictures.pix_fmt = "yuv420p"
        if audio:
            sound = file.add_stream("aac", rate=AUDIO_CLOCK, layout="mono")
        if video:
            _draw(file, pictures, round(seconds * RATE), old)
        if audio:
            _play(file, sound, round(seconds * AUDIO_CLOCK / PIECE))


def _draw(
    file: av.container.OutputContainer, stream: VideoStream, pictures: int, old: float
) -> None:
    pattern = Pattern(*SIZE)
    for number in range(pictures):
        picture = pattern.draw(number, old + number / RATE)
        picture.pts, picture.time_base = number, Fraction(1, RATE)
        file.mux(stream.encode(picture))
    file.mux(stream.encode(None))


def _play(file: av.container.OutputContainer, stream: AudioStream, pieces: int) -> None:
    tone = Tone()
    for number in range(pieces):
        piece = tone.piece(number)
        piece.pts, piece.time_base = number * PIECE, Fraction(1, AUDIO_CLOCK)
        file.mux(stream.encode(piece))
    file.mux(stream.encode(None))
