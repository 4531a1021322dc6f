"""What the server offers over HTTP: the page, the WebSocket, metrics and health."""

import asyncio
import logging
import re
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import structlog
from aiohttp import web
from aiohttp.typedefs import Middleware

from sfu.errors import ConfigError, Refused
from sfu.signalling.pacing import Paced
from sfu.signalling.recordings import RecordingRoutes
from sfu.signalling.trace import TraceRoutes
from sfu.signalling.visibility import VisibilityRoutes
from sfu.signalling.websocket import WebSocketShell
from sfu.signalling.whip import WhipRoutes

log = structlog.get_logger()

SHUTDOWN_SECONDS: Final = 5.0

IDLE_SECONDS: Final = 75.0
"""A connection without a request is closed then, also when one was begun and never ended."""

REQUEST_SECONDS: Final = 30.0
"""A request whose body has not come by then is given up."""

SECURITY_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; "
        "worker-src 'self' blob:; object-src 'none'; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(self), display-capture=(self)",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}

FOR_EVER: Final = "public, max-age=31536000, immutable"
"""Files under assets/: the build puts a hash of their content into their names."""
ASK_AGAIN: Final = "no-cache"
NEVER: Final = "no-store"

_FILE: Final = "[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}"
_ROOM: Final = "[A-Za-z0-9_-]{1,64}"
_WEBSOCKET: Final = "/ws"

_PORT: Final = re.compile(r":[0-9]*\Z")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Services:
    """What HTTP needs of the server."""

    page: Path
    """The folder of the built page, with index.html in it."""
    sockets: WebSocketShell
    whip: WhipRoutes
    recordings: RecordingRoutes
    visibility: VisibilityRoutes
    trace: TraceRoutes
    render_metrics: Callable[[], tuple[bytes, str]]
    """The body of /metrics, and its content type."""
    ready: Callable[[], bool]
    """False while the server drains."""
    verify_scrape: Callable[[str | None], None]
    """Takes the Bearer token of a request for /metrics; raises Refused, code "forbidden" if the
    token is good but for other things."""
    hosts: frozenset[str] | None
    """The names, without port, that this server may be asked by; None for any."""


def create_application(services: Services) -> web.Application:
    """Build the application: every route, header and refusal."""
    application = web.Application(middlewares=[_sentences, _only_asked_as(services.hosts)])
    routes = _Routes(services)
    application.router.add_get("/", routes.page)
    application.router.add_get(f"/room/{{room:{_ROOM}}}", routes.page)
    application.router.add_get(f"/assets/{{name:{_FILE}}}", routes.asset)
    application.router.add_get(_WEBSOCKET, routes.websocket)
    services.whip.add_to(application)
    services.recordings.add_to(application)
    services.visibility.add_to(application)
    services.trace.add_to(application)
    application.router.add_get("/metrics", routes.metrics)
    application.router.add_get("/healthz", routes.healthz)
    application.router.add_get("/readyz", routes.readyz)
    application.router.add_get(f"/{{name:{_FILE}}}", routes.file)
    application.on_response_prepare.append(_add_headers)
    application.on_shutdown.append(lambda _: services.sockets.close())
    return application


async def listen(
    application: web.Application, *, host: str, port: int, tls: ssl.SSLContext | None
) -> web.AppRunner:
    """Serve the application until `cleanup()` of what is returned; raises ConfigError."""
    runner = _Runner(
        application,
        access_log=None,
        logger=_silence(),
        keepalive_timeout=IDLE_SECONDS,
        shutdown_timeout=SHUTDOWN_SECONDS,
    )
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port, ssl_context=tls).start()
    except OSError as error:
        await runner.cleanup()
        raise ConfigError(
            f"Cannot listen for HTTP on {host or '*'} port {port} ({error.strerror or error}): "
            "choose another http.host or http.port."
        ) from error
    return runner


class _Runner(web.AppRunner):
    """Sites ask it for the factory of protocols, and get those behind a valve."""

    @property
    def server(self) -> Callable[[], Paced] | None:  # type: ignore[override]
        server = super().server
        return None if server is None else lambda: Paced(server())


def _silence() -> logging.Logger:
    """For aiohttp: it complains of whatever strangers send, in their words."""
    logger = logging.getLogger(f"{__name__}.silence")
    logger.disabled = True
    return logger


def load_tls(certificate: Path, key: Path) -> ssl.SSLContext:
    """The TLS settings for a certificate chain and its key, both PEM; raises ConfigError."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        # Without an answer OpenSSL would ask whoever sits at the terminal.
        context.load_cert_chain(certificate, key, password=lambda: "no password")
    except OSError as error:  # ssl.SSLError is one, too
        raise ConfigError(
            f"Cannot use the certificate {certificate} with the key {key} "
            f"({error.strerror or error}): give a PEM chain and its unencrypted key."
        ) from error
    return context


class _Routes:
    """One method per address."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def page(self, _request: web.Request) -> web.StreamResponse:
        index = self._services.page / "index.html"
        if not index.is_file():
            return _say(503, "The page is not built yet; `make run` builds it.")
        return web.FileResponse(index, headers={"Cache-Control": ASK_AGAIN})

    async def asset(self, request: web.Request) -> web.StreamResponse:
        path = self._services.page / "assets" / request.match_info["name"]
        return _file(path, caching=FOR_EVER)

    async def file(self, request: web.Request) -> web.StreamResponse:
        return _file(self._services.page / request.match_info["name"], caching=ASK_AGAIN)

    async def websocket(self, request: web.Request) -> web.StreamResponse:
        if not web.WebSocketResponse().can_prepare(request).ok:
            answer = _say(426, "This address speaks WebSocket only.")
            answer.headers["Upgrade"] = "websocket"
            return answer
        if not _same_origin(request):
            return _say(403, "This page comes from another origin; open the one of this server.")
        if not self._services.ready():
            return _say(503, "The server is shutting down and takes nobody in any more.")
        return await self._services.sockets.serve(request)

    async def metrics(self, request: web.Request) -> web.StreamResponse:
        try:
            self._services.verify_scrape(_bearer(request))
        except Refused as refusal:
            return _unauthorized(refusal)
        body, content_type = self._services.render_metrics()
        headers = {"Content-Type": content_type, "Cache-Control": NEVER}
        return web.Response(body=body, headers=headers)

    async def healthz(self, _request: web.Request) -> web.StreamResponse:
        return _say(200, "The server is alive.")

    async def readyz(self, _request: web.Request) -> web.StreamResponse:
        if self._services.ready():
            return _say(200, "The server takes participants.")
        return _say(503, "The server is shutting down and takes nobody in any more.")


def _say(status: int, sentence: str) -> web.Response:
    return web.Response(status=status, text=sentence + "\n", headers={"Cache-Control": NEVER})


def _file(path: Path, *, caching: str) -> web.StreamResponse:
    if not path.is_file():
        raise web.HTTPNotFound
    return web.FileResponse(path, headers={"Cache-Control": caching})


def _same_origin(request: web.Request) -> bool:
    """Pages of other origins may not speak for their visitors; programs send no Origin."""
    origin = request.headers.get("Origin")
    return origin is None or origin.partition("://")[2].lower() == request.host.lower()


def _bearer(request: web.Request) -> str | None:
    """The token of RFC 6750 section 2.1."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def _unauthorized(refusal: Refused) -> web.Response:
    if refusal.code == "forbidden":
        return _say(403, refusal.reason)
    answer = _say(401, refusal.reason)
    answer.headers["WWW-Authenticate"] = 'Bearer realm="metrics"'
    return answer


@web.middleware
async def _sentences(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse with a sentence instead of a page."""
    try:
        async with asyncio.timeout(None if request.path == _WEBSOCKET else REQUEST_SECONDS):
            return await handler(request)
    except TimeoutError:
        return _say(408, "The request did not come to its end in time.")
    except web.HTTPNotFound:
        return _say(404, "There is nothing at this address.")
    except web.HTTPMethodNotAllowed as error:
        allowed = ", ".join(sorted(error.allowed_methods))
        answer = _say(405, f"This address takes {allowed} only.")
        answer.headers["Allow"] = allowed
        return answer
    except web.HTTPException:
        raise
    except Exception:  # aiohttp would log the address of whoever asked
        log.exception("http.failed")
        return _say(500, "The server made a mistake; its log says more.")


def _only_asked_as(hosts: frozenset[str] | None) -> Middleware:
    """Refuse other names (RFC 9110 section 15.5.20).

    A page may have its own name resolved to this machine: its origin is then ours, its name not.
    """

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        if hosts is None or _PORT.sub("", request.host.lower()) in hosts:
            return await handler(request)
        return _say(421, "This server is for its own machine: open it as localhost.")

    return check


async def _add_headers(_request: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(SECURITY_HEADERS)
