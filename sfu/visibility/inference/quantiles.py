"""Where the values of a stream lie, for the last minute: its own measure of small and large."""

from __future__ import annotations

from collections import deque
from typing import Final

REFRESH: Final = 10
"""Values until they are sorted again: each time would cost a hundred streams some % of a core."""


class Quantiles:
    """The tenth, the half and nine tenths of the last `size` values are below these."""

    def __init__(self, size: int) -> None:
        self.low = self.middle = self.high = 0.0
        self._values: deque[float] = deque(maxlen=size)
        self._stale = 0

    def __len__(self) -> int:
        return len(self._values)

    def note(self, value: float) -> None:
        """Take one more."""
        self._values.append(value)
        if self._stale == 0:
            ordered = sorted(self._values)
            count = len(ordered)
            self.low = ordered[count // 10]
            self.middle = ordered[count // 2]
            self.high = ordered[count * 9 // 10]
        self._stale = (self._stale + 1) % REFRESH
