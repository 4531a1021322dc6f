"""A test picture that moves, with the time of its drawing burnt in."""

from typing import Final

import av

from sfu_clients.media import clock

_BARS: Final = ((180, 128, 128), (162, 44, 142), (131, 156, 44), (112, 72, 58),
                (84, 184, 198), (65, 100, 212), (35, 212, 114), (16, 128, 128))  # fmt: skip
"""Y, Cb and Cr of colour bars at three quarters of their strength."""

_EMPTY: Final = (clock.BLACK, 128, 128)

_BOX: Final = 8
"""The box that moves has this part of the picture's height."""


class Pattern:
    """Draws colour bars, a box that moves across them, and the clock."""

    def __init__(self, width: int, height: int) -> None:
        """Sizes in pixels, both even, at least 96 and 64."""
        self.width = width
        self.height = height
        blank = av.VideoFrame(width, height, "yuv420p")
        self._strides = [plane.line_size for plane in blank.planes]
        self._planes = [self._bars(index, stride) for index, stride in enumerate(self._strides)]

    def _bars(self, component: int, stride: int) -> bytes:
        width = self.width if component == 0 else self.width // 2
        height = self.height if component == 0 else self.height // 2
        edges = [bar * width // len(_BARS) for bar in range(len(_BARS) + 1)]
        row = b"".join(
            bytes((colour[component],)) * (edges[bar + 1] - edges[bar])
            for bar, colour in enumerate(_BARS)
        )
        row, empty = row.ljust(stride, b"\x80"), bytes((_EMPTY[component],)) * stride
        above = height * 5 // 16  # left free for the clock
        return empty * above + row * (height - above)

    def draw(self, number: int, seconds: float) -> av.VideoFrame:
        """Picture `number`, of the moment `seconds` since 1970."""
        frame = av.VideoFrame(self.width, self.height, "yuv420p")
        luma = bytearray(self._planes[0])
        self._draw_box(luma, number)
        clock.burn(luma, self._strides[0], self.width, self.height, seconds)
        for plane, data in zip(frame.planes, (luma, *self._planes[1:]), strict=True):
            plane.update(bytes(data))
        return frame

    def _draw_box(self, luma: bytearray, number: int) -> None:
        size = self.height // _BOX
        way = self.width - size
        place = number * 4 % (2 * way)
        left = min(place, 2 * way - place)
        stride, row = self._strides[0], bytes((clock.WHITE,)) * size
        for y in range(self.height * 5 // 8, self.height * 5 // 8 + size):
            luma[y * stride + left : y * stride + left + size] = row
