"""Whether two streams show or sound the same, whatever bytes say so."""

from __future__ import annotations

from bisect import bisect_left
from statistics import mean
from typing import TYPE_CHECKING, Final

from sfu_clients.verify.pairing.rates import pearson

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sfu_clients.verify.reading.readability import Reading

MIN_ALIKE: Final = {"video": 0.9, "audio": 0.8}
"""Correlation of brightness, point by point, or of loudness, from which on it is the same."""

_REACH: Final = 3.0
_STEP: Final = 0.02
_MIN_COMMON: Final = 20
_MAX_COMPARED: Final = 40
_NEAR: Final = 0.03

Content = list[tuple[float, tuple[float, ...]]]


def likeness(ours: Reading, theirs: Reading, *, lag: float) -> tuple[float, float]:
    """The best correlation within three seconds of a lag, and where; 0 where nothing compares."""
    sound = ours.codec == "opus"
    if sound != (theirs.codec == "opus"):
        return 0.0, lag
    best = 0.0, lag
    steps = int(_REACH / _STEP)
    times = [at for at, _ in theirs.content]
    for shift in range(-steps, steps + 1):
        moment = lag + shift * _STEP
        common = _common(ours.content, theirs.content, times, moment)
        if len(common) >= _MIN_COMMON:
            best = max(best, (_alike(common, sound=sound), moment))
    return best


def _common(
    ours: Content, theirs: Content, times: Sequence[float], lag: float
) -> list[tuple[tuple[float, ...], tuple[float, ...]]]:
    """What was shown at the same time, evenly spread."""
    common = []
    for at, shown in ours:
        place = bisect_left(times, at + lag - _NEAR)
        if place < len(times) and times[place] <= at + lag + _NEAR:
            common.append((shown, theirs[place][1]))
    return common


def _alike(common: Sequence[tuple[tuple[float, ...], tuple[float, ...]]], *, sound: bool) -> float:
    if sound:
        return pearson([one[0] for one, _ in common], [other[0] for _, other in common])
    step = max(1, len(common) // _MAX_COMPARED)
    return mean(pearson(one, other) for one, other in common[::step])
