"""A histogram of short times, as cheap as one count per observation."""

from bisect import bisect_left
from typing import Final

BOUNDS: Final = (25e-6, 50e-6, 1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 1e-2, 2e-2, 5e-2, 0.1)
"""Upper bounds of the buckets, in seconds."""


class Histogram:
    """Counts per bucket; the last one has no upper bound."""

    def __init__(self) -> None:
        self.bounds = BOUNDS
        self.counts = [0] * (len(BOUNDS) + 1)
        self.total = 0.0
        """Sum of what was noted, in seconds."""

    def note(self, seconds: float) -> None:
        """Count one observation."""
        self.counts[bisect_left(self.bounds, seconds)] += 1
        self.total += seconds
