"""The last packets of one published track, kept once however many retransmissions need them."""

from collections.abc import Sequence
from typing import Final

from sfu.wire.rtp import Buffer

VIDEO_PACKETS: Final = 1024
"""About three seconds of 720p; the rewriter remembers as many numbers."""

AUDIO_PACKETS: Final = 128
"""About two and a half seconds of Opus at 20 ms."""


class PacketStore:
    """A ring of received RTP packets, as they came, by 64-bit sequence number.

    A retransmission from the publisher is kept as the packet it stands for (RFC 4588 section 4),
    so whoever asks finds a primary packet: parse it again, and rewrite it again.
    """

    __slots__ = ("_mask", "_numbers", "_packets")

    def __init__(self, size: int) -> None:
        """Keep `size` packets, a power of two."""
        assert size & size - 1 == 0
        self._mask = size - 1
        self._numbers = [-1] * size
        self._packets = [b""] * size

    def put(self, sequence: int, data: Buffer, length: int) -> None:
        """Keep the first `length` bytes of `data`; a newer packet in the same place stays."""
        place = sequence & self._mask
        if self._numbers[place] > sequence:
            return
        self._numbers[place] = sequence
        whole = type(data) is bytes and len(data) == length
        self._packets[place] = data if whole else bytes(memoryview(data)[:length])  # type: ignore[assignment]

    def get(self, sequence: int) -> bytes | None:
        """Return the packet with this 64-bit sequence number, None if it is not kept (any more)."""
        place = sequence & self._mask
        return self._packets[place] if self._numbers[place] == sequence else None

    def run(self, first: int, end: int) -> Sequence[bytes | None]:
        """Return the packets from number `first` to before `end`, None for each not kept."""
        wanted = list(range(first, end))
        start = first & self._mask
        stop = start + len(wanted)
        over = max(0, stop - len(self._numbers))  # behind the end of the ring
        if self._numbers[start:stop] + self._numbers[:over] == wanted:
            return self._packets[start:stop] + self._packets[:over]
        return [self.get(number) for number in wanted]
