"""Directory: the rooms of this node, who may enter them, and what their counters add up to."""

from __future__ import annotations

from dataclasses import dataclass
from hmac import compare_digest
from typing import TYPE_CHECKING

from sfu.errors import Refused
from sfu.rooms.room import HOP, Room

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sfu.rooms.participant import Participant
    from sfu.rooms.permissions import Permissions
    from sfu.rooms.tally import Tally
    from sfu.transport.node import Node


@dataclass(frozen=True, slots=True)
class Limits:
    """What the operator allows."""

    rooms: int = 1000
    participants: int = 50  # of one room
    patience: float = 10.0  # seconds in which a dropped connection may return


class Directory:
    """Rooms are made by whoever enters first, and end with whoever leaves last."""

    def __init__(self, node: Node, limits: Limits, *, random_bytes: Callable[[int], bytes]) -> None:
        self.rooms: dict[str, Room] = {}
        self.draining = False
        self.entered = 0  # participants, ever
        self.returned = 0
        self._node = node
        self._limits = limits
        self._random_bytes = random_bytes
        self._ended: Tally = {}

    def enter(
        self,
        room_name: str,
        name: str,
        permissions: Permissions,
        *,
        mode: str = HOP,
        hello: str | None = None,
    ) -> Participant:
        """Take somebody into a room of this mode, which the first to enter decides.

        Raises Refused when it is full, has another mode, or we are shutting down.
        """
        if self.draining:
            raise Refused("draining", "The server is shutting down; try again in a minute.")
        room = self.rooms.get(room_name)
        if room is None:
            if len(self.rooms) >= self._limits.rooms:
                raise Refused("server-full", "The server has as many rooms as it may have.")
            room = self._open(room_name, mode)
        check_mode(room, mode)
        if len(room.participants) >= self._limits.participants:
            raise Refused("room-full", f"{self._limits.participants} people are in the room.")
        self.entered += 1
        return room.enter(name, permissions, hello)

    def _open(self, name: str, mode: str) -> Room:
        room = Room(name, mode, node=self._node, random_bytes=self._random_bytes, ended=self._ended)
        self.rooms[name] = room
        return room

    def recognise(self, room_name: str, secret: str) -> Participant | None:
        """Find who was given this secret, if they are still expected."""
        room = self.rooms.get(room_name)
        for participant in room.participants.values() if room is not None else ():
            if compare_digest(participant.secret.encode(), secret.encode()):
                self.returned += 1
                return participant
        return None

    def participants(self) -> Iterator[Participant]:
        """Everybody in every room."""
        for room in self.rooms.values():
            yield from room.participants.values()

    def handle_timeout(self, *, now: float) -> None:
        """Do what media is due to do, in every room."""
        for room in list(self.rooms.values()):
            room.handle_timeout(now=now)

    def follow_up(self, *, now: float) -> None:
        """Tell of what has happened in every room, and close those that everybody has left."""
        for room in list(self.rooms.values()):
            room.follow_up(now=now, patience=self._limits.patience)
        self.close_empty()

    def close_empty(self) -> None:
        """Forget rooms without participants."""
        for name in [name for name, room in self.rooms.items() if not room.participants]:
            del self.rooms[name]

    def drain(self) -> None:
        """Take nobody in any more, and tell everybody that they are out."""
        self.draining = True
        for room in list(self.rooms.values()):
            for participant in list(room.participants.values()):
                room.expel(participant, "drained")
        self.close_empty()

    def tally(self) -> Tally:
        """Add up the counters of all that is and all that was."""
        tally = dict(self._ended)
        for room in self.rooms.values():
            room.tally(tally)
        return tally


def check_mode(room: Room, mode: str) -> None:
    """Refuse whoever insists on another mode than the room's: nobody is adapted to."""
    if room.mode != mode:
        raise Refused("wrong-mode", f"This room is in mode {room.mode}, and you insist on {mode}.")
