"""A window: how much of one stream came within a tenth of a second, and nothing else of it."""

from __future__ import annotations

from typing import Final, NamedTuple

WINDOW_SECONDS: Final = 0.1
"""Five packets of usual sound: with 0.2 s the guesses are as good, and later."""


class Window(NamedTuple):
    """Headers and padding count as bytes: who sees datagrams cannot tell them apart."""

    seconds: float
    packets: int
    bytes: int

    @property
    def mean(self) -> float:
        """Bytes of a packet; 0 where there is none."""
        return self.bytes / self.packets if self.packets else 0.0

    @property
    def rate(self) -> float:
        """Bytes per second."""
        return self.bytes / self.seconds
