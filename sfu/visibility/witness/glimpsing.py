"""Glimpses: what people are shown of a sample that the witness could read."""

from cmath import exp, pi
from collections.abc import Sequence
from itertools import pairwise
from math import cos, log10
from operator import add, mul, sub
from typing import Final

from sfu.visibility.samples import LOUDEST, MAX_COLUMNS, MAX_PICTURE, SILENCE, Glimpse
from sfu.visibility.witness.decoding import sounds, thumbnail

MOST_SAMPLES: Final = 2880
"""Of a packet: those of 60 ms, at 48 kHz."""

POINTS: Final = 256
"""Of a spectrum, at 24 kHz: two samples make a point."""

EDGES: Final = (1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 17, 20, 24, 29, 35, 42, 51, 62, 80, 107)
"""Where bands begin and end, in steps of 94 Hz: even below, by ear above, up to 10 kHz."""

FAINTEST: Final = -75.0
STEP: Final = 5.0
"""Decibels of level 0, and from one level to the next."""

_TURNS: Final = {
    size: [exp(-2j * pi * place / size) for place in range(size // 2)]
    for size in (2**power for power in range(2, POINTS.bit_length()))
}
_WINDOW: Final = [0.5 - 0.5 * cos(2 * pi * place / POINTS) for place in range(POINTS)]

_FULL: Final = sum(_WINDOW) ** 2
"""The energy of the loudest tone there is, in its band: each point was added up from two."""


def glimpse_of(codec: str, frames: Sequence[bytes]) -> Glimpse:
    """What there is to be seen or heard in frames that decode."""
    if codec != "opus":
        return Glimpse(picture=thumbnail(codec, frames, most=MAX_PICTURE))
    heard = [list(sound) for sound in sounds(frames[:MAX_COLUMNS], most=MOST_SAMPLES)]
    return Glimpse(loudness=tuple(map(loudness, heard)), spectrogram=tuple(map(column, heard)))


def loudness(sound: Sequence[float]) -> int:
    """In dB: 0 is a square wave that fills the range."""
    return _decibels(sum(map(mul, sound, sound)) / max(1, len(sound)))


def column(sound: Sequence[float]) -> tuple[int, ...]:
    """How much there is in each band, as a level, in the middle of a piece of sound."""
    start = max(0, len(sound) // 2 - POINTS)
    middle = [*sound[start : start + 2 * POINTS], *[0.0] * (2 * POINTS)][: 2 * POINTS]
    points = map(sum, zip(middle[::2], middle[1::2], strict=True))
    energies = [abs(value) ** 2 for value in _spectrum(list(map(mul, points, _WINDOW)))]
    bands = (sum(energies[low:high]) / _FULL for low, high in pairwise(EDGES))
    return tuple(map(_level, bands))


def _level(energy: float) -> int:
    return max(0, min(LOUDEST, round((_decibels(energy) - FAINTEST) / STEP)))


def _decibels(energy: float) -> int:
    return max(SILENCE, min(0, round(10 * log10(energy + 1e-12))))


def _spectrum(points: Sequence[complex]) -> Sequence[complex]:
    """The discrete Fourier transform, by halves."""
    if len(points) == 2:  # noqa: PLR2004 - the last halves
        return points[0] + points[1], points[0] - points[1]
    even, odd = _spectrum(points[::2]), _spectrum(points[1::2])
    turned = list(map(mul, _TURNS[len(points)], odd))
    return [*map(add, even, turned), *map(sub, even, turned)]
