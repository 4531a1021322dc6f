"""The server: builds one node from its settings, and runs it until it is told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import resource
import secrets
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import structlog

from sfu.errors import ConfigError, Refused
from sfu.keylog import ANY, KeyLog, endpoint
from sfu.lan import local_addresses, prepare
from sfu.logs import configure
from sfu.metrics import Sources, registry_of, render
from sfu.recording.archive import Archive
from sfu.recording.disk import Disk
from sfu.recording.recorder import Bounds, Recorder
from sfu.rooms.directory import Directory, Limits
from sfu.signalling.http import Services, create_application, listen, load_tls
from sfu.signalling.lobby import Lobby
from sfu.signalling.recordings import RecordingRoutes
from sfu.signalling.resources import Resources
from sfu.signalling.session import Session
from sfu.signalling.tokens import Grant, issue, verify
from sfu.signalling.trace import TraceRoutes
from sfu.signalling.visibility import VisibilityRoutes
from sfu.signalling.websocket import Ending, WebSocketShell
from sfu.signalling.whip import WhipRoutes
from sfu.transport.candidates import candidates
from sfu.transport.dtls import generate_certificate
from sfu.transport.latency import Histogram
from sfu.transport.node import Node
from sfu.transport.tcp import TcpShell
from sfu.transport.udp import UdpShell
from sfu.visibility.observer import Observer
from sfu.visibility.testimony import Witness

if TYPE_CHECKING:
    import ssl
    from collections.abc import Sequence

    from sfu.config import Config
    from sfu.lan import Lan
    from sfu.transport.address import Address
    from sfu.transport.srtp import SrtpKeys

log = structlog.get_logger()

TICK: Final = 0.020
"""Seconds between looks at what media is due to do."""

TICKS_PER_FOLLOW_UP: Final = 5
"""People hear of what happened in a room within a tenth of a second."""

PAGE: Final = Path(__file__).parent.parent / "clients" / "web" / "dist"

ANY_PORT_ATTEMPTS: Final = 10
"""A number that is free for UDP may be taken for TCP."""

OWN_NAMES: Final = frozenset({"localhost", "127.0.0.1", "[::1]"})
"""What browsers on this machine call it."""

EVERYWHERE: Final = frozenset({"", "0.0.0.0", "::", "127.0.0.1"})  # noqa: S104 - not bound here
"""Addresses to listen on that answer to the name localhost."""

INVITATION_SECONDS: Final = 7 * 86_400
"""How long the links that are printed at the start let people in."""


class Server:
    """One node: the rooms, and the shells that move their bytes."""

    def __init__(self, config: Config, lan: Lan | None, keylog: KeyLog | None = None) -> None:
        self.config = config
        self.lan = lan
        self.secret = lan.secret if lan is not None else config.auth.secret
        self.keylog = keylog
        self.node = Node(
            generate_certificate(),
            random_bytes=secrets.token_bytes,
            on_keys=None if keylog is None else self._log_keys,
        )
        limits = Limits(
            rooms=config.rooms.max_rooms,
            participants=config.rooms.max_participants,
            patience=config.rooms.return_seconds,
        )
        self.directory = Directory(self.node, limits, random_bytes=secrets.token_bytes)
        self.disk = Disk()
        self.recorder = self._recorder()
        self.witness = _witness(config, self.directory, invited=bool(self.secret))
        self.observer = Observer(self.directory, self.witness, clock=time.time)
        self.udp = UdpShell(self.node, host=config.media.host, port=config.media.port)
        self.tcp = TcpShell(self.udp)
        self.loop_lag = Histogram()
        self.http_port = config.http.port  # the real one once it has started
        self.started = asyncio.Event()
        self.lobby = Lobby(
            self.directory,
            self.node,
            candidates=self.candidates,
            verify=self._verify if self.secret else None,
            witness=self.witness is not None,
        )
        self.resources = Resources(self.lobby)
        self.sockets = WebSocketShell(lambda: Session(self.lobby))

    def _recorder(self) -> Recorder | None:
        """What records, if the operator has given it a place."""
        settings = self.config.recording
        if not settings.directory:
            return None
        return Recorder(
            self.directory,
            Archive(Path(settings.directory)),
            self.disk,
            Bounds(settings.max_bytes, settings.max_seconds),
            random_bytes=secrets.token_bytes,
            clock=time.time,
        )

    # What others ask

    def candidates(self) -> Sequence[str]:
        """Return the addresses that browsers may try, as they are now."""
        media = self.config.media
        announced = media.announce or local_addresses(loopback=self.lan is None)
        return candidates(announced, self.udp.port, tcp=media.tcp)

    def _log_keys(self, address: Address, keys: SrtpKeys) -> None:
        assert self.keylog is not None
        theirs, ours = endpoint(*address[:2]), endpoint(ANY, self.udp.port)
        profile = keys.profile.openssl_profile.decode("ascii")
        self.keylog.write_srtp(theirs, ours, profile, keys.remote)
        self.keylog.write_srtp(ours, theirs, profile, keys.local)

    def _verify(self, token: str) -> Grant:
        return verify(token, self.secret, now=time.time())

    def verify_scrape(self, token: str | None) -> None:
        """Check the Bearer token of whoever wants to read metrics; raises Refused."""
        if not self.secret:
            return
        if token is None:
            raise Refused("token-missing", "Reading metrics needs a token: `sfu token --scrape`.")
        if not self._verify(token).scrape:
            raise Refused("forbidden", "This token is not for reading metrics.")

    def _socket_drops(self) -> dict[str, int]:
        return {
            "receive_buffer_full": self.udp.kernel_drops,
            "send_buffer_full": self.udp.send_drops,
            "unreachable": self.udp.send_errors,
            "tcp_refused": self.tcp.refused,
            "tcp_send_buffer_full": self.tcp.send_drops,
        }

    def _endings(self) -> dict[str, int]:
        return {ending.name.lower(): self.sockets.endings[ending] for ending in Ending}

    def services(self) -> Services:
        """Return what HTTP needs."""
        registry = registry_of(
            Sources(
                directory=self.directory,
                node=self.node,
                forwarding=self.udp.latency,
                loop_lag=self.loop_lag,
                socket_drops=self._socket_drops,
                websockets=self._endings,
                recorded_bytes=lambda: self.disk.written,
                guesses=self.observer.guesses,
                witness=self.witness,
            )
        )
        return Services(
            page=PAGE,
            sockets=self.sockets,
            whip=WhipRoutes(self.resources, any_origin=bool(self.secret)),
            recordings=RecordingRoutes(self.lobby, self.recorder),
            visibility=VisibilityRoutes(self.lobby, self.observer),
            trace=TraceRoutes(
                self.lobby, clock=time.time, epoch=lambda: time.time() - time.monotonic()
            ),
            render_metrics=lambda: render(registry),
            ready=lambda: not self.directory.draining,
            verify_scrape=self.verify_scrape,
            hosts=None if self.secret else OWN_NAMES | {_bracketed(self.config.http.host)},
        )

    # Running

    async def run(self, stop: asyncio.Event, *, graceful: asyncio.Event) -> None:
        """Serve until `stop`; from `graceful` on nobody is let in, and the last one ends it."""
        http = self.config.http
        async with contextlib.AsyncExitStack() as stack:
            stack.push_async_callback(asyncio.to_thread, self.disk.close)
            if self.witness is not None:
                stack.callback(self.witness.close)
            await self._open_media(stack)
            runner = await listen(
                create_application(self.services()),
                host="" if self.lan is not None else http.host,
                port=http.port,
                tls=self._tls(),
            )
            stack.push_async_callback(runner.cleanup)
            self.http_port = runner.addresses[0][1]
            async with asyncio.TaskGroup() as tasks:
                ticking = tasks.create_task(self._tick(), name="sfu:tick")
                log.info("server.started", http_port=self.http_port, media_port=self.udp.port)
                sys.stdout.write(self.greeting())
                sys.stdout.flush()
                self.started.set()
                await self._wait(stop, graceful)
                self._drain()
                ticking.cancel()
        log.info("server.stopped")

    async def _open_media(self, stack: contextlib.AsyncExitStack) -> None:
        port = self.config.media.port
        for left in reversed(range(1 if port else ANY_PORT_ATTEMPTS)):
            try:
                await self._open_sockets()
                break
            except OSError as error:
                self.udp.close()
                self.udp.port = port
                if not left:
                    raise ConfigError(
                        f"Cannot use port {port} for media ({error.strerror}): "
                        "choose another media.host or media.port."
                    ) from error
        stack.callback(self.udp.close)
        stack.push_async_callback(self.tcp.close)

    async def _open_sockets(self) -> None:
        await self.udp.open()
        if self.config.media.tcp:
            await self.tcp.open()

    def _tls(self) -> ssl.SSLContext | None:
        if self.lan is not None:
            return load_tls(self.lan.certificate, self.lan.key)
        http = self.config.http
        if http.certificate:
            return load_tls(Path(http.certificate), Path(http.key))
        return None

    async def _tick(self) -> None:
        due, count = time.monotonic(), 0
        while True:
            due = max(due + TICK, time.monotonic())
            await asyncio.sleep(due - time.monotonic())
            now = time.monotonic()
            self.loop_lag.note(now - due)
            self.directory.handle_timeout(now=now)
            count += 1
            if count % TICKS_PER_FOLLOW_UP == 0:
                self.directory.follow_up(now=now)
                self.observer.follow_up(now=now)
                if self.witness is not None:
                    self.witness.follow_up(now=now)
            if self.recorder is not None:
                self.recorder.follow_up(now=now)
            self.udp.flush()

    async def _wait(self, stop: asyncio.Event, graceful: asyncio.Event) -> None:
        stopping = asyncio.create_task(stop.wait(), name="sfu:stop")
        draining = asyncio.create_task(graceful.wait(), name="sfu:drain")
        await asyncio.wait((stopping, draining), return_when=asyncio.FIRST_COMPLETED)
        draining.cancel()
        self.directory.draining = True
        deadline = asyncio.get_running_loop().time() + self.config.rooms.drain_seconds
        while self.directory.rooms and not stop.is_set():
            if asyncio.get_running_loop().time() >= deadline:
                break
            await asyncio.wait((stopping,), timeout=0.1)
        stopping.cancel()

    def _drain(self) -> None:
        if self.recorder is not None:
            self.recorder.stop_all(now=time.monotonic())
        self.directory.drain()
        self.udp.flush()

    def greeting(self) -> str:
        """Return what the person who started the server has to know."""
        port = self.http_port
        if self.lan is None:
            scheme = "https" if self.config.http.certificate else "http"
            host = self.config.http.host
            name = "localhost" if host in EVERYWHERE else _bracketed(host)
            lines = [f"Milkglass is at {scheme}://{name}:{port}/"]
            if not self.secret:
                lines.append("Open development mode: whoever uses this machine may enter.")
            if self.keylog is not None:
                lines.append("The keys of all media are written down: for development only.")
            return "\n".join(lines) + "\n"
        lines = ["Milkglass is here, for everybody in this network:"]
        for who, moderator in (("you", True), ("your guests", False)):
            token = self._invitation(moderator=moderator)
            lines += [
                f"  {who}: https://{_bracketed(address)}:{port}/#token={token}"
                for address in self.lan.addresses[:1]
            ]
        lines += [
            f"Also at: {', '.join(self.lan.addresses[1:])}" if self.lan.addresses[1:] else "",
            "Browsers warn of the certificate, which nobody has signed. Its fingerprint:",
            f"  {self.lan.fingerprint}",
        ]
        return "\n".join(line for line in lines if line) + "\n"

    def _invitation(self, *, moderator: bool) -> str:
        grant = Grant(moderator=moderator)
        return issue(grant, self.secret, ttl=INVITATION_SECONDS, now=time.time())


def _witness(config: Config, directory: Directory, *, invited: bool) -> Witness | None:
    """What tries to read media, if it is to; raises ConfigError without what it needs.

    Where people are `invited` by tokens, only if the operator says so.
    """
    wanted = config.visibility.witness
    if wanted == "off" or (wanted == "auto" and invited):
        return None
    if importlib.util.find_spec("av") is None:
        if wanted == "on":
            raise ConfigError("visibility.witness needs PyAV: install the package `av`.")
        return None
    return Witness(directory, clock=time.time)


def _bracketed(address: str) -> str:
    return f"[{address}]" if ":" in address else address


def allow_many_files() -> None:
    """Take as many connections as we may: the usual limit is there for old programs only."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


async def serve(config: Config, *, lan: bool, keylog: str | None) -> None:
    """Run a server until SIGINT (at once) or SIGTERM (when everybody has left, or has to).

    With the path of a `keylog` SRTP keys are written there; raises ConfigError where they must not.
    """
    log_of_keys = None if keylog is None else _open_keylog(config, keylog, lan=lan)
    configure(config.log.level, as_json=config.log.json)
    allow_many_files()
    stop, graceful = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def terminate() -> None:
        if graceful.is_set():
            stop.set()
        graceful.set()

    loop.add_signal_handler(signal.SIGINT, stop.set)
    loop.add_signal_handler(signal.SIGTERM, terminate)
    server = Server(config, prepare() if lan else None, log_of_keys)
    await server.run(stop, graceful=graceful)


def _open_keylog(config: Config, path: str, *, lan: bool) -> KeyLog:
    config.check_keylog(lan=lan)
    try:
        return KeyLog(path)
    except OSError as error:
        raise ConfigError(f"Cannot write keys to {path} ({error.strerror}).") from error
