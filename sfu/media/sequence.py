"""Where a received packet belongs in its stream: 64-bit numbers, duplicates and restarts."""

from enum import IntEnum, auto
from typing import Final

from sfu.wire.rtp import extend

MAX_DROPOUT: Final = 3000
"""A step forward beyond this is no loss but another sequence (RFC 3550 appendix A.1)."""

MAX_LEAD: Final = 100
"""So many packets a retransmission may overtake; one further ahead is of another sequence."""

WINDOW: Final = 1024
"""How many numbers back a late packet or a retransmission may be; older ones are refused."""

EPOCH: Final = 1 << 16


class Place(IntEnum):
    """What `SequenceTracker.place` found a packet to be."""

    NEW = 0  # newer than all before, losses in between included
    LATE = auto()  # fills a hole
    BEGAN = auto()  # the first, or the second after a jump: a sequence starts here
    DUPLICATE = auto()
    TOO_OLD = auto()
    JUMPED = auto()  # far from all before: a stray, or the first of a sequence that starts anew


class SequenceTracker:
    """Makes sequence numbers 64 bits wide, one after the other.

    `sequence` is the number of the packet placed last, `highest` the highest so far. They never
    fall: a sequence that starts anew, in this stream or in one that takes its place (`after`),
    goes on in a later epoch of 65536 numbers, so no number ever names two packets.
    """

    __slots__ = ("_after_jump", "_seen", "highest", "sequence")

    def __init__(self, *, after: int = 0) -> None:
        """Begin after the 64-bit number `after`."""
        self.highest = after
        self.sequence = -1
        self._after_jump = -1  # the 16-bit number that would prove a restart
        self._seen: list[int] = []

    def place(self, number: int, *, retransmitted: bool = False) -> Place:
        """Place 16-bit `number`, and set `sequence` if it is new, late or the first."""
        if not self._seen:
            self._begin(number)
            return Place.BEGAN
        sequence = extend(number, self.highest, 16)
        ahead = sequence - self.highest
        if 0 < ahead <= (MAX_LEAD if retransmitted else MAX_DROPOUT):
            self._after_jump = -1
            self.highest = self.sequence = sequence
            self._seen[sequence % WINDOW] = sequence
            return Place.NEW
        if -WINDOW < ahead <= 0:
            return self._place_late(sequence)
        if retransmitted:
            return Place.TOO_OLD if ahead < 0 else Place.JUMPED
        return self._place_far(number)

    def _begin(self, number: int) -> None:
        """Start an epoch that nothing late of the one before can reach into."""
        self.highest = self.sequence = (self.highest // EPOCH + 2) * EPOCH + number
        self._seen = [-1] * WINDOW
        self._seen[self.sequence % WINDOW] = self.sequence
        self._after_jump = -1

    def _place_late(self, sequence: int) -> Place:
        if self._seen[sequence % WINDOW] == sequence:
            return Place.DUPLICATE
        self._seen[sequence % WINDOW] = sequence
        self.sequence = sequence
        return Place.LATE

    def _place_far(self, number: int) -> Place:
        """Believe a jump when a second packet follows right behind it (RFC 3550 A.1)."""
        if number == self._after_jump:
            self._begin(number)
            return Place.BEGAN
        self._after_jump = number + 1 & 0xFFFF
        return Place.JUMPED
