"""The HTTP around WHIP and WHEP resources: methods, headers, status codes."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Final
from urllib.parse import urlsplit

from aiohttp import HttpVersion11, web

from sfu.errors import Refused
from sfu.signalling.resources import MAX_BODY, Created, Endpoint, Key, Protocol, Resources

SDP: Final = "application/sdp"
FRAGMENT: Final = "application/trickle-ice-sdpfrag"

RETRY_SECONDS: Final = 5
BODY_SECONDS: Final = 10.0
"""An offer is one packet or a few; who takes longer keeps a connection for nothing."""

Handler = Callable[[web.Request], Awaitable[web.Response]]

_ROOM: Final = "[A-Za-z0-9_-]{1,64}"
_IDENT: Final = "[0-9a-f]{48}"

STATUS: Final = {
    "bad-sdp": 400,
    "broken-off": 400,
    "forbidden": 403,
    "may-not-publish": 403,
    "may-not-subscribe": 403,
    "wrong-room": 403,
    "wrong-mode": 403,
    "no-resource": 404,
    "unknown-publication": 404,
    "nothing-to-watch": 409,  # draft-ietf-wish-whep-04 section 4.2
    "transport-closed": 410,
    "too-slow": 408,
    "precondition-failed": 412,
    "too-long": 413,
    "precondition-required": 428,
    "draining": 503,
    "room-full": 503,
    "server-full": 503,
}
"""By the code of a refusal; tokens are 401, what is left is an offer that cannot be served: 422."""

_AGAIN: Final = {"nothing-to-watch", "draining", "room-full", "server-full"}

_EXPOSED: Final = "Location, ETag, Accept-Patch, Retry-After, Warning"
_PREFLIGHT: Final = {
    "Access-Control-Allow-Headers": "Authorization, Content-Type, If-Match",
    "Access-Control-Max-Age": "86400",
}
_OWN_NAMES: Final = {"localhost", "127.0.0.1", "::1"}


class WhipRoutes:
    """The two endpoints and the resources that they make."""

    def __init__(self, resources: Resources, *, any_origin: bool) -> None:
        """With `any_origin` every page may use it: where tokens protect it.

        Without, those of this server and other ones of this machine may.
        """
        self._resources = resources
        self._any_origin = any_origin

    def add_to(self, application: web.Application) -> None:
        """Add the routes of RFC 9725 section 4, and the same for WHEP."""
        router = application.router
        for protocol in ("whip", "whep"):
            endpoint = f"/{{protocol:{protocol}}}/{{room:{_ROOM}}}"
            resource = f"{endpoint}/{{ident:{_IDENT}}}"
            router.add_post(endpoint, self._shared(self.post), expect_handler=_continue)
            router.add_patch(resource, self._shared(self.patch), expect_handler=_continue)
            router.add_delete(resource, self._shared(self.delete))
            for path in (endpoint, resource):
                router.add_get(path, self._shared(self.get))
                router.add_options(path, self._shared(self.options))

    def _shared(self, handler: Handler) -> Handler:
        """Let pages of other origins read the answers, as far as they may (CORS)."""

        async def handle(request: web.Request) -> web.Response:
            answer = await handler(request)
            answer.headers.update(self._cors(request))
            return answer

        return handle

    def _cors(self, request: web.Request) -> Mapping[str, str]:
        if self._any_origin:
            allowed = {"Access-Control-Allow-Origin": "*"}
        elif _is_local(origin := request.headers.get("Origin", "")):
            allowed = {"Access-Control-Allow-Origin": origin, "Vary": "Origin"}
        else:
            return {}
        if request.method == "OPTIONS":
            return allowed | _PREFLIGHT
        return allowed | {"Access-Control-Expose-Headers": _EXPOSED}

    async def get(self, _request: web.Request) -> web.Response:
        """There is nothing to read here (RFC 9725 section 4.1)."""
        return web.Response(status=204)

    async def post(self, request: web.Request) -> web.Response:
        """Take an offer and answer it (RFC 9725 section 4.2)."""
        if request.content_type != SDP:
            return _say(415, f"An offer is sent as {SDP}.")
        try:
            body = await _text(request)
            created = self._resources.create(
                _endpoint(request),
                body,
                token=_bearer(request),
                publication=request.query.get("publication"),
                now=time.monotonic(),
            )
        except Refused as refusal:
            return _refuse(refusal)
        return _created(request, created)

    async def patch(self, request: web.Request) -> web.Response:
        """Trickle or restart ICE (RFC 9725 section 4.3)."""
        if request.content_type != FRAGMENT:
            return _say(415, f"A PATCH is sent as {FRAGMENT}.")
        try:
            body = await _text(request)
            restarted = self._resources.patch(
                _key(request),
                body,
                token=_bearer(request),
                if_match=request.headers.get("If-Match"),
                now=time.monotonic(),
            )
        except Refused as refusal:
            return _refuse(refusal)
        if restarted is None:
            return web.Response(status=204)
        headers = {"ETag": restarted.etag, "Cache-Control": "no-store"}
        return web.Response(text=restarted.fragment, content_type=FRAGMENT, headers=headers)

    async def delete(self, request: web.Request) -> web.Response:
        """End a session (RFC 9725 section 4.2)."""
        try:
            self._resources.delete(_key(request), token=_bearer(request))
        except Refused as refusal:
            return _refuse(refusal)
        return _say(200, "The session has ended.")

    async def options(self, request: web.Request) -> web.Response:
        """Say what may be sent here, to pages of other origins too (RFC 9725 section 4.2)."""
        is_resource = "ident" in request.match_info
        methods = "GET, PATCH, DELETE, OPTIONS" if is_resource else "GET, POST, OPTIONS"
        accepted = {"Accept-Patch": FRAGMENT} if is_resource else {"Accept-Post": SDP}
        headers = {"Allow": methods, "Access-Control-Allow-Methods": methods} | accepted
        return web.Response(status=200, headers=headers)


def _created(request: web.Request, created: Created) -> web.Response:
    headers = {
        "Location": f"{request.path}/{created.key.ident}",
        "ETag": created.etag,
        "Accept-Patch": FRAGMENT,
        "Cache-Control": "no-store",
    }
    answer = web.Response(status=201, text=created.sdp, content_type=SDP, headers=headers)
    for note in created.notes:  # the word about what is not as it was asked
        answer.headers.add("Warning", f'299 - "{note.mid}: {note.reason}"')
    return answer


def _refuse(refusal: Refused) -> web.Response:
    is_token = refusal.code.startswith("token-")
    answer = _say(401 if is_token else STATUS.get(refusal.code, 422), refusal.reason)
    if is_token:
        answer.headers["WWW-Authenticate"] = "Bearer"
    if refusal.code in _AGAIN:
        answer.headers["Retry-After"] = str(RETRY_SECONDS)
    return answer


def _say(status: int, sentence: str) -> web.Response:
    headers = {"Cache-Control": "no-store"}
    return web.Response(status=status, text=f"{sentence}\n", headers=headers)


def _endpoint(request: web.Request) -> Endpoint:
    protocol: Protocol = "whip" if request.match_info["protocol"] == "whip" else "whep"
    return Endpoint(protocol, request.match_info["room"])


def _key(request: web.Request) -> Key:
    return Key(_endpoint(request), request.match_info["ident"])


def _bearer(request: web.Request) -> str | None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def _is_local(origin: str) -> bool:
    """Whether a page was served by this machine, whose users may do everything here anyway."""
    try:
        return urlsplit(origin).hostname in _OWN_NAMES
    except ValueError:
        return False


async def _continue(request: web.Request) -> None:
    """Let the body come that was announced (RFC 9110 section 10.1.1), unless it is too long."""
    expected = request.headers.get("Expect", "").lower() == "100-continue"
    if expected and request.version == HttpVersion11 and (request.content_length or 0) <= MAX_BODY:
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.writer.output_size = 0  # nothing of the answer itself has left yet


async def _text(request: web.Request) -> str:
    """The body; raises Refused for one that is broken, or longer than any offer."""
    too_long = Refused("too-long", f"A body has at most {MAX_BODY} bytes here.")
    if (request.content_length or 0) > MAX_BODY:
        raise too_long
    try:
        async with asyncio.timeout(BODY_SECONDS):
            body = await request.content.read(MAX_BODY + 1)
            while len(body) <= MAX_BODY and not request.content.at_eof():
                body += await request.content.read(MAX_BODY + 1 - len(body))
    except TimeoutError as error:
        raise Refused("too-slow", f"The body took {BODY_SECONDS:g} seconds and more.") from error
    except (ConnectionError, web.RequestPayloadError) as error:
        raise Refused("broken-off", "The body did not come to its end.") from error
    if len(body) > MAX_BODY:
        raise too_long
    return body.decode(errors="replace")
