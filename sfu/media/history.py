"""History: how the last packets of one outgoing stream were rewritten, to do it again."""

from typing import Final

VIDEO_PACKETS: Final = 1024
AUDIO_PACKETS: Final = 128
"""As many as the source's store keeps."""

FORGOTTEN: Final = -1


class History:
    """Rings by outgoing 64-bit number, of the last numbers before `highest`."""

    __slots__ = (
        "_answers",
        "_marked_types",
        "_mask",
        "_numbers",
        "_picture_shifts",
        "_sent_at",
        "_sequences",
        "highest",
    )

    def __init__(self, size: int) -> None:
        """Remember `size` packets, a power of two."""
        assert size & size - 1 == 0
        self._mask = size - 1
        self.highest = FORGOTTEN  # outgoing number
        self._numbers = [FORGOTTEN] * size  # what is in each place
        self._sequences = [FORGOTTEN] * size  # the publisher's 64-bit number
        self._marked_types = bytearray(size)  # second byte of the header that was sent
        self._picture_shifts = [0] * size
        self._sent_at = [0.0] * size  # seconds: when it was sent last
        self._answers = bytearray(size)

    def remember(
        self, number: int, sequence: int, marked_type: int, picture_shift: int, now: float
    ) -> None:
        """The packet `sequence` of the publisher leaves now as `number`, rewritten so."""
        if number > self.highest:
            self.highest = number
        elif number < self.highest - self._mask:
            return  # by now its place belongs to a later packet
        place = number & self._mask
        self._numbers[place] = number
        self._sequences[place] = sequence
        self._marked_types[place] = marked_type
        self._picture_shifts[place] = picture_shift
        self._sent_at[place] = now
        self._answers[place] = 0

    def clear(self) -> None:
        """Forget all: a timestamp does not mean the same any more."""
        self._numbers = [FORGOTTEN] * (self._mask + 1)

    def sequence(self, number: int) -> int:
        """Return the publisher's number of the packet sent as `number`, or FORGOTTEN."""
        place = number & self._mask
        if self._numbers[place] != number or number < self.highest - self._mask:
            return FORGOTTEN
        return self._sequences[place]

    def marked_type(self, number: int) -> int:
        """Return the second byte of its header; for a number that is not forgotten."""
        return self._marked_types[number & self._mask]

    def picture_shift(self, number: int) -> int:
        """Return what was taken off its picture id."""
        return self._picture_shifts[number & self._mask]

    def answers(self, number: int) -> int:
        """Return how often it was retransmitted."""
        return self._answers[number & self._mask]

    def sent_at(self, number: int) -> float:
        """Seconds: when it was sent last, be it as a retransmission."""
        return self._sent_at[number & self._mask]

    def note_answer(self, number: int, *, now: float) -> None:
        """It is retransmitted now."""
        self._answers[number & self._mask] += 1
        self._sent_at[number & self._mask] = now
