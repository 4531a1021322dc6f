"""Who is in the room and what they publish, as the server tells it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from sfu.signalling.messages import (
    Participant,
    ParticipantJoined,
    ParticipantLeft,
    ParticipantUpdated,
    Publication,
    PublicationAdded,
    PublicationRemoved,
    PublicationUpdated,
    ServerMessage,
    Welcome,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sfu_clients.publisher import Publisher

MAX_PARTICIPANTS: Final = 5000
MAX_PUBLICATIONS: Final = 200
"""Of one participant; more of either than any server should have is not remembered."""


class Roster:
    """Everybody in the room by id, ourselves included."""

    def __init__(self) -> None:
        self.own = ""
        """Our own id."""
        self.people: dict[str, Participant] = {}

    def receive(self, message: ServerMessage) -> None:
        """Learn from any message."""
        people = self.people
        match message:
            case Welcome():
                self.own = message.participant
                known = message.participants[:MAX_PARTICIPANTS]
                self.people = {one.id: one for one in known}
            case ParticipantJoined() if len(people) < MAX_PARTICIPANTS:
                people[message.participant.id] = message.participant
            case ParticipantLeft():
                people.pop(message.participant, None)
            case ParticipantUpdated() if message.participant in people:
                person = people[message.participant]
                people[person.id] = msgspec.structs.replace(
                    person, connected=message.connected, hello=message.hello
                )
            case PublicationAdded() | PublicationUpdated() if message.participant in people:
                self._replace(message.participant, message.publication.id, message.publication)
            case PublicationRemoved() if message.participant in people:
                self._replace(message.participant, message.publication, None)
            case _:
                pass

    def _replace(self, participant: str, ident: str, publication: Publication | None) -> None:
        """In the order of their coming."""
        published = {one.id: one for one in self.people[participant].publications}
        if publication is None:
            published.pop(ident, None)
        elif ident in published or len(published) < MAX_PUBLICATIONS:
            published[ident] = publication
        self.people[participant] = msgspec.structs.replace(
            self.people[participant], publications=tuple(published.values())
        )

    def own_publications(self) -> tuple[Publication, ...]:
        """What the server has of us."""
        return self.people[self.own].publications if self.own in self.people else ()

    def name(self, publishers: Iterable[Publisher]) -> None:
        """Tell publishers under which ids the server knows their tracks: told apart by source."""
        for publication in self.own_publications():
            for publisher in publishers:
                if publisher.source.name == publication.source:
                    publisher.publication = publication.id

    def publications(self) -> list[tuple[Participant, Publication]]:
        """What others publish."""
        return [
            (participant, publication)
            for participant in self.people.values()
            for publication in participant.publications
            if participant.id != self.own
        ]
