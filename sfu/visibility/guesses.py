"""Guesses: what sizes and times tell of each publication, from counters that are there anyway."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final
from weakref import WeakKeyDictionary

from sfu.visibility.inference.stream import StreamGuess
from sfu.visibility.inference.window import WINDOW_SECONDS, Window
from sfu.visibility.sheet import Inferred

if TYPE_CHECKING:
    from sfu.rooms.directory import Directory
    from sfu.rooms.publication import Publication

HEARD: Final[dict[bool | None, str]] = {True: "speaking", False: "silent", None: "unknown"}
"""What metrics call a guess."""

_EARLY = 0.5  # of a window: what is shorter waits for the next look


class _Watch:
    """The counters of one publication when they were last looked at."""

    def __init__(self, publication: Publication, *, now: float) -> None:
        self.guess = StreamGuess()
        self._at = now
        self._packets, self._bytes = publication.packets, publication.bytes

    def follow_up(self, publication: Publication, *, now: float) -> bool:
        """Feed what has come since; False if it was just now that this was done."""
        seconds = now - self._at
        if seconds < _EARLY * WINDOW_SECONDS:
            return False
        packets, size = publication.packets, publication.bytes
        self.guess.feed(Window(seconds, packets - self._packets, size - self._bytes))
        self._at, self._packets, self._bytes = now, packets, size
        return True


class Guesses:
    """Follows every publication of the node; nothing is added to the media path."""

    def __init__(self, directory: Directory) -> None:
        self.heard: Counter[tuple[str, str]] = Counter()
        """Windows of streams that look like sound: by mode, and speaking, silent or unknown."""
        self._directory = directory
        self._watches: WeakKeyDictionary[Publication, _Watch] = WeakKeyDictionary()

    def follow_up(self, *, now: float) -> None:
        """Look at what came; to be called for every window."""
        for room in self._directory.rooms.values():
            for publication in room.publications.values():
                watch = self._watches.get(publication)
                if watch is None:
                    self._watches[publication] = _Watch(publication, now=now)
                elif watch.follow_up(publication, now=now) and watch.guess.kind == "audio":
                    self.heard[room.mode, HEARD[watch.guess.speaking]] += 1

    def of_stream(self, publication: Publication) -> Inferred:
        """What is known of it by now."""
        watch = self._watches.get(publication)
        if watch is None:
            return Inferred()
        guess = watch.guess
        return Inferred(
            kind=guess.kind,
            speaking=guess.speaking,
            key_frames=guess.key_frames,
            changes=guess.changes,
        )
