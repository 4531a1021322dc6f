"""Rewriter: numbers one subscriber's packets so that drops leave no holes, and losses do."""

from bisect import bisect_right
from operator import attrgetter
from typing import Final, NamedTuple

from sfu.media.packet import Packet

WINDOW: Final = 1024
"""How many incoming numbers back a late packet may be and still find its number free."""

NONE: Final = -1


class _Gap(NamedTuple):
    """Consecutive incoming numbers that did not come yet, and the shifts that they will get."""

    first: int
    end: int  # exclusive
    shift: int
    picture_shift: int


_FIRST: Final = attrgetter("first")


class Rewriter:
    """Sequence numbers, timestamps and VP8 picture ids of one outgoing stream.

    Every packet that the source accepted is told here, in the order in which they came: what is
    dropped moves all later numbers by one, what is missing leaves its number free, together with
    the shift in force, until it arrives after all.
    """

    __slots__ = (
        "_expected",
        "_gaps",
        "_late_picture_shift",
        "_picture",
        "_picture_id",
        "_picture_shift",
        "_rebased",
        "_shift",
        "highest",
        "timestamp_shift",
    )

    def __init__(self, start: int) -> None:
        """Begin with the outgoing number `start`."""
        self.highest = start - 1  # the highest outgoing 64-bit number so far
        self.timestamp_shift = 0  # outgoing = incoming + shift, its low 32 bits
        self._expected = NONE  # the next incoming 64-bit number
        self._shift = 0  # outgoing = incoming - shift
        self._gaps: list[_Gap] = []  # oldest first, and all within the window
        self._picture = NONE  # the last picture that was counted
        self._picture_id = NONE  # the last outgoing picture id
        self._picture_shift = 0  # outgoing = incoming - shift, in 7 or 15 bits
        self._late_picture_shift = 0
        self._rebased = False

    def place(self, packet: Packet, *, forwarded: bool, showing: bool) -> int:
        """Return the 64-bit outgoing number of a packet, or NONE if it has none.

        A late packet that is not forwarded has one nevertheless, if the subscriber misses it.
        `showing`: the subscriber was getting something before this packet.
        """
        sequence = packet.sequence
        if not packet.in_order:
            return self._place_late(sequence)
        if sequence != self._expected:
            self._note_missing(sequence, showing=showing)
        self._expected = sequence + 1
        if forwarded:
            self.highest = number = sequence - self._shift
            return number
        self._shift += 1
        return NONE

    def picture_shift(self, packet: Packet, *, forwarded: bool) -> int:
        """Return what to take off the picture id of a packet that was just placed."""
        if not packet.in_order:
            return self._late_picture_shift
        picture = packet.tag.picture
        if not forwarded:
            self._picture_shift += picture != self._picture
            self._picture = picture
            return 0
        if self._rebased:
            self._rebased = False
            self._picture_shift = packet.picture_id - self._picture_id - 1
        self._picture = picture
        self._picture_id = packet.picture_id - self._picture_shift
        return self._picture_shift

    def rebase(self, timestamp: int, next_timestamp: int, *, incomplete: bool) -> None:
        """The source begins anew with `timestamp`; towards the subscriber that is `next_timestamp`.

        `incomplete`: the last picture was left without its end. It is not to be taken for
        complete, so it is followed by a number that never comes.
        """
        self._expected = NONE
        self._gaps.clear()
        self.timestamp_shift = next_timestamp - timestamp
        self._rebased = self._picture_id != NONE
        self._picture = NONE
        self.highest += incomplete

    def forget_gaps(self) -> None:
        """What is missing is not needed any more: its numbers stay free."""
        self._gaps.clear()

    def _note_missing(self, sequence: int, *, showing: bool) -> None:
        if self._expected == NONE:
            self._shift = sequence - self.highest - 1
            return
        if not showing:
            self._shift += sequence - self._expected
            return
        first = max(self._expected, sequence - WINDOW)
        gaps = self._gaps
        gaps.append(_Gap(first, sequence, self._shift, self._picture_shift))
        while gaps[0].end <= sequence - WINDOW:
            del gaps[0]

    def _place_late(self, sequence: int) -> int:
        gaps = self._gaps
        place = bisect_right(gaps, sequence, key=_FIRST) - 1
        if place < 0 or sequence < self._expected - WINDOW:
            return NONE
        gap = gaps[place]
        if sequence >= gap.end:
            return NONE
        rest = gap._replace(end=sequence), gap._replace(first=sequence + 1)
        gaps[place : place + 1] = [part for part in rest if part.first < part.end]
        self._late_picture_shift = gap.picture_shift
        number = sequence - gap.shift
        self.highest = max(self.highest, number)
        return number
