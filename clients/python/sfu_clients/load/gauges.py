"""What is measured: times in a histogram, and how much of its own core this process has left."""

import time
from collections.abc import Iterable
from pathlib import Path
from typing import Final

LATE_SECONDS: Final = 0.015
"""A packet that leaves so much after it was due is late: the tick is 5 ms."""

_SCHEDSTAT: Final = Path("/proc/self/schedstat")
_EXACT_BITS: Final = 7
_BUCKETS: Final = 26 << _EXACT_BITS - 1  # up to half an hour; the last takes all beyond


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
        value = max(int(seconds * 1e6), 0)
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
    """How much of one core this process uses, what it waits for it, and how late its loop is."""

    def __init__(self) -> None:
        self.lag = Histogram()
        """How late the tick was."""
        self.sent = self.sent_late = 0
        """Packets, and those that left later than LATE_SECONDS after they were due."""
        self._began = _standing()

    def restart(self) -> None:
        """Measure from now on."""
        self.lag.clear()
        self.sent = self.sent_late = 0
        self._began = _standing()

    def shares(self) -> tuple[float, float]:
        """Of the time so far: used of a core, and waited for one that others had."""
        spans = zip(self._began, _standing(), strict=True)
        passed, used, waited = (after - before for before, after in spans)
        return (used / passed, waited / passed) if passed > 0 else (0.0, 0.0)


def _standing() -> tuple[float, float, float]:
    """Seconds of the clock, of CPU time, and ready to run but without a core (Linux)."""
    try:
        waited = int(_SCHEDSTAT.read_text().split()[1]) / 1e9
    except (OSError, IndexError, ValueError):
        waited = 0.0
    return time.monotonic(), time.process_time(), waited
