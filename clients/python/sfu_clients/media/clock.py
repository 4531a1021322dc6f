"""A running timestamp burnt into pictures: blocks for machines, digits for people.

Two rows of 32 blocks, black for 0 and white for 1, fill the top eighth of a picture from edge to
edge: 48 bits of microseconds since 1970, then their CRC-16. That survives scaling and coding, and
an accident is not taken for a time. Below them the same time stands in digits (UTC).
"""

import binascii
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

import av

BLOCKS: Final = 32
"""In each of the two rows."""

BLACK: Final = 16
WHITE: Final = 235
_THRESHOLD: Final = 126
MAX_AGE_SECONDS: Final = 60.0
"""What is further away is a picture that only looks as if it had a time, or an old recording."""

_PERIOD: Final = 1 << 48
"""Microseconds until the count begins anew: nine years."""

_GLYPHS: Final = {
    "0": (0x0E, 0x11, 0x13, 0x15, 0x19, 0x11, 0x0E),
    "1": (0x04, 0x0C, 0x04, 0x04, 0x04, 0x04, 0x0E),
    "2": (0x0E, 0x11, 0x01, 0x02, 0x04, 0x08, 0x1F),
    "3": (0x1F, 0x02, 0x04, 0x02, 0x01, 0x11, 0x0E),
    "4": (0x02, 0x06, 0x0A, 0x12, 0x1F, 0x02, 0x02),
    "5": (0x1F, 0x10, 0x1E, 0x01, 0x01, 0x11, 0x0E),
    "6": (0x06, 0x08, 0x10, 0x1E, 0x11, 0x11, 0x0E),
    "7": (0x1F, 0x01, 0x02, 0x04, 0x08, 0x08, 0x08),
    "8": (0x0E, 0x11, 0x11, 0x0E, 0x11, 0x11, 0x0E),
    "9": (0x0E, 0x11, 0x11, 0x0F, 0x01, 0x02, 0x0C),
    ":": (0x00, 0x04, 0x04, 0x00, 0x04, 0x04, 0x00),
    ".": (0x00, 0x00, 0x00, 0x00, 0x00, 0x0C, 0x0C),
}
"""Seven rows of five dots each."""
_GLYPH_ROWS: Final = 7
_GLYPH_COLUMNS: Final = 6


def burn(luma: bytearray, stride: int, width: int, height: int, seconds: float) -> None:
    """Draw the time `seconds` since 1970 into a luma plane whose rows are `stride` apart."""
    bits = _bits(int(seconds * 1_000_000) % _PERIOD)
    edges = [place * width // BLOCKS for place in range(BLOCKS + 1)]
    rows = height // 16
    for half in range(2):
        row = b"".join(
            bytes((WHITE if bit else BLACK,)) * (edges[place + 1] - edges[place])
            for place, bit in enumerate(bits[half * BLOCKS : (half + 1) * BLOCKS])
        )
        for y in range(half * rows, (half + 1) * rows):
            luma[y * stride : y * stride + width] = row
    text = datetime.fromtimestamp(seconds, UTC).strftime("%H:%M:%S.%f")[:-3]
    _write(text, luma, stride, width, height)


def _bits(micros: int) -> list[bool]:
    told = micros.to_bytes(6, "big")
    number = int.from_bytes(told + binascii.crc_hqx(told, 0xFFFF).to_bytes(2, "big"), "big")
    return [bool(number >> place & 1) for place in range(2 * BLOCKS - 1, -1, -1)]


def _write(text: str, luma: bytearray, stride: int, width: int, height: int) -> None:
    """Put digits into the middle, dark behind them."""
    top = height // 8 + height // 30
    room = height * 5 // 16 - top  # above the bars
    scale = max(1, min(width // (3 * len(text) * _GLYPH_COLUMNS // 2), room // _GLYPH_ROWS))
    left = (width - len(text) * _GLYPH_COLUMNS * scale) // 2
    for y in range(_GLYPH_ROWS):
        row = b"".join(
            bytes((WHITE if _GLYPHS[letter][y] >> dot & 1 else BLACK,)) * scale
            for letter in text
            for dot in range(_GLYPH_COLUMNS - 1, -1, -1)
        )
        for line in range(scale):
            start = (top + y * scale + line) * stride + left
            luma[start : start + len(row)] = row


def read(frame: av.VideoFrame, *, near: float) -> float | None:
    """The time in a picture, in seconds since 1970; None if there is none within a minute."""
    if frame.format.name not in {"yuv420p", "yuvj420p"} or frame.height < 16:  # noqa: PLR2004
        return None
    plane = frame.planes[0]
    luma, stride = memoryview(plane), plane.line_size
    number = 0
    for bright in _blocks(luma, stride, frame.width, frame.height):
        number = number << 1 | bright
    told, check = (number >> 16).to_bytes(6, "big"), number & 0xFFFF
    if binascii.crc_hqx(told, 0xFFFF) != check:
        return None
    micros = int.from_bytes(told, "big")
    periods = round((near * 1_000_000 - micros) / _PERIOD)
    seconds = (micros + periods * _PERIOD) / 1_000_000
    return seconds if abs(seconds - near) <= MAX_AGE_SECONDS else None


def _blocks(luma: memoryview, stride: int, width: int, height: int) -> Iterator[bool]:
    """Whether each block is bright around its centre."""
    rows = height // 16
    reach = max(0, width // BLOCKS // 4 - 1)
    for half in range(2):
        middle = half * rows + rows // 2
        for place in range(BLOCKS):
            centre = (2 * place + 1) * width // (2 * BLOCKS)
            start = middle * stride + centre - reach
            values = luma[start : start + 2 * reach + 1]
            yield sum(values) > _THRESHOLD * len(values)
