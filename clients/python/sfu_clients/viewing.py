"""What one received publication was like to watch: pictures, freezes and latency."""

from collections import deque
from typing import Any, Final

REMEMBERED: Final = 20_000
"""Latencies kept for the percentiles."""

FREEZE_SECONDS: Final = 0.150
FREEZE_FACTOR: Final = 3
"""A freeze is a pause of at least this much more than the average, and so many times it, as in
libwebrtc and the W3C's statistics."""

_AVERAGED: Final = 30


class Viewing:
    """Counts what was shown; all times are in seconds of one clock."""

    def __init__(self, *, asked_at: float) -> None:
        self.frames = 0
        self.freezes = 0
        self.width = 0
        self.height = 0
        self.first_frame_at: float | None = None
        self._asked_at = asked_at
        self._last_at: float | None = None
        self._pauses: deque[float] = deque(maxlen=_AVERAGED)
        self._latencies: deque[float] = deque(maxlen=REMEMBERED)
        self._read_latencies: deque[float] = deque(maxlen=REMEMBERED)

    def show(self, *, now: float) -> None:
        """A picture or a piece of sound is decoded."""
        self.frames += 1
        if self.first_frame_at is None:
            self.first_frame_at = now
        if self._last_at is not None:
            pause = now - self._last_at
            if len(self._pauses) == _AVERAGED:
                average = sum(self._pauses) / _AVERAGED
                self.freezes += pause > max(FREEZE_FACTOR * average, average + FREEZE_SECONDS)
            self._pauses.append(pause)
        self._last_at = now

    def note_size(self, width: int, height: int) -> None:
        """Of the last picture."""
        self.width, self.height = width, height

    def note_latency(self, seconds: float, *, from_picture: bool) -> None:
        """From its beginning to its decoding: read from the picture, or from sender reports."""
        (self._read_latencies if from_picture else self._latencies).append(seconds)

    def interrupt(self) -> None:
        """The stream stops on purpose: what follows is no freeze."""
        self._last_at = None
        self._pauses.clear()

    def silent_since(self, *, now: float) -> float | None:
        """Seconds since the last picture; None before the first, and while stopped on purpose."""
        return None if self._last_at is None else now - self._last_at

    def report(self) -> dict[str, Any]:
        """Its part of the JSON of the command; null where nothing is known."""
        latencies = sorted(self._read_latencies or self._latencies)
        known = "picture" if self._read_latencies else "sender report"
        first = self.first_frame_at
        return {
            "width": self.width,
            "height": self.height,
            "frames_decoded": self.frames,
            "freezes": self.freezes,
            "first_frame_ms": None if first is None else round(1000 * (first - self._asked_at), 1),
            "latency_ms": {
                "p50": percentile(latencies, 0.50),
                "p99": percentile(latencies, 0.99),
            },
            "latency_from": known if latencies else None,
        }


def percentile(ordered: list[float], part: float) -> float | None:
    """In milliseconds, of seconds in rising order."""
    if not ordered:
        return None
    return round(1000 * ordered[min(len(ordered) - 1, int(part * len(ordered)))], 2)
