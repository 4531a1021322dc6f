"""Which counters of one key were accepted, so that none is twice."""

from typing import Final

WINDOW: Final = 1024
"""How far behind the highest counter a frame may come."""


class ReplayWindow:
    """A sliding window, as in RFC 3711 section 3.3.2; `accept` only what is authentic."""

    __slots__ = ("_highest", "_seen")

    def __init__(self) -> None:
        self._highest = -1
        self._seen = 0  # bit n: the counter n below the highest

    def is_fresh(self, counter: int) -> bool:
        """Whether this counter may still be accepted."""
        behind = self._highest - counter
        return behind < 0 or (behind < WINDOW and not self._seen >> behind & 1)

    def accept(self, counter: int) -> None:
        """Never take this counter again."""
        ahead = counter - self._highest
        if ahead > 0:
            self._seen = (self._seen << min(ahead, WINDOW) | 1) & (1 << WINDOW) - 1
            self._highest = counter
        else:
            self._seen |= 1 << -ahead
