"""Recordings over HTTP: start, list, fetch and stop, for those whose token says moderator."""

import asyncio
import time
from base64 import urlsafe_b64decode
from typing import Final

import msgspec
from aiohttp import web

from sfu.errors import Refused
from sfu.recording.archive import Stored
from sfu.recording.recorder import Recorder
from sfu.signalling.lobby import Lobby
from sfu.signalling.moderation import ROOM, admit, refusing
from sfu.signalling.values import PublicKey

MAX_BODY: Final = 4096
"""Longest request, in bytes."""

BODY_SECONDS: Final = 10.0

OFF: Final = Refused(
    "recording-off", "This server records nothing: its operator would set recording.directory."
)

CONTENT_TYPES: Final = {
    ".webm": "video/webm",
    ".mkv": "video/x-matroska",
    ".sealed": "application/octet-stream",
}

_PART: Final = "[A-Za-z0-9_.-]{1,128}"


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
        path = f"/rooms/{{room:{ROOM}}}/recording"
        router.add_post(path, refusing(self.start))
        router.add_get(path, refusing(self.list))
        router.add_delete(path, refusing(self.stop))
        router.add_get(f"{path}/{{ident:{_PART}}}/{{name:{_PART}}}", refusing(self.fetch))

    async def start(self, request: web.Request) -> web.StreamResponse:
        """Record from now on."""
        by = admit(self._lobby, request)
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
        admit(self._lobby, request)
        recorder, room = self._on(), request.match_info["room"]
        current = recorder.running.get(room)
        running = None if current is None else current.order.ident
        found = await asyncio.to_thread(recorder.archive.list, room, running=running)
        body = msgspec.json.encode(Listing(found))
        headers = {"Cache-Control": "no-store"}
        return web.Response(body=body, content_type="application/json", headers=headers)

    async def stop(self, request: web.Request) -> web.StreamResponse:
        """Record no more."""
        admit(self._lobby, request)
        order = self._on().stop(request.match_info["room"], now=time.monotonic())
        return web.json_response({"id": order.ident}, headers={"Cache-Control": "no-store"})

    async def fetch(self, request: web.Request) -> web.StreamResponse:
        """Send a file, or a part of it."""
        admit(self._lobby, request)
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
