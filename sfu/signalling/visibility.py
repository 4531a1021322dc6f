"""What the server could see of a room, over HTTP: for everybody who may watch it."""

import msgspec
from aiohttp import web

from sfu.signalling.lobby import Lobby
from sfu.signalling.moderation import ROOM, admit_viewer, refusing
from sfu.visibility.observer import Observer


class VisibilityRoutes:
    """`/rooms/{room}/visibility`, and the glimpses below it."""

    def __init__(self, lobby: Lobby, observer: Observer) -> None:
        self._lobby = lobby
        self._observer = observer

    def add_to(self, application: web.Application) -> None:
        """Add the routes."""
        path = f"/rooms/{{room:{ROOM}}}/visibility"
        application.router.add_get(path, refusing(self.show))
        application.router.add_get(f"{path}/glimpses", refusing(self.glimpse))

    async def show(self, request: web.Request) -> web.StreamResponse:
        """Tell what the server could see in a room, while somebody is in it."""
        return _json(self._observer.describe(admit_viewer(self._lobby, request)))

    async def glimpse(self, request: web.Request) -> web.StreamResponse:
        """Show what the witness got out of its streams."""
        return _json(self._observer.glimpse(admit_viewer(self._lobby, request)))


def _json(document: msgspec.Struct) -> web.StreamResponse:
    headers = {"Cache-Control": "no-store"}
    body = msgspec.json.encode(document)
    return web.Response(body=body, content_type="application/json", headers=headers)
