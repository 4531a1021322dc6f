"""Which packets of a published stream are missing, and when to ask for each."""

from typing import Final

from sfu.media.alarm import NEVER, Alarm

REORDER_WAIT: Final = 0.010
"""Seconds that a packet may be late before it is asked for: most reordering is over by then."""

MIN_INTERVAL: Final = 0.020
MAX_INTERVAL: Final = 0.500
"""Bounds, in seconds, of the round trip that is waited for between two requests."""

MAX_TRIES: Final = 10
MAX_MISSING: Final = 500


class _Missing:
    __slots__ = ("ask_at", "tries")

    def __init__(self, ask_at: float) -> None:
        self.ask_at = ask_at
        self.tries = 0


class MissingPackets:
    """The holes of one stream by 64-bit sequence number, oldest first.

    Everything is bounded: so many holes at once, so many requests for each.
    """

    __slots__ = ("_alarm", "_missing", "abandoned", "requested")

    def __init__(self, alarm: Alarm) -> None:
        self._alarm = alarm
        self._missing: dict[int, _Missing] = {}
        self.requested = 0  # numbers asked for, repetitions included
        self.abandoned = 0  # numbers given up: asked for too often, or too many

    def __len__(self) -> int:
        """How many packets are missing and not given up."""
        return len(self._missing)

    def note_gap(self, first: int, end: int, *, now: float) -> bool:
        """Packets from `first` up to `end` (exclusive) did not come before `end` did.

        False if that makes too many: then all are forgotten, and only a key frame can help.
        """
        if len(self._missing) + end - first > MAX_MISSING:
            self.abandoned += len(self._missing) + end - first
            self._missing.clear()
            return False
        ask_at = now + REORDER_WAIT
        for sequence in range(first, end):
            self._missing[sequence] = _Missing(ask_at)
        self._alarm.by(ask_at)
        return True

    def note_arrival(self, sequence: int) -> None:
        """A late or retransmitted packet came."""
        self._missing.pop(sequence, None)

    def forget_before(self, sequence: int) -> None:
        """Nobody needs what is older than this: a key frame begins here, or a new sequence."""
        for missing in [number for number in self._missing if number < sequence]:
            del self._missing[missing]

    def due(self, *, now: float, round_trip: float) -> list[int]:
        """Return the numbers to ask for now, in order, and set when to ask again."""
        if not self._missing:
            return []
        interval = min(MAX_INTERVAL, max(MIN_INTERVAL, round_trip))
        numbers = []
        next_at = NEVER
        for sequence, missing in list(self._missing.items()):
            if missing.ask_at <= now:
                if missing.tries == MAX_TRIES:
                    del self._missing[sequence]
                    self.abandoned += 1
                    continue
                missing.tries += 1
                missing.ask_at = now + interval
                numbers.append(sequence)
            next_at = min(next_at, missing.ask_at)
        self.requested += len(numbers)
        self._alarm.by(next_at)
        return numbers
