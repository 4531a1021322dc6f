"""Pairs streams by how much they send when: what is left if every packet was made anew."""

from __future__ import annotations

from math import log1p, sqrt
from typing import TYPE_CHECKING, Final

from sfu_clients.verify.pairing.pair import How, Pair, within

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sfu_clients.verify.streams.stream import Stream

BIN: Final = 0.2
MAX_OFFSET: Final = 30.0
MIN_BINS: Final = 25
MIN_CORRELATION: Final = 0.6
MIN_AHEAD: Final = 0.15
"""How far another time must be behind the best one."""

_BESIDE: Final = 5
_TRUST: Final = 0.7
"""What a perfect correlation of rates is worth."""


def pair_by_rates(sent: Stream, received: Stream) -> Pair | None:
    """The pair of these two, if their rates go up and down together at one time only."""
    zero = min(sent.first_time, received.first_time)
    ours, theirs = _rates(sent, zero), _rates(received, zero)
    reach = int(MAX_OFFSET / BIN)
    found = {
        shift: correlation(ours, theirs, shift, least=MIN_BINS)
        for shift in range(-reach, reach + 1)
    }
    best = max(found, key=lambda shift: found[shift])
    second = max(value for shift, value in found.items() if abs(shift - best) > _BESIDE)
    if found[best] < MIN_CORRELATION or found[best] - second < MIN_AHEAD:
        return None
    compared = len(within(received, sent, best * BIN))
    confidence = _TRUST * found[best]
    return Pair(sent, received, How.RATES, confidence, lag=best * BIN, compared=compared)


def _rates(stream: Stream, zero: float) -> dict[int, float]:
    """Bytes in each piece of time, on a scale on which key frames are not all that counts."""
    sums: dict[int, int] = {}
    for at, size in zip(stream.times, stream.sizes, strict=True):
        place = int((at - zero) / BIN)
        sums[place] = sums.get(place, 0) + size
    inner = range(min(sums, default=0) + 1, max(sums, default=0))
    return {place: log1p(sums.get(place, 0)) for place in inner}


def correlation(
    ours: dict[int, float], theirs: dict[int, float], shift: int, *, least: int
) -> float:
    """Pearson's, of what lies `shift` apart; 0 if that is less than `least` values."""
    common = [place for place in ours if place + shift in theirs]
    if len(common) < least:
        return 0.0
    return pearson([ours[place] for place in common], [theirs[place + shift] for place in common])


def pearson(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """From -1 to 1; 0 where one of the two does not change."""
    count = len(ours)
    mean, other = sum(ours) / count, sum(theirs) / count
    spread = sum((value - mean) ** 2 for value in ours)
    other_spread = sum((value - other) ** 2 for value in theirs)
    if spread <= 0 or other_spread <= 0:
        return 0.0
    both = sum((a - mean) * (b - other) for a, b in zip(ours, theirs, strict=True))
    return both / sqrt(spread * other_spread)
