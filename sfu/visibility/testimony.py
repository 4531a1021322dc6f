"""Witness: gives samples of what is forwarded to a process that tries to decode them."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple
from weakref import WeakKeyDictionary

import structlog

from sfu.rooms.holdings import FUNCTIONS
from sfu.visibility.channel import Channel
from sfu.visibility.lens import Lens
from sfu.visibility.sheet import Witnessed

if TYPE_CHECKING:
    from sfu.rooms.directory import Directory
    from sfu.rooms.publication import Publication
    from sfu.rooms.room import Room
    from sfu.visibility.samples import Finding
    from sfu.visibility.sheet import Seen


log = structlog.get_logger()


class _Memory:
    """What was found in one room."""

    def __init__(self) -> None:
        self.counts: Counter[tuple[str, Seen]] = Counter()
        self.figures: dict[tuple[str, Seen], str] = {}


class _Case(NamedTuple):
    """What a sample was taken of."""

    room: Room
    publication: Publication


class Witness:
    """Follows every publication of the node; its memory of a room ends with the room."""

    def __init__(self, directory: Directory) -> None:
        self.samples: Counter[str] = Counter()  # by what became of them
        self.channel = Channel()
        self._directory = directory
        self._lenses: dict[str, Lens] = {}  # by publication
        self._seen: dict[str, tuple[Seen, str]] = {}
        self._rooms: WeakKeyDictionary[Room, _Memory] = WeakKeyDictionary()
        self._asked: tuple[int, _Case] | None = None
        self._number = 0
        self._failed = False

    def follow_up(self, *, now: float) -> None:
        """Take what was found, and give what there is to try; nothing here waits."""
        if self._failed:
            return
        try:
            self._follow_up(now=now)
        except Exception:  # a bug costs the witness, never the call
            log.exception("witness.failed")
            self._failed = True
            self.close()

    def _follow_up(self, *, now: float) -> None:
        if self._lenses:
            for finding in self.channel.follow_up(now=now):
                self._note(finding)
        there = {
            ident: publication
            for room in self._directory.rooms.values()
            for ident, publication in room.publications.items()
        }
        for ident in [ident for ident in self._lenses if ident not in there]:
            del self._lenses[ident]
            self._seen.pop(ident, None)
        for ident, publication in there.items():
            if ident not in self._lenses:
                self._lenses[ident] = Lens(publication, now=now)
        for lens in sorted(self._lenses.values(), key=lambda lens: lens.sampled_at):
            self._look(lens, now=now)

    def _look(self, lens: Lens, *, now: float) -> None:
        lens.look(now=now)
        if lens.full and self.channel.is_free(now=now):
            self.channel.put(lens.take(self._number, now=now), now=now)
            self._asked = self._number, _Case(lens.publication.owner.room, lens.publication)
            self._number += 1

    def _note(self, finding: Finding) -> None:
        if self._asked is None or self._asked[0] != finding.number:
            return
        (_, case), self._asked = self._asked, None
        self.samples[finding.seen] += 1
        memory = self._rooms.setdefault(case.room, _Memory())
        place = FUNCTIONS[case.publication.origin], finding.seen
        memory.counts[place] += 1
        memory.figures[place] = finding.figures
        if case.publication.id in self._lenses:
            self._seen[case.publication.id] = finding.seen, finding.figures

    def close(self) -> None:
        """End the process, and look at nothing more."""
        self._lenses.clear()
        self.channel.close()

    # What a sheet and metrics ask

    def of_room(self, room: Room) -> dict[str, Witnessed]:
        """What was made of a room so far, by function."""
        memory = self._rooms.get(room, _Memory())
        return {function: _describe(memory, function) for function in set(FUNCTIONS.values())}

    def of_stream(self, publication: Publication) -> tuple[Seen, str] | None:
        """What was made of a stream last, with the figures."""
        return self._seen.get(publication.id)


def _describe(memory: _Memory, function: str) -> Witnessed:
    figures = [
        text for seen in _WEIGHT if (text := memory.figures.get((function, seen))) is not None
    ]
    return Witnessed(
        readable=memory.counts[function, "readable"],
        opaque=memory.counts[function, "opaque"],
        undecided=memory.counts[function, "undecided"],
        figures=figures[0] if figures else None,
    )


_WEIGHT: tuple[Seen, ...] = ("readable", "opaque", "undecided")
"""What says most comes first."""
