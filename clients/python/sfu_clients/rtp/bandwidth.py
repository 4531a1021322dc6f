"""How fast to encode: from the server's transport-wide feedback, and from its limits."""

from collections import deque
from typing import Final

from sfu.wire.rtp import extend
from sfu.wire.transport_cc import TICKS_PER_SECOND, TransportFeedback

START_BITRATE: Final = 1_000_000
MIN_BITRATE: Final = 100_000
MAX_BITRATE: Final = 8_000_000
"""Bits per second."""

REMEMBERED: Final = 4096
"""Packets whose departure is known while their feedback is under way."""

ROUND_SECONDS: Final = 0.5
"""The estimate moves once in so long."""

MUCH_LOSS: Final = 0.10
LITTLE_LOSS: Final = 0.02
STANDING_QUEUE: Final = 0.100
"""Seconds of delay above the least seen that mean a queue which does not empty."""

_REFERENCE_SECONDS: Final = 0.064
_WRAP_SECONDS: Final = (1 << 24) * _REFERENCE_SECONDS


class Departures:
    """Gives out transport-wide numbers, and matches them with the feedback that comes back."""

    def __init__(self) -> None:
        self._sent: dict[int, float] = {}
        self._order: deque[int] = deque()
        self._next = 0

    def next_number(self, *, now: float) -> bytes:
        """The value of the header extension of a packet that leaves now."""
        number = self._next
        self._next += 1
        self._sent[number] = now
        self._order.append(number)
        if len(self._order) > REMEMBERED:
            self._sent.pop(self._order.popleft(), None)
        return (number & 0xFFFF).to_bytes(2, "big")

    def settle(self, feedback: TransportFeedback) -> tuple[list[float], int]:
        """One-way delays of what arrived, from an unknown origin, and how many were lost."""
        base = extend(feedback.base, max(0, self._next - 1), 16)
        arrived = dict(feedback.arrivals)
        start = feedback.reference * _REFERENCE_SECONDS
        delays, lost = [], 0
        for offset in range(min(feedback.count, REMEMBERED)):
            sent = self._sent.pop(base + offset, None)
            if sent is None:
                continue
            if offset in arrived:
                delays.append(start + arrived[offset] / TICKS_PER_SECOND - sent)
            else:
                lost += 1
        return delays, lost


class SendRate:
    """An estimate that climbs slowly, and falls when packets are lost or wait in a queue."""

    def __init__(self) -> None:
        self._bitrate: float = START_BITRATE
        self._limit: float = MAX_BITRATE
        self._least = float("inf")  # one-way delay, from an unknown origin
        self._round_least = float("inf")
        self._arrived = self._lost = 0
        self._round_at: float | None = None

    @property
    def bitrate(self) -> int:
        """Bits per second for all that is sent."""
        return int(max(MIN_BITRATE, min(self._bitrate, self._limit, MAX_BITRATE)))

    def cap(self, bitrate: int) -> None:
        """The receiver names its own limit (REMB)."""
        self._limit = bitrate

    def note(self, delays: list[float], lost: int, *, now: float) -> None:
        """Learn what became of some packets."""
        self._arrived += len(delays)
        self._lost += lost
        self._round_least = min([self._round_least, *delays])
        if self._round_at is None:
            self._round_at = now
        elif now - self._round_at >= ROUND_SECONDS and self._arrived + self._lost:
            self._finish_round()
            self._round_at = now

    def _finish_round(self) -> None:
        loss = self._lost / (self._arrived + self._lost)
        if self._arrived and abs(self._round_least - self._least) > _WRAP_SECONDS / 2:
            self._least = self._round_least  # the first round, or the reference time wrapped
        self._least = min(self._least, self._round_least)
        waits = self._arrived > 0 and self._round_least - self._least > STANDING_QUEUE
        if loss > MUCH_LOSS:
            self._bitrate *= 1 - loss / 2
        elif waits:
            self._bitrate *= 0.85
        elif loss < LITTLE_LOSS:
            self._bitrate *= 1.08
        self._bitrate = max(MIN_BITRATE, min(self._bitrate, MAX_BITRATE))
        self._arrived = self._lost = 0
        self._round_least = float("inf")
