"""Group: who of a room agrees on keys with whom, and what is passed on between them unread."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfu.errors import Refused
from sfu.rooms import events
from sfu.rooms.delivery import Delivery
from sfu.rooms.tally import tally_commit, tally_group_message

if TYPE_CHECKING:
    from collections.abc import Collection

    from sfu.rooms.participant import Participant
    from sfu.rooms.room import Room


class Group:
    """The delivery service (RFC 9750 section 5) of one group; it is no member, and reads nothing.

    Every request raises Refused for who is not a member.
    """

    def __init__(self, room: Room, ident: str, founder: Participant) -> None:
        self.id = ident
        self._room = room
        self._delivery = Delivery(founder.id)

    @property
    def number(self) -> int:
        """How many commits were accepted."""
        return self._delivery.number

    @property
    def members(self) -> list[Participant]:
        """Whoever is told of commits and messages now."""
        since = self._delivery.since
        return [who for who in self._room.participants.values() if who.id in since]

    def commit(
        self,
        author: Participant,
        number: int,
        handshake: str,
        *,
        welcome: str | None,
        added: Collection[str],
    ) -> None:
        """Tell all members of a commit, and whom it adds of their Welcome.

        Raises Refused if another commit had this number, or if none may have it yet.
        """
        self._check(author)
        members = self.members
        present = [who for who in added if who in self._room.participants]
        commit = self._delivery.accept(author.id, number, handshake, welcome, present)
        tally_commit(self._room.ended, accepted=commit is not None)
        if commit is None:
            reason = f"The next commit is number {self.number}: follow those before it, try again."
            raise Refused("stale-commit", reason)
        for member in members:
            member.tell(events.CommitAccepted(self.id, commit))
        for ident in commit.added:
            self._room.participants[ident].tell(events.Welcomed(self.id, commit))

    def say(self, author: Participant, message: str) -> None:
        """Pass a message on to all other members."""
        self._check(author)
        tally_group_message(self._room.ended)
        for member in self.members:
            if member is not author:
                member.tell(events.SaidToGroup(author, self.id, message))

    def catch_up(self, member: Participant, number: int | None) -> None:
        """Tell a member again of all commits from a number on, or from their Welcome on.

        Raises Refused if they are not kept, or if they came before the member did.
        """
        self._check(member)
        if number is None:
            again = list(self._delivery.since_welcome(member.id))
            missing = not again
        else:
            commits = self._delivery.commits_from(member.id, number)
            again = [(commit, False) for commit in commits or ()]
            missing = commits is None
        if missing:
            reason = "This is not kept any more: introduce yourself again, and you will be added."
            raise Refused("too-far-behind", reason)
        for commit, welcome in again:
            kind = events.Welcomed if welcome else events.CommitAccepted
            member.tell(kind(self.id, commit))

    def part(self, participant: Participant) -> bool:
        """Somebody is no member any more, if they were; True if that was the last."""
        self._delivery.part(participant.id)
        return not self._delivery.since

    def _check(self, participant: Participant) -> None:
        if participant.id not in self._delivery.since:
            reason = "You are not in the group yet: wait until a member adds you."
            raise Refused("not-a-member", reason)
