"""Observer: keeps the privacy sheets of all rooms, and since when each verdict has been so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol
from weakref import WeakKeyDictionary

import msgspec

from sfu.rooms.holdings import FUNCTIONS
from sfu.visibility.glimpses import MOST_LOOKS, Glimpses, Look
from sfu.visibility.guesses import Guesses
from sfu.visibility.sheet import Line, Sheet, Stream, Verdict, lines

if TYPE_CHECKING:
    from collections.abc import Callable

    from sfu.rooms.directory import Directory
    from sfu.rooms.publication import Publication
    from sfu.rooms.room import Room
    from sfu.visibility.sheet import Witnessed
    from sfu.visibility.testimony import Impression

INTERVAL: Final = 1.0
"""Seconds between looks at every room: so exact is `since`."""


class Testimony(Protocol):
    """What a sheet needs of a witness."""

    def of_room(self, room: Room) -> dict[str, Witnessed]:
        """What it made of a room so far, by function."""
        ...

    def of_stream(self, publication: Publication) -> Impression | None:
        """What it made of a stream last."""
        ...

    def watch(self, room: Room) -> None:
        """Somebody looks at what it got out of a room's streams."""
        ...


class Observer:
    """Looks at rooms, and at what the witness says, if there is one."""

    def __init__(
        self, directory: Directory, witness: Testimony | None, *, clock: Callable[[], float]
    ) -> None:
        """`clock` tells Unix time."""
        self._directory = directory
        self._witness = witness
        self._clock = clock
        self.guesses = Guesses(directory)
        self._due = 0.0
        self._since: WeakKeyDictionary[Room, dict[str, tuple[Verdict, float]]] = WeakKeyDictionary()

    def follow_up(self, *, now: float) -> None:
        """Look at how much came where people were told, and at every room if it is time to."""
        if self._witness is not None:
            self.guesses.follow_up(now=now)
        if now >= self._due:
            self._due = now + INTERVAL
            for room in self._directory.rooms.values():
                self._judge(room)

    def describe(self, room: Room) -> Sheet:
        """Write the sheet of a room."""
        return Sheet(
            room=room.name,
            mode=room.mode,
            written=self._clock(),
            witness=self._witness is not None,
            functions=self._judge(room),
            streams=tuple(map(self._describe_stream, room.publications.values())),
        )

    def glimpse(self, room: Room) -> Glimpses:
        """Tell what the witness got out of a room's streams; that asks it to look often."""
        if self._witness is not None:
            self._witness.watch(room)
        looks = [self._glimpse_stream(one) for one in room.publications.values()]
        looks.sort(key=lambda look: look.taken or 0.0, reverse=True)
        return Glimpses(written=self._clock(), streams=tuple(looks[:MOST_LOOKS]))

    def _glimpse_stream(self, publication: Publication) -> Look:
        look = Look(
            participant=publication.owner.id,
            publication=publication.id,
            function=FUNCTIONS[publication.origin],
        )
        impression = None if self._witness is None else self._witness.of_stream(publication)
        if impression is None:
            return look
        seen, figures, tries, glimpse, taken = impression
        found = None if glimpse is None else msgspec.structs.asdict(glimpse)
        return msgspec.structs.replace(
            look, seen=seen, figures=figures, tries=tries, taken=taken, **(found or {})
        )

    def _judge(self, room: Room) -> tuple[Line, ...]:
        witnessed = None if self._witness is None else self._witness.of_room(room)
        known = self._since.setdefault(room, {})
        judged = []
        for line in lines(room, witnessed):
            if line.function not in known or known[line.function][0] != line.verdict:
                known[line.function] = line.verdict, self._clock()
            since = None if line.verdict == "none" else known[line.function][1]
            judged.append(msgspec.structs.replace(line, since=since))
        return tuple(judged)

    def _describe_stream(self, publication: Publication) -> Stream:
        seen = None if self._witness is None else self._witness.of_stream(publication)
        return Stream(
            participant=publication.owner.id,
            publication=publication.id,
            function=FUNCTIONS[publication.origin],
            bytes=publication.bytes,
            depth=publication.depth.name.lower(),
            seen=None if seen is None else seen.seen,
            figures=None if seen is None else seen.figures,
            inferred=None if self._witness is None else self.guesses.of_stream(publication),
        )
