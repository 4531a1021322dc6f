"""Waiting for a condition in another process, with a sentence when it never comes."""

import time
from collections.abc import Callable
from typing import Final, TypeVar

Found = TypeVar("Found")

PAUSE_SECONDS: Final = 0.1
"""Between two looks: asking a browser costs some milliseconds itself."""


def wait_until(look: Callable[[], Found | None], timeout: float, message: str) -> Found:
    """Return the first true answer of `look`; AssertionError after `timeout` seconds."""
    until = time.monotonic() + timeout
    while not (found := look()):
        assert time.monotonic() < until, f"not within {timeout:g} s: {message} (last: {found!r})"
        time.sleep(PAUSE_SECONDS)
    return found


def stays(look: Callable[[], object], seconds: float) -> bool:
    """Whether `look` answers true all the time for `seconds`."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if not look():
            return False
        time.sleep(PAUSE_SECONDS)
    return True
