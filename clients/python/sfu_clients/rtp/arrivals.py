"""When packets arrived, told to the server by transport-wide feedback."""

from typing import Final

from sfu.wire.rtp import extend
from sfu.wire.transport_cc import (
    TICKS_PER_REFERENCE,
    TICKS_PER_SECOND,
    TransportFeedback,
    feedback_fits,
)

MAX_TOLD: Final = 150
"""Most packets of one feedback, so that it fits a datagram whatever the pattern of losses."""

MAX_GAP: Final = 2000
"""A larger jump of the numbers is another count."""


class Arrivals:
    """Collects arrivals between two feedbacks."""

    def __init__(self, ssrc: int) -> None:
        """`ssrc` is the one that we send RTCP from."""
        self._ssrc = ssrc
        self._times: dict[int, float] = {}
        self._next: int | None = None
        self._feedbacks = 0

    def note(self, number16: int, *, now: float) -> None:
        """A packet with this transport-wide number arrived."""
        if self._next is None:
            self._next = number16
        number = extend(number16, self._next, 16)
        if number - self._next > MAX_GAP:
            self._times.clear()
            self._next = number
        if number >= self._next:
            self._times.setdefault(number, now)

    def feedback(self, media_ssrc: int) -> bytes | None:
        """One RTCP packet about what came since the last; None if nothing did."""
        if self._next is None or not self._times:
            return None
        base, told = self._next, sorted(self._times)[:MAX_TOLD]
        first = int(self._times[told[0]] * TICKS_PER_SECOND) // TICKS_PER_REFERENCE
        arrivals: list[tuple[int, int]] = []
        for number in told:
            ticks = int(self._times[number] * TICKS_PER_SECOND) - first * TICKS_PER_REFERENCE
            if arrivals and not feedback_fits(ticks - arrivals[-1][1]):
                break
            arrivals.append((number - base, ticks))
            del self._times[number]
        self._next = base + arrivals[-1][0] + 1
        self._feedbacks += 1
        return TransportFeedback(
            sender_ssrc=self._ssrc,
            media_ssrc=media_ssrc,
            base=base & 0xFFFF,
            count=self._next - base,
            reference=first,
            number=self._feedbacks - 1,
            arrivals=tuple(arrivals),
        ).encode()
