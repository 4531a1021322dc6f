"""Lobby: where sessions turn into participants, and find what they need of the server."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Final
from weakref import WeakKeyDictionary

from sfu.errors import Refused
from sfu.rooms.directory import check_mode
from sfu.rooms.permissions import Permissions
from sfu.rooms.room import HOP
from sfu.signalling.call import Call

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sfu.rooms.directory import Directory
    from sfu.rooms.participant import Participant
    from sfu.rooms.room import Room
    from sfu.signalling.messages import Join
    from sfu.signalling.tokens import Grant
    from sfu.transport.node import Node

EVERYTHING = Permissions(publish=True, subscribe=True, moderate=True)
"""What everybody may do in the open development mode."""


_DISORDERLY: Final = re.compile("[\\x00-\\x1f\\x7f-\\x9f\\u2028-\\u202e\\u2066-\\u2069]")
"""Control characters, line breaks, and what turns the text around a name (UAX #9)."""


class Lobby:
    """Checks tokens, and hands out participants with their calls."""

    def __init__(
        self,
        directory: Directory,
        node: Node,
        *,
        candidates: Callable[[], Sequence[str]],
        verify: Callable[[str], Grant] | None,
        witness: bool = False,
    ) -> None:
        """`verify` reads a token or raises Refused; None is the open development mode.

        With `witness` everybody is told that the server tries to read what passes.
        """
        self.witness = witness
        self._directory = directory
        self._node = node
        self._candidates = candidates
        self._verify = verify
        self._calls: WeakKeyDictionary[Participant, Call] = WeakKeyDictionary()

    def enter(self, join: Join) -> tuple[Participant, bool]:
        """Let somebody in, or back in: then the second value is True. Raises Refused."""
        if (join.mode == HOP) != (join.hello is None):
            raise Refused("bad-hello", "A hello belongs to the end-to-end modes, and only to them.")
        permissions, name = self._admit(join)
        _check_name(name)
        if join.resume is not None:
            participant = self._directory.recognise(join.room, join.resume)
            if participant is not None:
                check_mode(participant.room, join.mode)
                participant.introduce(join.hello)
                return participant, True
        participant = self._directory.enter(
            join.room, name, permissions, mode=join.mode, hello=join.hello
        )
        self._calls[participant] = Call(participant, self._node, self._candidates)
        return participant, False

    def _admit(self, join: Join) -> tuple[Permissions, str]:
        grant = self.check(join.token, join.room)
        if grant is None:
            return EVERYTHING, join.name
        if grant.mode not in {None, join.mode}:
            raise Refused("wrong-mode", f"Your token is for a room in mode {grant.mode}.")
        permissions = Permissions(
            publish=grant.may_publish, subscribe=grant.may_subscribe, moderate=grant.moderator
        )
        return permissions, grant.name or join.name

    def check(self, token: str | None, room: str) -> Grant | None:
        """Read a token for this room, or raise Refused; None in the open development mode."""
        if self._verify is None:
            return None
        if token is None:
            raise Refused("token-missing", "This server needs a token; ask for an invitation.")
        grant = self._verify(token)
        if grant.room not in {None, room}:
            raise Refused("wrong-room", "Your token is for another room.")
        if not (grant.may_publish or grant.may_subscribe or grant.moderator):
            raise Refused("forbidden", "Your token opens no room; ask for an invitation.")
        return grant

    def find_room(self, name: str) -> Room | None:
        """Return the room of this name, while somebody is in it."""
        return self._directory.rooms.get(name)

    def call_of(self, participant: Participant) -> Call:
        """Return the negotiation of somebody who was let in."""
        return self._calls[participant]

    def leave(self, participant: Participant) -> None:
        """Somebody leaves for good."""
        participant.room.remove(participant, "left")
        self._directory.close_empty()


def _check_name(name: str) -> None:
    """Others have to see who it is, and nothing else than a name."""
    visible = any(unicodedata.category(character)[0] not in "CZ" for character in name)
    if not visible or _DISORDERLY.search(name):
        raise Refused("bad-name", "A name has something to read in it, and no control characters.")
