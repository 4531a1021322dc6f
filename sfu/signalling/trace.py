"""The trace of layer switches over HTTP, for those whose token says moderator."""

from collections.abc import Callable, Iterator
from typing import Literal

import msgspec
from aiohttp import web

from sfu.errors import Refused
from sfu.media.layers import Target
from sfu.media.selector import Switch
from sfu.rooms.room import Room
from sfu.rooms.subscription import Subscription
from sfu.rooms.trace import Entry, Place
from sfu.signalling.lobby import Lobby
from sfu.signalling.moderation import ROOM, admit, refusing


class Switched(msgspec.Struct, frozen=True, kw_only=True):
    """A subscriber got another layer; `direction` and `reason` are the labels of metrics."""

    event: Literal["switch"] = "switch"
    at: float  # Unix time, as everywhere here
    was: str | None = msgspec.field(name="from")  # S1T2; null: nothing was sent
    now: str | None = msgspec.field(name="to")
    wanted: str | None  # another than `to` where it could not be entered yet
    direction: str
    reason: str
    seconds: float  # from wanting it to the first frame of it


class Requested(msgspec.Struct, frozen=True, kw_only=True):
    """A key frame was asked for; `cause` is the label of metrics."""

    event: Literal["key_frame_request"] = "key_frame_request"
    at: float
    cause: str


class Subscribed(msgspec.Struct, frozen=True):
    """What happened to a subscription; without a viewer, what was asked for on behalf of all."""

    viewer: str | None
    publication: str
    watched: bool  # now; entries outlive subscriptions
    layer: str | None
    wanted: str | None
    events: tuple[Switched | Requested, ...] = ()


class Traced(msgspec.Struct, frozen=True):
    """The trace of a room."""

    room: str
    written: float
    subscriptions: tuple[Subscribed, ...]


class TraceRoutes:
    """`/rooms/{room}/trace`."""

    def __init__(
        self, lobby: Lobby, *, clock: Callable[[], float], epoch: Callable[[], float]
    ) -> None:
        """`clock` tells Unix time, `epoch` what it was when the clock of media was at 0."""
        self._lobby = lobby
        self._clock = clock
        self._epoch = epoch

    def add_to(self, application: web.Application) -> None:
        """Add the route."""
        application.router.add_get(f"/rooms/{{room:{ROOM}}}/trace", refusing(self.show))

    async def show(self, request: web.Request) -> web.StreamResponse:
        """Tell what was switched in a room, and why, while somebody is in it."""
        admit(self._lobby, request)
        room = self._lobby.find_room(request.match_info["room"])
        if room is None:
            raise Refused("no-room", "Nobody is in this room, so there is nothing to be told.")
        traced = Traced(room.name, self._clock(), tuple(describe(room, epoch=self._epoch())))
        headers = {"Cache-Control": "no-store"}
        return web.Response(
            body=msgspec.json.encode(traced), content_type="application/json", headers=headers
        )


def describe(room: Room, *, epoch: float) -> Iterator[Subscribed]:
    """Write down the trace of a room; `epoch` as above."""
    there = {
        Place(viewer.id, subscription.publication.id): subscription
        for viewer in room.participants.values()
        for subscription in viewer.subscriptions.values()
    }
    for place, entries in (dict.fromkeys(there, ()) | dict(room.trace)).items():
        yield msgspec.structs.replace(
            _state(place, there.get(place)),
            events=tuple(_describe(entry, epoch=epoch) for entry in entries),
        )


def _state(place: Place, subscription: Subscription | None) -> Subscribed:
    if subscription is None:
        return Subscribed(*place, watched=False, layer=None, wanted=None)
    outbound = subscription.outbound
    layer, wanted = _name(outbound.current_layer()), _name(outbound.wanted_layer())
    return Subscribed(*place, watched=True, layer=layer, wanted=wanted)


def _describe(entry: Entry, *, epoch: float) -> Switched | Requested:
    at = round(epoch + entry.at, 3)
    if not isinstance(entry, Switch):
        return Requested(at=at, cause=entry.cause)
    return Switched(
        at=at,
        was=_name(entry.was),
        now=_name(entry.now),
        wanted=_name(entry.wanted),
        direction=entry.direction,
        reason=entry.reason,
        seconds=round(entry.delay, 3),
    )


def _name(target: Target | None) -> str | None:
    return None if target is None else f"S{target[0]}T{target[1]}"
