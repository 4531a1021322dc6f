"""When packets left for one subscriber, matched with the feedback that acknowledges them."""

from typing import Final

from sfu.wire.rtp import extend
from sfu.wire.transport_cc import TransportFeedback

RING_PACKETS: Final = 4096
"""Packets remembered: two seconds at 20 Mbit/s. Feedback about older ones says nothing."""

_UNSENT, _FLYING, _LOST, _ARRIVED = range(4)


class Departures:
    """Gives out transport-wide numbers and counts what became of the packets that carried them.

    One per subscriber, for all streams and their retransmissions, since only what we sent
    is numbered here: a publisher's losses do not show. `sent` = `arrived` + `lost` + those of
    which no feedback told, be it still on its way or lost itself.
    """

    __slots__ = (
        "_next",
        "_sent_at",
        "_settled",
        "_sizes",
        "_states",
        "arrived",
        "arrived_bytes",
        "feedbacks",
        "lost",
        "round_trip",
    )

    def __init__(self) -> None:
        self._next = 0  # 64-bit number of the next packet
        self._settled = 0  # everything before it was reported, as arrived or as lost
        self._sent_at = [0.0] * RING_PACKETS
        self._sizes = [0] * RING_PACKETS
        self._states = bytearray(RING_PACKETS)
        self.arrived = 0
        self.arrived_bytes = 0
        self.lost = 0
        self.feedbacks = 0
        self.round_trip = 0.0  # seconds from departure to feedback, of the last new arrival

    @property
    def sent(self) -> int:
        """How many numbers were given out."""
        return self._next

    def next_number(self, size: int, *, now: float) -> int:
        """Return the 16-bit number of a packet of about `size` bytes that leaves now."""
        number = self._next
        self._next = number + 1
        place = number % RING_PACKETS
        self._sent_at[place] = now
        self._sizes[place] = size
        self._states[place] = _FLYING
        return number & 0xFFFF

    def feedback(self, feedback: TransportFeedback, *, now: float) -> None:
        """Count what a feedback packet newly tells; repeated and old reports change nothing.

        A packet that was reported lost and arrives after all counts as arrived. The work is
        bounded by the bytes of the feedback and, over time, by the packets that we sent.
        """
        self.feedbacks += 1
        base = extend(feedback.base, self._next - 1, 16)
        for offset, _ in feedback.arrivals:
            self._note_arrival(base + offset, now=now)
        end = min(base + feedback.count, self._next)
        for number in range(max(self._settled, base, self._next - RING_PACKETS), end):
            place = number % RING_PACKETS
            if self._states[place] == _FLYING:
                self._states[place] = _LOST
                self.lost += 1
        self._settled = max(self._settled, end)

    def _note_arrival(self, number: int, *, now: float) -> None:
        if not max(0, self._next - RING_PACKETS) <= number < self._next:
            return
        place = number % RING_PACKETS
        state = self._states[place]
        if state == _ARRIVED:
            return
        if state == _LOST:
            self.lost -= 1
        else:
            self.round_trip = now - self._sent_at[place]
        self._states[place] = _ARRIVED
        self.arrived += 1
        self.arrived_bytes += self._sizes[place]
