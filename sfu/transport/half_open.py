"""How many DTLS handshakes may be under way, in all and from one host."""

from collections import Counter
from typing import Final

MAX_HALF_OPEN: Final = 1024
"""Of everybody; a handshake takes a few milliseconds of computing and some ten kilobytes."""

MAX_HALF_OPEN_OF_HOST: Final = 64
"""Of one host: a class that joins from behind one NAT fits, a flood does not."""


class HalfOpen:
    """Counts handshakes between their first datagram and their end."""

    def __init__(self) -> None:
        self._hosts: Counter[str] = Counter()
        self._all = 0

    def enter(self, host: str) -> bool:
        """Whether one more may begin; if so, it counts until it leaves."""
        if self._all >= MAX_HALF_OPEN or self._hosts[host] >= MAX_HALF_OPEN_OF_HOST:
            return False
        self._all += 1
        self._hosts[host] += 1
        return True

    def leave(self, host: str) -> None:
        """One that entered is over, well or not."""
        self._all -= 1
        self._hosts[host] -= 1
        if not self._hosts[host]:
            del self._hosts[host]
