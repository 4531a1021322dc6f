"""A participant's transport without a browser: controlling ICE, DTLS and SRTP, in memory or UDP."""

from __future__ import annotations

import asyncio
import secrets
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Literal

from sfu.transport.demux import Datagram, classify, is_rtcp
from sfu.transport.dtls import (
    DtlsEngine,
    DtlsState,
    dtls_context,
    generate_certificate,
    usable_fingerprints,
)
from sfu.transport.srtp import SrtpSession
from sfu.wire.stun import Attribute, StunClass, StunMessage, build_stun, parse_stun

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from sfu.transport.address import Address

CHECK_INTERVAL = 2.5
"""Seconds between checks that keep consent, as in Chromium."""

RETRY_INTERVAL = 0.1
"""Seconds between checks until the first answer."""


class Endpoint:
    """The other end of one peer of ours; an engine like those that it tests.

    What it receives in clear is in `rtp` and `rtcp`.
    """

    def __init__(
        self,
        *,
        ufrag: str,
        password: str,
        fingerprint: str,
        setup: Literal["active", "passive"] = "active",
        server: Address = ("198.51.100.1", 10_000),
    ) -> None:
        """Take the server's credentials and fingerprint; `setup` is the endpoint's own role."""
        self.ufrag = secrets.token_hex(4)
        self.password = secrets.token_hex(16)
        self.certificate = generate_certificate()
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
        self._outbox: list[tuple[bytes, Address]] = []
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

    def receive(self, data: bytes, source: Address, *, now: float) -> None:
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

    def to_send(self) -> list[tuple[bytes, Address]]:
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


class UdpEndpoint(asyncio.DatagramProtocol):
    """An endpoint on a socket of its own."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.engine = endpoint
        self._transport: asyncio.DatagramTransport | None = None
        self._changed = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        """Begin to check."""
        self._transport = transport
        self._tick()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop checking."""
        assert exc is None
        if self._timer is not None:
            self._timer.cancel()

    def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        """Hand it to the engine, and wake whoever waits."""
        self.engine.receive(data, (addr[0], addr[1]), now=time.monotonic())
        self.flush()
        self._changed.set()

    def flush(self) -> None:
        """Send what the engine has to send."""
        if self._transport is not None:
            for data, address in self.engine.to_send():
                self._transport.sendto(data, address)

    async def until(self, condition: Callable[[], bool], *, seconds: float = 10.0) -> None:
        """Wait until something received has made this true; raises TimeoutError."""
        async with asyncio.timeout(seconds):
            while not condition():
                self._changed.clear()
                await self._changed.wait()

    def _tick(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(0.02, self._tick)
        self.engine.handle_timeout(now=time.monotonic())
        self.flush()


@asynccontextmanager
async def on_udp(endpoint: Endpoint) -> AsyncGenerator[UdpEndpoint]:
    """Let an endpoint talk to `endpoint.server` over a socket of its own, while inside."""
    host = endpoint.server[0]
    transport, shell = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: UdpEndpoint(endpoint), local_addr=(host, 0)
    )
    try:
        yield shell
    finally:
        transport.close()
        await asyncio.sleep(0)  # the transport closes in the loop's next turn
