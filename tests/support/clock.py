"""A clock that jumps from one appointment to the next."""

import heapq
from collections.abc import Callable
from itertools import count


class VirtualClock:
    """Seconds that pass only when told to; everything due in between happens in its order."""

    def __init__(self, now: float = 0.0) -> None:
        self.now = now
        self._appointments: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()

    def at(self, moment: float, action: Callable[[], None]) -> None:
        """Do this then; what is due at the same moment happens in the order of asking."""
        heapq.heappush(self._appointments, (max(moment, self.now), next(self._order), action))

    def every(self, seconds: float, action: Callable[[], None]) -> None:
        """Do this now, and again and again."""
        action()
        self.at(self.now + seconds, lambda: self.every(seconds, action))

    def run(self, seconds: float) -> None:
        """Let so much time pass."""
        until = self.now + seconds
        while self._appointments and self._appointments[0][0] <= until:
            self.now, _, action = heapq.heappop(self._appointments)
            action()
        self.now = until
