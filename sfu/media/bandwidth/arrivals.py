"""When a publisher's packets arrived, batched into transport-wide feedback."""

from array import array
from typing import Final

from sfu.media.alarm import NEVER, Alarm
from sfu.wire.rtp import extend
from sfu.wire.transport_cc import (
    TICKS_PER_REFERENCE,
    TICKS_PER_SECOND,
    TransportFeedback,
    feedback_fits,
)

INTERVAL: Final = 0.050
"""Seconds between feedback packets, while packets arrive: browsers climb by it."""

MAX_REPORTED: Final = 180
"""Most arrivals told of in one feedback packet, at 6 bytes each in the worst pattern of losses."""

MAX_AHEAD: Final = 2048
MAX_BEHIND: Final = 1024
"""A number further off than these belongs to another count."""

RING: Final = 4096
"""Arrivals remembered, told of or not."""

_EPOCH: Final = 1 << 16


class Arrivals:
    """Collects the arrival of every packet with a transport-wide number, duplicates included.

    Each feedback packet goes on where the last one ended, or begins earlier if something late
    came in since: then it tells again of what lies in between.
    """

    __slots__ = (
        "_alarm",
        "_begun",
        "_due_at",
        "_feedbacks",
        "_highest",
        "_next",
        "_numbers",
        "_ssrc",
        "_ticks",
        "media_ssrc",
        "received",
    )

    def __init__(self, ssrc: int, alarm: Alarm) -> None:
        """`ssrc` is the one that we send RTCP from."""
        self._ssrc = ssrc
        self._alarm = alarm
        self._begun = False  # a count is going on
        self._highest = -1  # 64-bit
        self._next = 0  # the first number that the next feedback tells of
        self._numbers = array("q", [-1]) * RING
        self._ticks = array("q", [0]) * RING  # when that number arrived, in 250 us
        self._due_at = NEVER
        self._feedbacks = 0
        self.media_ssrc = 0  # of any stream of the publisher: the format wants one
        self.received = 0

    def note(self, number16: int, *, now: float) -> None:
        """A packet with this 16-bit number arrived."""
        self.received += 1
        number = extend(number16, self._highest, 16)
        if not self._begun or not -MAX_BEHIND < number - self._highest <= MAX_AHEAD:
            number = self._begin(number16)
        place = number % RING
        if self._numbers[place] == number:
            return
        self._numbers[place] = number
        self._ticks[place] = int(now * TICKS_PER_SECOND)
        if number > self._highest:
            self._highest = number
        elif number < self._next:
            self._next = number
        if self._due_at == NEVER:
            self._due_at = now + INTERVAL
            self._alarm.by(self._due_at)

    def restart(self) -> None:
        """The publisher counts anew, over another transport; what was not told of is forgotten."""
        self._begun = False
        self._due_at = NEVER

    def _begin(self, number16: int) -> int:
        """Begin another count, in numbers never used; what was not told of is forgotten."""
        self._begun = True
        number = (self._highest // _EPOCH + 2) * _EPOCH + number16
        self._highest = self._next = number
        return number

    def feedback(self, *, now: float) -> bytes | None:
        """Return one RTCP packet if it is time to send one; call it until it returns None."""
        if now < self._due_at:
            self._alarm.by(self._due_at)
            return None
        base = max(self._next, self._highest - RING + 1)
        arrivals = self._take(base)
        if self._next > self._highest:
            self._due_at = NEVER
        first = arrivals[0][1] // TICKS_PER_REFERENCE
        self._feedbacks += 1
        return TransportFeedback(
            sender_ssrc=self._ssrc,
            media_ssrc=self.media_ssrc,
            base=base & 0xFFFF,
            count=self._next - base,
            reference=first,
            number=self._feedbacks - 1 & 0xFF,
            arrivals=tuple(
                (number - base, ticks - first * TICKS_PER_REFERENCE) for number, ticks in arrivals
            ),
        ).encode()

    def _take(self, base: int) -> list[tuple[int, int]]:
        """Return number and ticks of the arrivals from `base` that one packet can tell of.

        It ends early before a delta that cannot be written: eight seconds, forth or back.
        """
        arrivals: list[tuple[int, int]] = []
        for number in range(base, self._highest + 1):
            place = number % RING
            if self._numbers[place] != number:
                continue
            ticks = self._ticks[place]
            if arrivals and not feedback_fits(ticks - arrivals[-1][1]):
                break
            arrivals.append((number, ticks))
            if len(arrivals) == MAX_REPORTED:
                break
        self._next = arrivals[-1][0] + 1
        return arrivals
