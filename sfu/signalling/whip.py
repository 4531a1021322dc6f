"""The HTTP around WHIP and WHEP resources: methods, headers, status codes."""

import time
from typing import Final

from aiohttp import web

from sfu.errors import Refused
from sfu.signalling.resources import MAX_BODY, Created, Endpoint, Key, Protocol, Resources

SDP: Final = "application/sdp"
FRAGMENT: Final = "application/trickle-ice-sdpfrag"

RETRY_SECONDS: Final = 5

_ROOM: Final = "[A-Za-z0-9_-]{1,64}"
_IDENT: Final = "[0-9a-f]{48}"

_STATUS: Final = {
    "bad-sdp": 400,
    "may-not-publish": 403,
    "may-not-subscribe": 403,
    "wrong-room": 403,
    "wrong-mode": 403,
    "no-resource": 404,
    "nothing-to-watch": 404,
    "unknown-publication": 404,
    "transport-closed": 410,
    "precondition-failed": 412,
    "precondition-required": 428,
    "draining": 503,
    "room-full": 503,
    "server-full": 503,
}
"""By the code of a refusal; tokens are 401, what is left is an offer that cannot be served: 422."""

_AGAIN: Final = {"nothing-to-watch", "draining", "room-full", "server-full"}

_CORS: Final = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "Location, ETag, Link, Accept-Patch, Retry-After",
}
_PREFLIGHT: Final = {
    "Access-Control-Allow-Headers": "Authorization, Content-Type, If-Match",
    "Access-Control-Max-Age": "86400",
}


class WhipRoutes:
    """The two endpoints and the resources that they make."""

    def __init__(self, resources: Resources, *, any_origin: bool) -> None:
        """With `any_origin`, pages of other origins may use it: where tokens protect it."""
        self._resources = resources
        self._cors = _CORS if any_origin else {}

    def add_to(self, application: web.Application) -> None:
        """Add the routes of RFC 9725 section 4, and the same for WHEP."""
        for protocol in ("whip", "whep"):
            endpoint = f"/{{protocol:{protocol}}}/{{room:{_ROOM}}}"
            resource = f"{endpoint}/{{ident:{_IDENT}}}"
            application.router.add_post(endpoint, self.post)
            application.router.add_options(endpoint, self.options)
            application.router.add_patch(resource, self.patch)
            application.router.add_delete(resource, self.delete)
            application.router.add_options(resource, self.options)

    async def post(self, request: web.Request) -> web.Response:
        """Take an offer and answer it (RFC 9725 section 4.2)."""
        if request.content_type != SDP:
            return self._say(415, f"An offer is sent as {SDP}.")
        body = await _text(request)
        if body is None:
            return self._say(413, f"An offer has at most {MAX_BODY} bytes.")
        try:
            created = self._resources.create(
                _endpoint(request),
                body,
                token=_bearer(request),
                publication=request.query.get("publication"),
                now=time.monotonic(),
            )
        except Refused as refusal:
            return self._refuse(refusal)
        return self._created(request, created)

    def _created(self, request: web.Request, created: Created) -> web.Response:
        headers = {
            "Location": f"{request.path}/{created.key.ident}",
            "ETag": created.etag,
            "Accept-Patch": FRAGMENT,
            "Cache-Control": "no-store",
        }
        answer = web.Response(
            status=201, text=created.sdp, content_type=SDP, headers=headers | self._cors
        )
        for note in created.notes:  # the word about what is not as it was asked
            answer.headers.add("Warning", f'299 - "{note.mid}: {note.reason}"')
        return answer

    async def patch(self, request: web.Request) -> web.Response:
        """Trickle or restart ICE (RFC 9725 section 4.3)."""
        if request.content_type != FRAGMENT:
            return self._say(415, f"A PATCH is sent as {FRAGMENT}.")
        body = await _text(request)
        if body is None:
            return self._say(413, f"A fragment has at most {MAX_BODY} bytes.")
        try:
            restarted = self._resources.patch(
                _key(request),
                body,
                token=_bearer(request),
                if_match=request.headers.get("If-Match"),
                now=time.monotonic(),
            )
        except Refused as refusal:
            return self._refuse(refusal)
        if restarted is None:
            return web.Response(status=204, headers=self._cors)
        return web.Response(
            text=restarted.fragment,
            content_type=FRAGMENT,
            headers={"ETag": restarted.etag} | self._cors,
        )

    async def delete(self, request: web.Request) -> web.Response:
        """End a session (RFC 9725 section 4.2)."""
        try:
            self._resources.delete(_key(request), token=_bearer(request))
        except Refused as refusal:
            return self._refuse(refusal)
        return self._say(200, "The session has ended.")

    async def options(self, request: web.Request) -> web.Response:
        """Say what may be sent here, to pages of other origins too (RFC 9725 section 4.1)."""
        is_resource = "ident" in request.match_info
        methods = "PATCH, DELETE, OPTIONS" if is_resource else "POST, OPTIONS"
        accepted = {"Accept-Patch": FRAGMENT} if is_resource else {"Accept-Post": SDP}
        headers = {"Allow": methods} | accepted
        if self._cors:
            headers |= self._cors | _PREFLIGHT | {"Access-Control-Allow-Methods": methods}
        return web.Response(status=204, headers=headers)

    def _refuse(self, refusal: Refused) -> web.Response:
        is_token = refusal.code.startswith("token-")
        answer = self._say(401 if is_token else _STATUS.get(refusal.code, 422), refusal.reason)
        if is_token:
            answer.headers["WWW-Authenticate"] = "Bearer"
        if refusal.code in _AGAIN:
            answer.headers["Retry-After"] = str(RETRY_SECONDS)
        return answer

    def _say(self, status: int, sentence: str) -> web.Response:
        headers = {"Cache-Control": "no-store"} | self._cors
        return web.Response(status=status, text=f"{sentence}\n", headers=headers)


def _endpoint(request: web.Request) -> Endpoint:
    protocol: Protocol = "whip" if request.match_info["protocol"] == "whip" else "whep"
    return Endpoint(protocol, request.match_info["room"])


def _key(request: web.Request) -> Key:
    return Key(_endpoint(request), request.match_info["ident"])


def _bearer(request: web.Request) -> str | None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


async def _text(request: web.Request) -> str | None:
    """The body, or None if it is longer than any offer."""
    if (request.content_length or 0) > MAX_BODY:
        return None
    body = await request.content.read(MAX_BODY + 1)
    while len(body) <= MAX_BODY and not request.content.at_eof():
        body += await request.content.read(MAX_BODY + 1 - len(body))
    return body.decode(errors="replace") if len(body) <= MAX_BODY else None
