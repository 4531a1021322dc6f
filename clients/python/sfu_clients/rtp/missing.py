"""Which packets of a received stream are missing, and when to ask for each."""

from dataclasses import dataclass
from typing import Final

REORDER_SECONDS: Final = 0.010
AGAIN_SECONDS: Final = 0.100
MAX_TRIES: Final = 8
MAX_MISSING: Final = 500


@dataclass(slots=True)
class _Missing:
    ask_at: float
    tries: int = 0


class Missing:
    """The holes of one stream, by 64-bit sequence number."""

    def __init__(self) -> None:
        self._holes: dict[int, _Missing] = {}
        self._highest: int | None = None
        self.recovered = 0

    def note(self, sequence: int, *, now: float) -> None:
        """This packet came, for the first time."""
        if self._highest is None:
            self._highest = sequence
        if sequence > self._highest:
            for number in range(max(self._highest + 1, sequence - MAX_MISSING), sequence):
                self._holes[number] = _Missing(now + REORDER_SECONDS)
            self._highest = sequence
            self.forget_before(sequence - MAX_MISSING)
        else:
            hole = self._holes.pop(sequence, None)
            self.recovered += hole is not None and hole.tries > 0

    def due(self, *, now: float) -> list[int]:
        """The numbers to ask for now, at most 250."""
        asked: list[int] = []
        for number, hole in list(self._holes.items()):
            if hole.tries == MAX_TRIES:
                del self._holes[number]
            elif hole.ask_at <= now and len(asked) < 250:  # noqa: PLR2004 - what one NACK holds
                hole.tries += 1
                hole.ask_at = now + AGAIN_SECONDS
                asked.append(number)
        return asked

    def forget_before(self, sequence: int) -> None:
        """Nothing before this number is of use any more."""
        while self._holes and (number := next(iter(self._holes))) < sequence:  # they are in order
            del self._holes[number]
