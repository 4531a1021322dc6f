"""How many of something there may be at a time: in all, and from one host."""

from collections import Counter


class Quota:
    """Counts what has entered and not left."""

    def __init__(self, *, most: int, most_of_host: int) -> None:
        self._most = most
        self._most_of_host = most_of_host
        self._hosts: Counter[str] = Counter()
        self._all = 0

    def enter(self, host: str) -> bool:
        """Whether one more may come in; if so, it counts until it leaves."""
        if self._all >= self._most or self._hosts[host] >= self._most_of_host:
            return False
        self._all += 1
        self._hosts[host] += 1
        return True

    def leave(self, host: str) -> None:
        """One that entered is gone."""
        self._all -= 1
        self._hosts[host] -= 1
        if not self._hosts[host]:
            del self._hosts[host]
