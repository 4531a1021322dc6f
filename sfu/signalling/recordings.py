"""Recordings over HTTP: start, list, fetch and stop, for those whose token says moderator."""

import asyncio
import time
from base64 import urlsafe_b64decode
from collections.abc import Awaitable, Callable
from typing import Final

import msgspec
from aiohttp import web

from sfu.errors import Refused
from sfu.recording.archive import Stored
from sfu.recording.recorder import Recorder
from sfu.signalling.lobby import Lobby
from sfu.signalling.values import PublicKey

MAX_BODY: Final = 4096
"""Longest request, in bytes."""

BODY_SECONDS: Final = 10.0

STATUS: Final = {
    "bad-body": 400,
    "broken-off": 400,
    "key-missing": 400,
    "not-sealed": 400,
    "forbidden": 403,
    "not-a-moderator": 403,
    "other-origin": 403,
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

OFF: Final = Refused(
    "recording-off", "This server records nothing: its operator would set recording.directory."
)

CONTENT_TYPES: Final = {
    ".webm": "video/webm",
    ".mkv": "video/x-matroska",
    ".sealed": "application/octet-stream",
}

_ROOM: Final = "[A-Za-z0-9_-]{1,64}"
_PART: Final = "[A-Za-z0-9_.-]{1,128}"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Wanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of a request to start; none at all is the same as an empty one."""

    public_key: PublicKey | None = None


class Listing(msgspec.Struct, frozen=True):
    """The recordings of a room, newest first."""

    recordings: list[Stored]


class RecordingRoutes:
    """`/rooms/{room}/recording`, and the files behind it."""

    def __init__(self, lobby: Lobby, recorder: Recorder | None) -> None:
        """Without a recorder everything is refused."""
        self._lobby = lobby
        self._recorder = recorder

    def add_to(self, application: web.Application) -> None:
        """Add the routes."""
        router = application.router
        path = f"/rooms/{{room:{_ROOM}}}/recording"
        router.add_post(path, _refusing(self.start))
        router.add_get(path, _refusing(self.list))
        router.add_delete(path, _refusing(self.stop))
        router.add_get(f"{path}/{{ident:{_PART}}}/{{name:{_PART}}}", _refusing(self.fetch))

    async def start(self, request: web.Request) -> web.StreamResponse:
        """Record from now on."""
        by = self._admit(request)
        recorder = self._on()
        wanted = await _body(request)
        key = None if wanted.public_key is None else _decoded(wanted.public_key)
        room, order = recorder.order(request.match_info["room"], key, by)
        folder, left = await asyncio.to_thread(recorder.prepare, room, order)
        recorder.start(room, order, folder, left, now=time.monotonic())
        headers = {"Location": f"{request.path}/{order.ident}", "Cache-Control": "no-store"}
        return web.json_response({"id": order.ident}, status=201, headers=headers)

    async def list(self, request: web.Request) -> web.StreamResponse:
        """Tell what there is of a room, which may have ended long ago."""
        self._admit(request)
        recorder, room = self._on(), request.match_info["room"]
        current = recorder.running.get(room)
        running = None if current is None else current.order.ident
        found = await asyncio.to_thread(recorder.archive.list, room, running=running)
        body = msgspec.json.encode(Listing(found))
        headers = {"Cache-Control": "no-store"}
        return web.Response(body=body, content_type="application/json", headers=headers)

    async def stop(self, request: web.Request) -> web.StreamResponse:
        """Record no more."""
        self._admit(request)
        order = self._on().stop(request.match_info["room"], now=time.monotonic())
        return web.json_response({"id": order.ident}, headers={"Cache-Control": "no-store"})

    async def fetch(self, request: web.Request) -> web.StreamResponse:
        """Send a file, or a part of it."""
        self._admit(request)
        asked = request.match_info
        path = await asyncio.to_thread(
            self._on().archive.find, asked["room"], asked["ident"], asked["name"]
        )
        headers = {
            "Cache-Control": "no-store",
            "Content-Disposition": f'attachment; filename="{path.name}"',
            "Content-Type": CONTENT_TYPES[path.suffix],
        }
        return web.FileResponse(path, headers=headers)

    def _on(self) -> Recorder:
        if self._recorder is None:
            raise OFF
        return self._recorder

    def _admit(self, request: web.Request) -> str | None:
        """Return the name of the token's bearer; raises Refused for all but moderators."""
        origin = request.headers.get("Origin")
        if origin is not None and origin.partition("://")[2].lower() != request.host.lower():
            raise Refused("other-origin", "A page of another origin may not record here.")
        grant = self._lobby.check(_bearer(request), request.match_info["room"])
        if grant is None:  # the open development mode
            return None
        if not grant.moderator:
            raise Refused("not-a-moderator", "Recordings are for moderators: use their token.")
        return grant.name


def _refusing(handler: Handler) -> Handler:
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


def _decoded(key: str) -> bytes:
    return urlsafe_b64decode(key + "=")


async def _body(request: web.Request) -> Wanted:
    """Read what is wanted; raises Refused."""
    body = b""
    try:
        async with asyncio.timeout(BODY_SECONDS):
            while len(body) <= MAX_BODY and not request.content.at_eof():
                body += await request.content.read(MAX_BODY + 1 - len(body))
    except TimeoutError as error:
        raise Refused("too-slow", f"The body took {BODY_SECONDS:g} seconds and more.") from error
    except (ConnectionError, web.RequestPayloadError) as error:
        raise Refused("broken-off", "The body did not come to its end.") from error
    if len(body) > MAX_BODY:
        raise Refused("too-long", f"A body has at most {MAX_BODY} bytes here.")
    try:
        return msgspec.json.decode(body or b"{}", type=Wanted)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Refused("bad-body", f"The body is not understood: {error}.") from error
