"""Packets put in order, and whole pictures taken from them."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from sfu.wire.packet import Packet
from sfu.wire.rtp import extend

PATIENCE_SECONDS: Final = 0.4
"""How long a hole holds up what comes after it: three repetitions on a usual path."""

MAX_WAITING: Final = 3000
"""Packets kept behind a hole, and packets of one picture."""


@dataclass(frozen=True, slots=True)
class Picture:
    """All packets of one timestamp, in order: a frame of every layer that was forwarded."""

    packets: tuple[Packet, ...]
    """Those that hold anything: at least one."""
    timestamp: int
    """Counted on, not cut to 32 bits."""
    follows: bool
    """Nothing is missing between the picture before and this one."""


class PictureBuffer:
    """Puts packets in order by their 64-bit numbers; sound has a picture per packet."""

    def __init__(self, *, one_packet_each: bool) -> None:
        self._alone = one_packet_each
        self._waiting: dict[int, Packet] = {}
        self._next: int | None = None
        self._parts: list[Packet] = []  # of the picture that is coming
        self._timestamp: int | None = None
        self._follows = False
        self._hole: tuple[int, float] | None = None  # where, and since when
        self._broken: int | None = None  # timestamp of a picture of which a part is missing

    @property
    def next(self) -> int:
        """The number of the packet that all others wait for."""
        return self._next or 0

    def put(self, sequence: int, packet: Packet) -> bool:
        """A packet came; tell whether it is of any use: neither a duplicate nor too late."""
        if self._next is None:
            self._next = sequence
        if sequence < self._next or sequence in self._waiting:
            return False
        self._waiting[sequence] = packet
        return True

    def take(self, *, now: float) -> list[Picture]:
        """The pictures that are whole by now; a hole is skipped when patience is over."""
        pictures = self._advance()
        if not self._waiting:
            self._hole = None
        elif self._hole is None or self._hole[0] != self._next:
            self._hole = self.next, now
        elif now - self._hole[1] > PATIENCE_SECONDS or len(self._waiting) > MAX_WAITING:
            self._skip()
            return pictures + self.take(now=now)
        return pictures

    def _advance(self) -> list[Picture]:
        pictures: list[Picture] = []
        while self._waiting and (packet := self._waiting.pop(self.next, None)) is not None:
            self._next = self.next + 1
            if self._parts and packet.timestamp != self._parts[0].timestamp:
                pictures.append(self._finish())
            if packet.payload and packet.timestamp != self._broken:
                self._parts.append(packet)
            if self._parts and (packet.marker or self._alone):
                pictures.append(self._finish())
            elif len(self._parts) > MAX_WAITING:
                self._break(packet.timestamp)
        return pictures

    def _finish(self) -> Picture:
        timestamp = self._parts[0].timestamp
        if self._timestamp is not None:
            timestamp = extend(timestamp, self._timestamp, 32)
        picture = Picture(tuple(self._parts), timestamp, self._follows)
        self._parts = []
        self._timestamp, self._follows = timestamp, True
        return picture

    def _break(self, timestamp: int) -> None:
        """The picture of this timestamp will not be whole."""
        self._parts = []
        self._follows = False
        self._broken = timestamp

    def _skip(self) -> None:
        """Give up what has a hole in it, and go on where a whole picture certainly begins."""
        numbers = sorted(self._waiting)
        self._follows = False
        self._next = numbers[0] if self._alone else self._beginning(numbers)
        before = [number for number in numbers if number < self._next]
        for number in before:
            self._break(self._waiting.pop(number).timestamp)

    def _beginning(self, numbers: list[int]) -> int:
        """The first packet of another timestamp than the one just before it."""
        for before, number in pairwise(numbers):
            if number == before + 1 and (
                self._waiting[number].timestamp != self._waiting[before].timestamp
            ):
                return number
        return numbers[-1] + 1
