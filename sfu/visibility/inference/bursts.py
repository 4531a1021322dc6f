"""Key frames of a stream of pictures: short bursts of much more than is usual there."""

from __future__ import annotations

from collections import deque
from statistics import median
from typing import TYPE_CHECKING, Final

from sfu.visibility.inference.models import BURST_EXCESS, BURST_RISE

if TYPE_CHECKING:
    from sfu.visibility.inference.window import Window

MEMORY: Final = 20
"""Windows outside bursts that say what is usual."""

LONGEST: Final = 6
"""Windows that a key frame may take, by its sender's pacing: what goes on longer is movement."""


class Bursts:
    """Counts them when they are over."""

    def __init__(self, *, rise: float = BURST_RISE, excess: float = BURST_EXCESS) -> None:
        self.count = 0
        self._rise, self._excess = rise, excess
        self._usual: deque[float] = deque(maxlen=MEMORY)
        self._burst: list[float] = []  # rates since it began, windows without a packet before it
        self._high = False

    def feed(self, window: Window) -> int:
        """How many windows ago a burst began that is over now; 0 if none is."""
        rate = window.rate
        if len(self._usual) < MEMORY:
            self._usual.append(rate)
            return 0
        usual = max(1.0, median(self._usual))
        if rate > self._rise * usual:
            self._burst.append(rate)
            self._high = True
        elif self._high or rate or len(self._burst) == LONGEST:
            return self._end(rate, usual)
        else:
            self._burst.append(rate)  # a network that holds packets back makes a burst of them
        if len(self._burst) > LONGEST and self._high:
            self._become_usual()
        return 0

    def _end(self, rate: float, usual: float) -> int:
        length, excess = len(self._burst), sum(self._burst) - usual * len(self._burst)
        found = self._high and excess > self._excess * usual
        if found:
            self._burst.clear()
            self.count += 1
        self._burst.append(rate)
        self._become_usual()
        return length if found else 0

    def _become_usual(self) -> None:
        self._usual.extend(self._burst)
        self._burst.clear()
        self._high = False
