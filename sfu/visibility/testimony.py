"""Witness: gives samples of what is forwarded to a process that tries to decode them."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final, NamedTuple
from weakref import WeakKeyDictionary

import structlog

from sfu.rooms.holdings import FUNCTIONS
from sfu.visibility.channel import Channel
from sfu.visibility.lens import Lens
from sfu.visibility.sheet import MEDIA, Witnessed

if TYPE_CHECKING:
    from collections.abc import Callable

    from sfu.rooms.directory import Directory
    from sfu.rooms.publication import Publication
    from sfu.rooms.room import Room
    from sfu.visibility.samples import Finding, Glimpse
    from sfu.visibility.sheet import Seen


log = structlog.get_logger()

INTERVAL: Final = 0.5
"""Seconds between looks at every stream, once something is known of each."""

WATCHED: Final = 3.0
"""Seconds for which somebody who has asked for glimpses counts as looking at them."""


class _Memory:
    """What was found in one room."""

    def __init__(self) -> None:
        self.counts: Counter[tuple[str, Seen]] = Counter()
        self.figures: dict[tuple[str, Seen], str] = {}


class _Case(NamedTuple):
    """What a sample was taken of, and when in Unix time."""

    room: Room
    publication: Publication
    taken: float


class Impression(NamedTuple):
    """What was made of a stream last."""

    seen: Seen
    figures: str
    tries: int
    glimpse: Glimpse | None
    """The last that there was; none any more once the stream is opaque."""
    taken: float
    """Unix time of the sample of the glimpse, or else of the last one."""


class Witness:
    """Follows every publication of the node; its memory of a room ends with the room."""

    def __init__(self, directory: Directory, *, clock: Callable[[], float]) -> None:
        """`clock` tells Unix time."""
        self.samples: Counter[str] = Counter()  # by what became of them
        self.channel = Channel()
        self._directory = directory
        self._clock = clock
        self._lenses: dict[str, Lens] = {}  # by publication
        self._impressions: dict[str, Impression] = {}
        self._watched: WeakKeyDictionary[Room, float] = WeakKeyDictionary()  # in Unix time
        self._rooms: WeakKeyDictionary[Room, _Memory] = WeakKeyDictionary()
        self._asked: tuple[int, _Case] | None = None
        self._number = 0
        self._failed = False
        self._due = 0.0

    def follow_up(self, *, now: float) -> None:
        """Take what was found, and give what there is to try; nothing here waits."""
        if self._failed or (now < self._due and self._asked is None):
            return
        try:
            self._follow_up(now=now)
        except Exception:  # a bug costs the witness, never the call
            log.exception("witness.failed")
            self._failed = True
            self.close()

    def _follow_up(self, *, now: float) -> None:
        if self._directory.rooms:  # before anything is published: the process takes its time
            for finding in self.channel.follow_up(now=now):
                self._note(finding)
                self._due = now
        if now >= self._due:
            self._find_publications(now=now)
            for lens in sorted(self._lenses.values(), key=lambda lens: lens.sampled_at):
                self._look(lens, now=now)
            known = self._lenses and not any(lens.awaited for lens in self._lenses.values())
            self._due = now + INTERVAL if known else now

    def _find_publications(self, *, now: float) -> None:
        there = {
            ident: publication
            for room in self._directory.rooms.values()
            for ident, publication in room.publications.items()
        }
        if there.keys() == self._lenses.keys():
            return
        for ident in self._lenses.keys() - there.keys():
            del self._lenses[ident]
            self._impressions.pop(ident, None)
        for ident in there.keys() - self._lenses.keys():
            self._lenses[ident] = Lens(there[ident], now=now)

    def _look(self, lens: Lens, *, now: float) -> None:
        room = lens.publication.owner.room
        watched = self._clock() < self._watched.get(room, 0.0) + WATCHED
        lens.look(watched=watched, now=now)
        if lens.full and self.channel.is_free(first=lens.fresh, now=now):
            self.channel.put(lens.take(self._number, now=now), now=now)
            self._asked = self._number, _Case(room, lens.publication, self._clock())
            self._number += 1

    def _note(self, finding: Finding) -> None:
        if self._asked is None or self._asked[0] != finding.number:
            return
        (_, case), self._asked = self._asked, None
        self.samples[finding.seen] += 1
        memory = self._rooms.get(case.room)
        if memory is None:
            memory = self._rooms[case.room] = _Memory()
        place = FUNCTIONS[case.publication.origin], finding.seen
        memory.counts[place] += 1
        memory.figures[place] = finding.figures
        if case.publication.id in self._lenses:
            self._remember(case, finding)

    def _remember(self, case: _Case, finding: Finding) -> None:
        """The process is believed no more than it has to be: no glimpse without that verdict."""
        before = self._impressions.get(case.publication.id)
        glimpse, taken = None, case.taken
        if finding.seen == "readable":
            glimpse = finding.glimpse
        elif finding.seen == "undecided" and before is not None and before.glimpse is not None:
            glimpse, taken = before.glimpse, before.taken
        lens = self._lenses[case.publication.id]
        lens.learn(decided=finding.seen != "undecided")
        tries = 1 if before is None else before.tries + 1
        self._impressions[case.publication.id] = Impression(
            finding.seen, finding.figures, tries, glimpse, taken
        )

    def close(self) -> None:
        """End the process, and look at nothing more."""
        self._lenses.clear()
        self._impressions.clear()
        self.channel.close()

    # What a sheet and metrics ask

    def of_room(self, room: Room) -> dict[str, Witnessed]:
        """What was made of a room so far, by function."""
        memory = self._rooms.get(room)
        if memory is None:
            return dict.fromkeys(FUNCTIONS.values(), Witnessed())
        return {function: _describe(memory, function) for function in MEDIA}

    def of_stream(self, publication: Publication) -> Impression | None:
        """What was made of a stream last."""
        return self._impressions.get(publication.id)

    def watch(self, room: Room) -> None:
        """Somebody looks at what is got out of a room's streams: keep it young for a while."""
        self._watched[room] = self._clock()


def _describe(memory: _Memory, function: str) -> Witnessed:
    figures = [
        text for seen in _WEIGHT if (text := memory.figures.get((function, seen))) is not None
    ]
    return Witnessed(
        readable=memory.counts.get((function, "readable"), 0),
        opaque=memory.counts.get((function, "opaque"), 0),
        undecided=memory.counts.get((function, "undecided"), 0),
        figures=figures[0] if figures else None,
    )


_WEIGHT: tuple[Seen, ...] = ("readable", "opaque", "undecided")
"""What says most comes first."""
