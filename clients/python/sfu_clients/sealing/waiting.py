"""Frames that came before their keys, kept for a moment."""

from typing import Final, Generic, TypeVar

MOST: Final = 64
LONGEST_SECONDS: Final = 1.0

T = TypeVar("T")


class Waiting(Generic[T]):
    """Those of one stream. Times are in seconds."""

    def __init__(self) -> None:
        self._frames: list[tuple[T, float]] = []  # and until when

    def hold(self, frame: T, *, now: float) -> bool:
        """False if too many are waiting already."""
        if len(self._frames) >= MOST:
            return False
        self._frames.append((frame, now + LONGEST_SECONDS))
        return True

    def expire(self, *, now: float) -> int:
        """Forget those that have waited for too long, and say how many."""
        before = len(self._frames)
        self._frames = [(frame, until) for frame, until in self._frames if now < until]
        return before - len(self._frames)

    def take(self) -> list[T]:
        """All of them, in the order in which they came; none waits any more."""
        frames, self._frames = [frame for frame, _ in self._frames], []
        return frames
