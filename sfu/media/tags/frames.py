"""Frame numbers of 64 bits, and which frames have arrived completely."""

from collections import deque
from typing import Final

from sfu.errors import MalformedPacket
from sfu.media.packet import Packet

FRAMES: Final = 256
"""Frames remembered: nearly three seconds of three spatial layers at 30 pictures per second."""

MAX_FRAME_PACKETS: Final = 4096
"""More packets are no frame but an attempt to keep a decision about one in force for ever."""


class Counter:
    """Makes a counter of a few bits 64 bits wide.

    It never falls while packets are in order: whoever sets it back starts another round of it.
    """

    __slots__ = ("_period", "highest")

    def __init__(self, bits: int, *, after: int = -1) -> None:
        """Give numbers above `after`."""
        self._period = 1 << bits
        self.highest = (after // self._period + 2) * self._period

    def extend(self, value: int, *, in_order: bool) -> int:
        """Return the number nearest to the highest that has these low bits."""
        period, highest = self._period, self.highest
        ahead = (value - highest) % period
        if ahead < period >> 1:
            number = highest + ahead
        else:
            number = highest + ahead - period
            if in_order:
                number += period
        if in_order:
            self.highest = number
        return number


class FrameNumbers:
    """Numbers frames that carry no number, by their timestamps.

    A lost packet leaves a number free, since it may have been a frame of its own; its place
    among the lost ones is its number when it arrives after all. No two frames share a number.
    """

    __slots__ = ("_recent", "_skew", "begun")

    def __init__(self, *, after: int = -1) -> None:
        """Give numbers above `after`."""
        self.begun = False  # the last packet is certainly the first of its frame
        self._skew = after + 1  # from sequence numbers to frame numbers
        # (timestamp, frame, skew when it began) of the last frames, oldest first
        self._recent: deque[tuple[int, int, int]] = deque(maxlen=64)

    def number(self, packet: Packet) -> int:
        """Return the 64-bit number of the frame that the packet belongs to."""
        timestamp, sequence = packet.tag.picture, packet.sequence
        if packet.in_order:
            return self._number_newest(timestamp, sequence, follows=packet.follows)
        self.begun = False
        skew = self._skew
        for known, frame, began in reversed(self._recent):
            if known == timestamp:
                return frame
            if known < timestamp:
                break
            skew = began
        return sequence + skew

    def number_apart(self, packet: Packet) -> int | None:
        """Return the number of a packet that is to be a frame of its own.

        None if it is late, or has the timestamp of the frame before and so belongs to it.
        """
        recent = self._recent
        if not packet.in_order or (recent and recent[-1][0] == packet.tag.picture):
            return None
        return packet.sequence + self._skew

    def _number_newest(self, timestamp: int, sequence: int, *, follows: bool) -> int:
        recent = self._recent
        continued = bool(recent) and recent[-1][0] == timestamp
        self.begun = follows and not continued
        if continued:
            self._skew -= 1
            return recent[-1][1]
        frame = sequence + self._skew
        recent.append((timestamp, frame, self._skew))
        return frame


class Completeness:
    """Which of the last frames have arrived with all their packets.

    The packets of a frame have consecutive sequence numbers.
    """

    __slots__ = ("_counts", "_firsts", "_frames", "_lasts")

    def __init__(self) -> None:
        self._frames = [-1] * FRAMES
        self._firsts = [-1] * FRAMES  # sequence number of the first packet; -1: did not come yet
        self._lasts = [-1] * FRAMES
        self._counts = [0] * FRAMES

    def note(self, packet: Packet) -> None:
        """Count a packet that is tagged; MalformedPacket if its frame has far too many."""
        tag = packet.tag
        frame = tag.frame
        place = frame % FRAMES
        known = self._frames[place]
        if known != frame:
            if known > frame:
                return  # too old to matter
            self._frames[place] = frame
            self._firsts[place] = self._lasts[place] = -1
            self._counts[place] = 0
        if tag.starts_frame:
            self._firsts[place] = packet.sequence
        if tag.ends_frame:
            self._lasts[place] = packet.sequence
        self._counts[place] = count = self._counts[place] + 1
        if count > MAX_FRAME_PACKETS:
            raise MalformedPacket("frame does not end")

    def has(self, frame: int) -> bool:
        """Whether the frame is complete, and not too old to know."""
        place = frame % FRAMES
        first = self._firsts[place]
        return (
            self._frames[place] == frame
            and first >= 0
            and self._counts[place] == self._lasts[place] - first + 1
        )
