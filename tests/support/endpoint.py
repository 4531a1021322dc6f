"""A participant's transport without a browser: controlling ICE, DTLS and SRTP, in memory or UDP."""

from __future__ import annotations

import asyncio
import secrets
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from sfu.transport.demux import Datagram, classify, is_rtcp
from sfu.transport.dtls import (
    DtlsEngine,
    DtlsState,
    dtls_context,
    generate_certificate,
    usable_fingerprints,
)
from sfu.transport.framing import FrameReader, frame
from sfu.transport.srtp import SrtpSession
from sfu.wire.stun import Attribute, StunClass, StunMessage, build_stun, parse_stun

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from aiortc import RTCCertificate

    from sfu.transport.node import Node
    from sfu.transport.peer import Peer, Setup

SERVER = "198.51.100.1", 10_000

CHECK_INTERVAL = 2.5
"""Seconds between checks that keep consent, as in Chromium."""

RETRY_INTERVAL = 0.1
"""Seconds between checks until the first answer."""


class Endpoint:
    """The other end of one peer of ours; an engine like those that it tests.

    What it receives in clear is in `rtp` and `rtcp`.
    """

    def __init__(  # noqa: PLR0913 - by name: what an answer says
        self,
        *,
        ufrag: str,
        password: str,
        fingerprint: str,
        setup: Setup = "active",
        server: tuple[str, int] = SERVER,
        certificate: RTCCertificate | None = None,
    ) -> None:
        """Take the server's credentials and fingerprint; `setup` is the endpoint's own role."""
        self.ufrag = secrets.token_hex(4)
        self.password = secrets.token_hex(16)
        self.certificate = certificate or generate_certificate()
        self.server = server
        self.setup = setup
        self.mapped: tuple[str, int] | None = None
        self.answered = 0
        self.refused: list[int | None] = []
        self.rtp: list[bytes] = []
        self.rtcp: list[bytes] = []
        self.on_rtp: Callable[[bytes], None] = self.rtp.append
        self.on_rtcp: Callable[[bytes], None] = self.rtcp.append
        self._remote = ufrag, password
        self._transactions: set[bytes] = set()
        self._check_at = 0.0
        self._outbox: list[tuple[bytes, tuple[str, int]]] = []
        self._srtp: SrtpSession | None = None
        self.dtls = DtlsEngine(
            dtls_context(self.certificate),
            client=setup == "active",
            fingerprints=usable_fingerprints((fingerprint,)),
        )
        self._dtls_started = False

    @property
    def fingerprint(self) -> str:
        """The endpoint's, as the value of a=fingerprint."""
        first = self.certificate.getFingerprints()[0]
        return f"{first.algorithm} {first.value}"

    @property
    def connected(self) -> bool:
        """Whether media may flow."""
        return self._srtp is not None and self.dtls.state is DtlsState.CONNECTED

    def restart(self, *, ufrag: str, password: str) -> None:
        """Take the server's new credentials and check with new ones of one's own."""
        self.ufrag = secrets.token_hex(4)
        self._remote = ufrag, password
        self._check_at = 0.0

    def check(self, *, nominate: bool = True) -> None:
        """Send a check now."""
        attributes = [
            (Attribute.USERNAME, f"{self._remote[0]}:{self.ufrag}".encode()),
            (Attribute.ICE_CONTROLLING, secrets.token_bytes(8)),
            (Attribute.PRIORITY, (1845501695).to_bytes(4, "big")),
        ]
        if nominate:
            attributes.append((Attribute.USE_CANDIDATE, b""))
        transaction = secrets.token_bytes(12)
        self._transactions.add(transaction)
        request = build_stun(StunClass.REQUEST, transaction, attributes, password=self._remote[1])
        self._outbox.append((request, self.server))

    def send_rtp(self, packet: bytes) -> None:
        """Protect and queue one RTP packet."""
        assert self._srtp is not None
        self._outbox.append((self._srtp.protect(packet), self.server))

    def send_rtcp(self, packet: bytes) -> None:
        """Protect and queue one compound RTCP packet."""
        assert self._srtp is not None
        self._outbox.append((self._srtp.protect_rtcp(packet), self.server))

    def close(self) -> None:
        """Say goodbye by DTLS."""
        self.dtls.close()
        self._collect()

    def receive(self, data: bytes, source: tuple[str, int], *, now: float) -> None:
        """One datagram of the server's; what it should not have sent raises AssertionError."""
        assert source == self.server
        kind = classify(data)
        if kind is Datagram.STUN:
            self._receive_answer(parse_stun(data), now=now)
        elif kind is Datagram.DTLS:
            self.dtls.receive(data, now=now)
            self._collect()
        else:
            assert kind is Datagram.MEDIA
            assert self._srtp is not None
            if is_rtcp(data):
                self.on_rtcp(self._srtp.unprotect_rtcp(data))
            else:
                self.on_rtp(self._srtp.unprotect(data))

    def to_send(self) -> list[tuple[bytes, tuple[str, int]]]:
        """What is to be sent now."""
        outbox, self._outbox = self._outbox, []
        return outbox

    def next_timeout(self) -> float | None:
        """When to call `handle_timeout`."""
        dtls = self.dtls.next_timeout()
        return self._check_at if dtls is None else min(self._check_at, dtls)

    def handle_timeout(self, *, now: float) -> None:
        """Check when it is time, and send a lost flight again."""
        if now >= self._check_at:
            self.check()
            self._check_at = now + (CHECK_INTERVAL if self.answered else RETRY_INTERVAL)
        self.dtls.handle_timeout(now=now)
        self._collect()

    def _receive_answer(self, message: StunMessage, *, now: float) -> None:
        assert message.transaction in self._transactions
        self._transactions.discard(message.transaction)
        if message.kind is StunClass.ERROR:
            self.refused.append(message.error_code())
            return
        assert message.kind is StunClass.RESPONSE
        assert message.has_integrity(self._remote[1])
        self.answered += 1
        self.mapped = message.mapped_address()
        self._check_at = max(self._check_at, now + CHECK_INTERVAL)
        if not self._dtls_started:
            self._dtls_started = True
            self.dtls.start(now=now)
            self._collect()

    def _collect(self) -> None:
        self._outbox += [(datagram, self.server) for datagram in self.dtls.to_send()]
        if self.dtls.keys is not None and self._srtp is None:
            self._srtp = SrtpSession(self.dtls.keys)


def invite(
    node: Node,
    *,
    server: tuple[str, int] = SERVER,
    setup: Setup = "active",
    now: float = 0.0,
) -> tuple[Peer, Endpoint]:
    """A new peer of a node, and the endpoint that knows how to reach it as `setup` of DTLS."""
    peer = node.add_peer()
    endpoint = Endpoint(
        ufrag=peer.ufrag,
        password=peer.password,
        fingerprint=node.fingerprint,
        setup=setup,
        server=server,
    )
    peer.set_remote(
        ufrag=endpoint.ufrag,
        password=endpoint.password,
        fingerprints=(endpoint.fingerprint,),
        setup="passive" if setup == "active" else "active",
        now=now,
    )
    return peer, endpoint


def reflect(peer: Peer) -> None:
    """Let a peer send back what it gets."""

    def send_back(packet: bytes, /, *, now: float) -> None:
        assert now >= 0.0
        peer.slot()[: len(packet)] = packet
        peer.commit(len(packet))

    def send_rtcp_back(packet: bytes, /, *, now: float) -> None:
        assert now >= 0.0
        peer.send_rtcp(packet)

    peer.on_rtp, peer.on_rtcp = send_back, send_rtcp_back


class _Shell:
    """What sockets of both kinds have in common."""

    def __init__(self, engine: Endpoint) -> None:
        self.engine = engine
        self.closed = False
        self._changed = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None

    def send(self, data: bytes, address: tuple[str, int]) -> None:
        """Put one datagram on the network."""
        raise NotImplementedError

    def flush(self) -> None:
        """Send what the engine has to send."""
        for data, address in self.engine.to_send():
            self.send(data, address)

    async def until(self, condition: Callable[[], bool], *, seconds: float = 10.0) -> None:
        """Wait until something received has made this true; raises TimeoutError."""
        async with asyncio.timeout(seconds):
            while not condition():
                self._changed.clear()
                await self._changed.wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop checking."""
        assert exc is None
        self.closed = True
        self._changed.set()
        if self._timer is not None:
            self._timer.cancel()

    def _deliver(self, data: bytes) -> None:
        self.engine.receive(data, self.engine.server, now=time.monotonic())
        self.flush()
        self._changed.set()

    def _tick(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(0.02, self._tick)
        self.engine.handle_timeout(now=time.monotonic())
        self.flush()


class UdpEndpoint(_Shell, asyncio.DatagramProtocol):
    """An endpoint on a UDP socket of its own."""

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        """Begin to check."""
        self._transport = transport
        self._tick()

    def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        """Hand it to the engine, and wake whoever waits."""
        assert (addr[0], addr[1]) == self.engine.server
        self._deliver(data)

    def send(self, data: bytes, address: tuple[str, int]) -> None:
        """Put one datagram on the network."""
        assert address == self.engine.server
        self._transport.sendto(data)


class TcpEndpoint(_Shell, asyncio.Protocol):
    """An endpoint on a TCP connection of its own."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to check."""
        self._transport = transport
        self._reader = FrameReader()
        self._tick()

    def stop_reading(self) -> None:
        """Let what arrives pile up."""
        self._transport.pause_reading()

    def data_received(self, data: bytes) -> None:
        """Hand frames to the engine, and wake whoever waits."""
        for datagram in self._reader.feed(data):
            self._deliver(datagram)

    def send(self, data: bytes, address: tuple[str, int]) -> None:
        """Put one datagram on the network."""
        assert address == self.engine.server
        self._transport.write(frame(data))


@asynccontextmanager
async def on_udp(endpoint: Endpoint) -> AsyncGenerator[UdpEndpoint]:
    """Let an endpoint talk to `endpoint.server` over a socket of its own, while inside."""
    transport, shell = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: UdpEndpoint(endpoint), remote_addr=endpoint.server
    )
    try:
        yield shell
    finally:
        transport.close()
        await shell.until(lambda: shell.closed)


@asynccontextmanager
async def on_tcp(endpoint: Endpoint) -> AsyncGenerator[TcpEndpoint]:
    """The same over a TCP connection."""
    transport, shell = await asyncio.get_running_loop().create_connection(
        lambda: TcpEndpoint(endpoint), *endpoint.server
    )
    try:
        yield shell
    finally:
        transport.close()
        await shell.until(lambda: shell.closed)
