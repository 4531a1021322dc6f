"""What a decoder makes of frames: how many it shows, and how steady that is."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from itertools import pairwise
from math import log10
from statistics import median
from typing import TYPE_CHECKING, Final

import av

from sfu_clients.media.decoders import Decoder, Undecodable

if TYPE_CHECKING:
    from collections.abc import Sequence

COLUMNS: Final = 16
ROWS: Final = 9
"""Points of a picture that are looked at."""

_SILENCE: Final = 1e-8
_FULL_SCALE: Final = 32_768.0
_SAMPLES: Final = 240
"""Of a piece of sound that are enough to know its loudness."""


@dataclass(slots=True)
class Decoded:
    """What came out, each with its place among the frames."""

    given: int
    shown: list[tuple[int, tuple[float, ...]]] = field(default_factory=list)
    """Of a picture the brightness of some points, 0 to 255; of sound the loudness in dB."""

    @property
    def share(self) -> float:
        """Part of the frames that showed something, from the first that did."""
        if not self.shown:
            return 0.0
        return len(self.shown) / (self.given - self.shown[0][0])

    @property
    def step(self) -> float:
        """How much usually changes from one to the next; infinite if too little was shown."""
        steps = [_difference(one, other) for (_, one), (_, other) in pairwise(self.shown)]
        return median(steps) if len(steps) > 1 else float("inf")


def _difference(one: Sequence[float], other: Sequence[float]) -> float:
    return sum(abs(a - b) for a, b in zip(one, other, strict=True)) / len(one)


def decode(codec: str, frames: Sequence[bytes]) -> Decoded:
    """Decode these, in order, with a decoder of their own."""
    decoder, decoded = Decoder(codec), Decoded(len(frames))
    for place, frame in enumerate(frames):
        try:
            shown = decoder.decode(frame)
        except Undecodable:
            continue
        if isinstance(shown, av.VideoFrame):
            decoded.shown.append((place, _points(shown)))
        elif shown is not None:
            decoded.shown.append((place, (_loudness(shown),)))
    return decoded


def _points(picture: av.VideoFrame) -> tuple[float, ...]:
    plane = picture.planes[0]
    luma, stride = bytes(plane), plane.line_size
    return tuple(
        float(luma[picture.height * (2 * row + 1) // (2 * ROWS) * stride + _x(picture, column)])
        for row in range(ROWS)
        for column in range(COLUMNS)
    )


def _x(picture: av.VideoFrame, column: int) -> int:
    return picture.width * (2 * column + 1) // (2 * COLUMNS)


def _loudness(sound: av.AudioFrame) -> float:
    """In dB below full scale, of the first channel, or of both where they alternate."""
    is_float = sound.format.name.startswith("flt")
    samples = array("f" if is_float else "h")
    samples.frombytes(bytes(sound.planes[0]))
    scale = 1.0 if is_float else _FULL_SCALE
    heard = samples[:: max(1, len(samples) // _SAMPLES)]
    power = sum((one / scale) ** 2 for one in heard) / max(1, len(heard))
    return 10 * log10(power + _SILENCE)
