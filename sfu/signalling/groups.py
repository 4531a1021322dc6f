"""What one client asks of its room's group; docs/mls.md says what for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sfu.errors import Refused
from sfu.rooms.room import MLS
from sfu.signalling import messages

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sfu.rooms.group import Group
    from sfu.rooms.participant import Participant

BURST: Final = 10.0
"""Hellos, and questions for what was missed, that a connection may bring at once."""

PER_SECOND: Final = 0.5
"""And in the long run: each of them is work for others, or long to answer."""


class GroupDesk:
    """Finds the group that a message is for; `handlers` are what a session calls."""

    def __init__(self) -> None:
        self._tokens = BURST
        self._filled_at = float("-inf")
        self.handlers: Mapping[type, Callable[[Participant, Any, float], None]] = {
            messages.Introduce: self._on_introduce,
            messages.StartGroup: self._on_start_group,
            messages.SendCommit: self._on_send_commit,
            messages.SendGroupMessage: self._on_send_group_message,
            messages.CatchUp: self._on_catch_up,
        }

    def _on_introduce(
        self, participant: Participant, request: messages.Introduce, now: float
    ) -> None:
        if not participant.room.sealed:
            raise Refused("bad-hello", "A hello belongs to the end-to-end modes, and only to them.")
        self._spend(now=now)
        participant.introduce(request.hello)

    def _on_start_group(
        self, participant: Participant, request: messages.StartGroup, now: float
    ) -> None:
        del now
        participant.room.start_group(request.group, participant)

    def _on_send_commit(
        self, participant: Participant, request: messages.SendCommit, now: float
    ) -> None:
        del now
        _group(participant, request.group).commit(
            participant,
            request.number,
            request.commit,
            welcome=request.welcome,
            added=frozenset(request.added),
        )

    def _on_send_group_message(
        self, participant: Participant, request: messages.SendGroupMessage, now: float
    ) -> None:
        del now
        _group(participant, request.group).say(participant, request.message)

    def _on_catch_up(self, participant: Participant, request: messages.CatchUp, now: float) -> None:
        group = _group(participant, request.group)
        self._spend(now=now)
        group.catch_up(participant, request.number)

    def _spend(self, *, now: float) -> None:
        """Pay for what costs others more than the one who asks for it."""
        self._tokens = min(BURST, self._tokens + (now - self._filled_at) * PER_SECOND)
        self._filled_at = now
        if self._tokens < 1:
            raise Refused("too-often", "You ask for this too often: wait some seconds.")
        self._tokens -= 1


def _group(participant: Participant, ident: str) -> Group:
    room = participant.room
    if room.mode != MLS:
        raise Refused("not-mls", f"This room is in mode {room.mode}: there are no groups.")
    if room.group is None or room.group.id != ident:
        raise Refused("no-group", "There is no such group here: start one, or ask for the other.")
    return room.group
