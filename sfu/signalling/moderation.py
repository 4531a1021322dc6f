"""Requests about a room over HTTP: whose token they take, and refusals as sentences."""

from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import web

from sfu.errors import Refused
from sfu.rooms.room import Room
from sfu.signalling.lobby import Lobby
from sfu.signalling.tokens import Grant

STATUS: Final = {
    "bad-body": 400,
    "broken-off": 400,
    "key-missing": 400,
    "not-sealed": 400,
    "forbidden": 403,
    "not-a-moderator": 403,
    "other-origin": 403,
    "wrong-mode": 403,
    "wrong-room": 403,
    "no-room": 404,
    "no-file": 404,
    "too-slow": 408,
    "already-recording": 409,
    "not-recording": 409,
    "too-long": 413,
    "recording-off": 501,
    "disk-refused": 507,
    "recordings-full": 507,
}
"""By the code of a refusal; tokens are 401."""

ROOM: Final = "[A-Za-z0-9_-]{1,64}"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def admit(lobby: Lobby, request: web.Request) -> str | None:
    """Return the name of the token's bearer; raises Refused for all but moderators."""
    grant = _grant(lobby, request)
    if grant is None:  # the open development mode
        return None
    if not grant.moderator:
        raise Refused("not-a-moderator", "This is for moderators: use their token.")
    return grant.name


def admit_viewer(lobby: Lobby, request: web.Request) -> Room:
    """Return the room, while somebody is in it; raises Refused for who could not watch it."""
    grant = _grant(lobby, request)
    if grant is not None and not (grant.may_subscribe or grant.moderator):
        raise Refused("forbidden", "This is for those who may watch the room: your token may not.")
    room = lobby.find_room(request.match_info["room"])
    if room is None:
        raise Refused("no-room", "Nobody is in this room, so there is nothing to be seen.")
    if grant is not None and grant.mode not in {None, room.mode}:
        raise Refused("wrong-mode", f"Your token is for a room in mode {grant.mode}.")
    return room


def _grant(lobby: Lobby, request: web.Request) -> Grant | None:
    """What the token allows; None in the open development mode."""
    origin = request.headers.get("Origin")
    if origin is not None and origin.partition("://")[2].lower() != request.host.lower():
        raise Refused("other-origin", "A page of another origin may not ask for this.")
    return lobby.check(_bearer(request), request.match_info["room"])


def refusing(handler: Handler) -> Handler:
    """Answer a refusal with a sentence."""

    async def handle(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except Refused as refusal:
            is_token = refusal.code.startswith("token-")
            status = 401 if is_token else STATUS.get(refusal.code, 422)
            headers = {"Cache-Control": "no-store"}
            if is_token:
                headers["WWW-Authenticate"] = "Bearer"
            return web.Response(status=status, text=f"{refusal.reason}\n", headers=headers)

    return handle


def _bearer(request: web.Request) -> str | None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None
