"""The moment at which somebody wants to be woken: the earliest that anybody asked for."""

from typing import Final

NEVER: Final = float("inf")


class Alarm:
    """Shared by the parts of one router, so that asking for its next timeout costs nothing."""

    __slots__ = ("at",)

    def __init__(self) -> None:
        self.at = NEVER  # seconds, on the clock of `now`

    def by(self, moment: float) -> None:
        """Ask to be woken at `moment` or before."""
        if moment < self.at:  # noqa: PLR1730 - on the path of a packet; min() costs twice as much
            self.at = moment
