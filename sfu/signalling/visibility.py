"""The privacy sheet over HTTP, for those whose token says moderator."""

from collections.abc import Callable

import msgspec
from aiohttp import web

from sfu.errors import Refused
from sfu.rooms.room import Room
from sfu.signalling.lobby import Lobby
from sfu.signalling.moderation import ROOM, admit, refusing
from sfu.visibility.sheet import Sheet


class VisibilityRoutes:
    """`/rooms/{room}/visibility`."""

    def __init__(self, lobby: Lobby, describe: Callable[[Room], Sheet]) -> None:
        self._lobby = lobby
        self._describe = describe

    def add_to(self, application: web.Application) -> None:
        """Add the route."""
        path = f"/rooms/{{room:{ROOM}}}/visibility"
        application.router.add_get(path, refusing(self.show))

    async def show(self, request: web.Request) -> web.StreamResponse:
        """Tell what the server could see in a room, while somebody is in it."""
        admit(self._lobby, request)
        room = self._lobby.find_room(request.match_info["room"])
        if room is None:
            raise Refused("no-room", "Nobody is in this room, so there is nothing to be seen.")
        body = msgspec.json.encode(self._describe(room))
        headers = {"Cache-Control": "no-store"}
        return web.Response(body=body, content_type="application/json", headers=headers)
