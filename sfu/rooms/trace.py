"""Trace: the last switches of each subscription's layer, and the key frames that were asked for."""

from __future__ import annotations

from collections import deque
from operator import attrgetter
from typing import TYPE_CHECKING, Final, NamedTuple

from sfu.media.key_frames import KeyFrameRequest
from sfu.media.selector import Switch

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

KEPT: Final = 64
"""Entries of one subscription."""

KEPT_IN_ROOM: Final = 4096

Entry = Switch | KeyFrameRequest

_WHEN: Final = attrgetter("at")


class Place(NamedTuple):
    """Whose entries they are."""

    viewer: str | None  # None: asked for by nobody alone, but for all who watch
    publication: str


class Trace:
    """What a room remembers, of subscriptions that have ended, too.

    Bounded: where too much happens, the oldest entries go of whatever has been quiet longest.
    """

    def __init__(self) -> None:
        self._entries: dict[Place, deque[Entry]] = {}  # the one that has been quiet longest first
        self._count = 0

    def note(self, place: Place, entries: Sequence[Entry]) -> None:
        """Remember what happened there since the last time."""
        kept = self._entries.pop(place, None)
        if kept is None:
            kept = deque(maxlen=KEPT)
        self._count -= len(kept)
        kept.extend(sorted(entries, key=_WHEN))
        self._count += len(kept)
        self._entries[place] = kept
        while self._count > KEPT_IN_ROOM:
            self._forget_one()

    def _forget_one(self) -> None:
        place, quietest = next(iter(self._entries.items()))
        quietest.popleft()
        self._count -= 1
        if not quietest:
            del self._entries[place]

    def __iter__(self) -> Iterator[tuple[Place, tuple[Entry, ...]]]:
        """Yield every place with its entries, oldest first."""
        for place, entries in self._entries.items():
            yield place, tuple(entries)
