"""Changes of layer, resolution or scene: the rate of a stream of pictures changes, and stays so."""

from __future__ import annotations

from collections import deque
from statistics import median
from typing import TYPE_CHECKING, Final

from sfu.visibility.inference.models import CHANGE

if TYPE_CHECKING:
    from sfu.visibility.inference.window import Window

LASTING: Final = 20
"""Windows: what lasts shorter is a key frame, or a movement."""


class Changes:
    """Counts them as soon as most of the last windows are of another rate."""

    def __init__(self, *, factor: float = CHANGE) -> None:
        self.count = 0
        self._factor = factor
        self._rates: deque[float] = deque(maxlen=2 * LASTING)

    def feed(self, window: Window) -> int:
        """How many windows ago a change began that has lasted long enough by now; else 0."""
        self._rates.append(window.rate)
        if len(self._rates) < 2 * LASTING:
            return 0
        rates = list(self._rates)
        before, after = median(rates[:LASTING]), median(rates[LASTING:])
        if max(before, after) < self._factor * max(1.0, min(before, after)):
            return 0
        self.count += 1
        for _ in range(LASTING):  # the next one is measured by what is now
            self._rates.popleft()
        return LASTING // 2
