"""Lines that come in on standard input while a command runs."""

import asyncio
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

MAX_LINE: Final = 4096
"""Bytes; a longer one is cut into several."""


class LineSplitter:
    """Turns what is read into lines."""

    def __init__(self) -> None:
        self._rest = b""

    def take(self, data: bytes) -> list[str]:
        """The lines that are complete by now, without the empty ones."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > MAX_LINE:
            lines, self._rest = [*lines, self._rest], b""
        words = (line[:MAX_LINE].decode(errors="replace").strip() for line in lines)
        return [line for line in words if line]


@contextmanager
def lines_given_to(take: Callable[[str], None]) -> Iterator[None]:
    """Give each line of standard input to a function, unless it is a file or closed."""
    loop, splitter = asyncio.get_running_loop(), LineSplitter()

    def read() -> None:
        data = os.read(descriptor, MAX_LINE)
        if not data:
            loop.remove_reader(descriptor)
        for line in splitter.take(data or b"\n"):
            take(line)

    try:
        descriptor = sys.stdin.fileno()
        loop.add_reader(descriptor, read)
    except (AttributeError, OSError, ValueError):  # closed, replaced, or nothing to wait for
        yield
        return
    try:
        yield
    finally:
        loop.remove_reader(descriptor)
