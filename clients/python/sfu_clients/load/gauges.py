"""What is measured: times in a histogram, and how much of its own core this process has left."""

import time
from collections.abc import Iterable
from typing import Final

LATE_SECONDS: Final = 0.015
"""A packet that leaves so much after it was due is late: the tick is 5 ms."""

_EXACT_BITS: Final = 7
_BUCKETS: Final = 30 << _EXACT_BITS - 1  # up to half an hour


class Histogram:
    """Times in buckets that are at most 1.6 % wide, from a microsecond on."""

    __slots__ = ("_counts", "count")

    def __init__(self) -> None:
        self.count = 0
        self._counts = [0] * _BUCKETS

    def clear(self) -> None:
        """Forget all."""
        self.count = 0
        self._counts = [0] * _BUCKETS

    def note(self, seconds: float) -> None:
        """Count one time; what is negative, since clocks are set, counts as none."""
        value = int(seconds * 1e6)
        if value < 0:
            value = 0
        shift = value.bit_length() - _EXACT_BITS
        place = value if shift <= 0 else (shift << _EXACT_BITS - 1) + (value >> shift)
        self._counts[place if place < _BUCKETS else -1] += 1
        self.count += 1

    def percentile(self, part: float) -> float | None:
        """The time, in milliseconds, that `part` of all do not exceed; None without any."""
        wanted, seen = part * self.count, 0
        for place, count in enumerate(self._counts):
            seen += count
            if count and seen >= wanted:
                return round(_middle(place) / 1000, 3)
        return None


def _middle(place: int) -> float:
    """Of a bucket, in microseconds."""
    shift = (place >> _EXACT_BITS - 1) - 1
    if shift <= 0:
        return place
    value = place - (shift << _EXACT_BITS - 1) << shift
    return value + ((1 << shift) - 1) / 2


def percentile_of(seconds: Iterable[float], part: float) -> float | None:
    """The same of a few times, exactly."""
    ordered = sorted(seconds)
    if not ordered:
        return None
    place = min(len(ordered) - 1, int(part * len(ordered)))
    return round(1000 * ordered[place], 1)


class Effort:
    """How much of one core this process uses, and how late its loop is."""

    def __init__(self) -> None:
        self.lag = Histogram()
        """How late the tick was."""
        self.sent = self.sent_late = 0
        """Packets, and those that left later than LATE_SECONDS after they were due."""
        self._began = (time.monotonic(), time.process_time())

    def restart(self) -> None:
        """Measure from now on."""
        self.lag.clear()
        self.sent = self.sent_late = 0
        self._began = (time.monotonic(), time.process_time())

    def share(self) -> float:
        """CPU time by wall-clock time so far: 1 is a whole core."""
        wall, cpu = self._began
        passed = time.monotonic() - wall
        return (time.process_time() - cpu) / passed if passed > 0 else 0.0
