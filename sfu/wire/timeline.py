"""When the frames of a stream are to be shown, from their RTP timestamps and their arrival."""

from typing import Final

TOLERANCE_MILLISECONDS: Final = 500
"""How far both clocks may be apart before arrival decides again: after a pause, for instance."""


class Timeline:
    """Follows the stream's own clock, which has no jitter, as long as it agrees with ours."""

    def __init__(self, clock_rate: int) -> None:
        self._clock_rate = clock_rate
        self._origin: tuple[int, int] | None = None  # a timestamp, and its milliseconds
        self._last = -1

    def place(self, timestamp: int, at: int) -> int:
        """Return the milliseconds at which to show what arrived at `at`; they rise."""
        told = at
        if self._origin is not None:
            begun, began_at = self._origin
            told = began_at + round((timestamp - begun) * 1000 / self._clock_rate)
        if self._origin is None or abs(told - at) > TOLERANCE_MILLISECONDS:
            self._origin = timestamp, at
            told = at
        self._last = max(self._last + 1, told)
        return self._last
