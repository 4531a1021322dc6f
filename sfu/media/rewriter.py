"""Rewriter: numbers one subscriber's packets so that drops leave no holes, and losses do."""

from typing import Final

from sfu.media.packet import Packet

WINDOW: Final = 1024
"""How many incoming numbers back a late packet may be and still find its number free."""

NONE: Final = -1


class Rewriter:
    """Sequence numbers, timestamps and VP8 picture ids of one outgoing stream.

    Every packet that the source accepted is told here, in the order in which they came: what is
    dropped moves all later numbers by one, what is missing leaves its number free, together with
    the shift in force, until it arrives after all.
    """

    __slots__ = (
        "_expected",
        "_free",
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
        """Begin with the outgoing number `start`, below 2**15 so that SRTP cannot lose count."""
        assert 0 <= start < 1 << 15
        self.highest = start - 1  # the highest outgoing 64-bit number so far
        self.timestamp_shift = 0  # outgoing = incoming + shift, its low 32 bits
        self._expected = NONE  # the next incoming 64-bit number
        self._shift = 0  # outgoing = incoming - shift
        self._free: dict[int, tuple[int, int]] = {}  # by incoming number: the two shifts
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
        self._free.clear()
        self.timestamp_shift = next_timestamp - timestamp
        self._rebased = self._picture_id != NONE
        self._picture = NONE
        self.highest += incomplete

    def _note_missing(self, sequence: int, *, showing: bool) -> None:
        if self._expected == NONE:
            self._shift = sequence - self.highest - 1
            return
        if not showing:
            self._shift += sequence - self._expected
            return
        free = self._free
        for missing in range(max(self._expected, sequence - WINDOW), sequence):
            free[missing] = self._shift, self._picture_shift
        while len(free) > WINDOW:
            del free[next(iter(free))]

    def _place_late(self, sequence: int) -> int:
        shifts = self._free.pop(sequence, None)
        if shifts is None or sequence < self._expected - WINDOW:
            return NONE
        shift, self._late_picture_shift = shifts
        number = sequence - shift
        self.highest = max(self.highest, number)
        return number
