"""How fast to encode: from the server's transport-wide feedback, and from its limits."""

from collections import deque
from dataclasses import dataclass
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

LEAST_SECONDS: Final = 15.0
"""The least delay is that of the last one to two times as long: clocks drift, and routes change."""

UNPROVEN: Final = 1.5
"""The estimate is at most so many times what the path has carried."""

_REFERENCE_SECONDS: Final = 0.064


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of some packets."""

    delays: tuple[float, ...]
    """One-way, in seconds from an unknown origin, of those that arrived."""
    lost: int
    octets: int
    """Of those that arrived."""


class Departures:
    """Gives out transport-wide numbers, and matches them with the feedback that comes back."""

    def __init__(self) -> None:
        self._sent: dict[int, tuple[float, int]] = {}
        self._order: deque[int] = deque()
        self._next = 0

    def next_number(self, size: int, *, now: float) -> bytes:
        """The value of the header extension of a packet of `size` bytes that leaves now."""
        number = self._next
        self._next += 1
        self._sent[number] = now, size
        self._order.append(number)
        if len(self._order) > REMEMBERED:
            self._sent.pop(self._order.popleft(), None)
        return (number & 0xFFFF).to_bytes(2, "big")

    def settle(self, feedback: TransportFeedback) -> Settled:
        """What became of the packets that it is about, each the first time."""
        base = extend(feedback.base, max(0, self._next - 1), 16)
        arrived = dict(feedback.arrivals)
        start = feedback.reference * _REFERENCE_SECONDS
        delays, lost, octets = [], 0, 0
        for offset in range(min(feedback.count, REMEMBERED)):
            sent = self._sent.pop(base + offset, None)
            if sent is None:
                continue
            if offset in arrived:
                delays.append(start + arrived[offset] / TICKS_PER_SECOND - sent[0])
                octets += sent[1]
            else:
                lost += 1
        return Settled(tuple(delays), lost, octets)


class Least:
    """The least of what was noted lately."""

    def __init__(self) -> None:
        self._current = self._before = float("inf")
        self._since = float("-inf")

    def note(self, value: float, *, now: float) -> float:
        """Add a value; return the least."""
        if now - self._since > LEAST_SECONDS:
            self._before, self._current, self._since = self._current, float("inf"), now
        self._current = min(self._current, value)
        return min(self._before, self._current)


class SendRate:
    """An estimate that climbs slowly, and falls when packets are lost or wait in a queue."""

    def __init__(self) -> None:
        self._bitrate: float = START_BITRATE
        self._limit: float = MAX_BITRATE
        self._least = Least()
        self._delay = float("inf")  # the least of this round
        self._arrived = self._lost = self._octets = 0
        self._round_at: float | None = None

    @property
    def bitrate(self) -> int:
        """Bits per second for all that is sent."""
        return int(max(MIN_BITRATE, min(self._bitrate, self._limit, MAX_BITRATE)))

    def cap(self, bitrate: int) -> None:
        """The receiver names its own limit (REMB)."""
        self._limit = bitrate

    def note(self, settled: Settled, *, now: float) -> None:
        """Learn what became of some packets."""
        self._arrived += len(settled.delays)
        self._lost += settled.lost
        self._octets += settled.octets
        self._delay = min((self._delay, *settled.delays))
        if self._round_at is None:
            self._round_at = now
        elif now - self._round_at >= ROUND_SECONDS and self._arrived + self._lost:
            carried = self._octets * 8 / (now - self._round_at)
            waits = self._arrived > 0 and self._waits(now=now)
            self._move(self._lost / (self._arrived + self._lost), carried, waits=waits)
            self._arrived = self._lost = self._octets = 0
            self._delay, self._round_at = float("inf"), now

    def _waits(self, *, now: float) -> bool:
        return self._delay - self._least.note(self._delay, now=now) > STANDING_QUEUE

    def _move(self, loss: float, carried: float, *, waits: bool) -> None:
        """Down from what the path has carried; up, but not far above it."""
        if loss > MUCH_LOSS:
            self._bitrate = min(self._bitrate, carried / (1 - loss) if loss < 1 else 0)
            self._bitrate *= 1 - loss / 2
        elif waits:
            self._bitrate = min(self._bitrate, carried) * 0.85
        elif loss < LITTLE_LOSS:
            self._bitrate = max(self._bitrate, min(self._bitrate * 1.08, carried * UNPROVEN))
        self._bitrate = max(MIN_BITRATE, min(self._bitrate, MAX_BITRATE))
