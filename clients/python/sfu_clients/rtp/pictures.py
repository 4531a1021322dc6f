"""Packets put in order, and whole pictures taken from them."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from sfu.wire.rtp import extend
from sfu_clients.rtp.packet import Packet

PATIENCE_SECONDS: Final = 0.4
"""How long a hole holds up what comes after it: three repetitions on a usual path."""

MAX_WAITING: Final = 3000
"""Packets kept behind a hole."""


@dataclass(frozen=True, slots=True)
class Picture:
    """All packets of one timestamp, in order: a frame of every layer that was forwarded."""

    packets: tuple[Packet, ...]
    timestamp: int
    """Counted on, not cut to 32 bits."""
    first: int
    """The 64-bit sequence number of the first packet."""
    follows: bool
    """Nothing is missing between the picture before and this one."""
    began_at: float
    """When its first packet came."""


class PictureBuffer:
    """Puts packets in order by their 64-bit numbers; sound has a picture per packet."""

    def __init__(self, *, one_packet_each: bool) -> None:
        self._alone = one_packet_each
        self._waiting: dict[int, tuple[Packet, float]] = {}
        self._next: int | None = None
        self._timestamp: int | None = None
        self._follows = False
        self._hole_since: float | None = None
        self._broken: int | None = None  # timestamp of a picture whose beginning was given up

    def put(self, sequence: int, packet: Packet, *, now: float) -> bool:
        """A packet came; tell whether it is of any use: neither a duplicate nor too late."""
        if self._next is None:
            self._next = sequence
        if sequence < self._next or sequence in self._waiting:
            return False
        self._waiting[sequence] = packet, now
        return True

    def take(self, *, now: float) -> list[Picture]:
        """The pictures that are whole by now; a hole is skipped when patience is over."""
        pictures = []
        while self._waiting and (picture := self._take_one()) is not None:
            pictures.append(picture)
        if not self._waiting or not self._hole():
            self._hole_since = None
        elif self._hole_since is None or pictures:
            self._hole_since = now
        elif now - self._hole_since > PATIENCE_SECONDS or len(self._waiting) > MAX_WAITING:
            self._skip()
            self._hole_since = None
            return pictures + self.take(now=now)
        return pictures

    def _hole(self) -> bool:
        """Whether something is missing before the highest packet."""
        assert self._next is not None
        return max(self._waiting) - self._next + 1 > len(self._waiting)

    def _take_one(self) -> Picture | None:
        assert self._next is not None
        while (waiting := self._waiting.get(self._next)) and self._is_broken(waiting[0]):
            del self._waiting[self._next]
            self._next += 1
        first = number = self._next
        packets: list[Packet] = []
        while (waiting := self._waiting.get(number)) is not None:
            packet = waiting[0]
            if packets and packet.timestamp != packets[0].timestamp:
                return self._finish(first, packets)
            packets.append(packet)
            number += 1
            if packet.marker or self._alone:
                return self._finish(first, packets)
        return None

    def _is_broken(self, packet: Packet) -> bool:
        return packet.timestamp == self._broken

    def _finish(self, first: int, packets: list[Packet]) -> Picture:
        began_at = min(self._waiting.pop(first + place)[1] for place in range(len(packets)))
        timestamp = packets[0].timestamp
        if self._timestamp is not None:
            timestamp = extend(timestamp, self._timestamp, 32)
        picture = Picture(tuple(packets), timestamp, first, self._follows, began_at)
        self._next, self._timestamp, self._follows = first + len(packets), timestamp, True
        return picture

    def _skip(self) -> None:
        """Give up what has a hole in it, and go on where a whole picture certainly begins."""
        self._follows = False
        numbers = sorted(self._waiting)
        assert self._next is not None
        behind = next(n for place, n in enumerate(numbers, self._next) if n != place)
        self._next = behind if self._alone else self._beginning(numbers, behind)
        for number in numbers:
            if number < self._next:
                del self._waiting[number]

    def _beginning(self, numbers: list[int], behind: int) -> int:
        """The first packet after `behind` of another timestamp than the one just before it."""
        for before, number in pairwise(numbers):
            stamps = {self._waiting[n][0].timestamp for n in (before, number)}
            if before >= behind and number == before + 1 and len(stamps) > 1:
                return number
        self._broken = self._waiting[numbers[-1]][0].timestamp  # the rest of it may yet come
        return numbers[-1] + 1
