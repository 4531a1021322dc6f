"""Bit reader for headers that ignore byte boundaries."""

from sfu.errors import MalformedPacket
from sfu.wire.rtp import Buffer


class BitReader:
    """Reads fields of any width, most significant bit first."""

    __slots__ = ("_value", "left")

    def __init__(self, data: Buffer, offset: int, length: int) -> None:
        """Read `length` bytes of `data` from `offset`; MalformedPacket if they are not there."""
        window = data[offset : offset + length]
        if len(window) != length:
            raise MalformedPacket("shorter than announced")
        # One big integer: in Python a shift and a mask beat counting bytes and bits.
        self._value = int.from_bytes(window, "big")
        self.left = 8 * length  # bits not read yet

    def read(self, width: int) -> int:
        """Read the next `width` bits as an unsigned number: f(n) of the AV1 specification."""
        self.left = left = self.left - width
        if left < 0:
            raise MalformedPacket("ends inside a field")
        return (self._value >> left) & ((1 << width) - 1)

    def flag(self) -> bool:
        """Read the next bit."""
        return self.read(1) == 1

    def nonsymmetric(self, count: int) -> int:
        """Read a number below `count` (at least 1): ns(n), AV1 specification section 4.10.7."""
        width = count.bit_length()
        short_codes = (1 << width) - count
        value = self.read(width - 1)
        if value < short_codes:
            return value
        return (value << 1) - short_codes + self.read(1)
