"""A client's end of a transport: controlling ICE towards an ICE-lite server, DTLS and SRTP.

Outside an engine like the server's own: datagrams and the time go in, datagrams come out.
"""

import secrets
from collections.abc import Callable
from typing import Final

from sfu.errors import MalformedPacket, TransportRefused
from sfu.transport.demux import Datagram, classify, is_rtcp
from sfu.transport.drops import PeerDrop
from sfu.transport.dtls import (
    DtlsEngine,
    DtlsState,
    dtls_context,
    generate_certificate,
    usable_fingerprints,
)
from sfu.transport.srtp import SrtpRefused, SrtpSession
from sfu.wire.stun import Attribute, StunClass, build_stun, parse_stun
from sfu_clients.errors import ClientError
from sfu_clients.sdp import Answered, LocalTransport

CHECK_SECONDS: Final = 0.05
"""Between checks until the first answer."""

CONSENT_CHECK_SECONDS: Final = 4.0
CONSENT_SECONDS: Final = 30.0
"""RFC 7675 section 5.1."""

MAX_CHECKS: Final = 32
"""Checks whose answers are still awaited."""

_PRIORITY: Final = (1845501695).to_bytes(4, "big")  # of a peer-reflexive candidate

OnPacket = Callable[[bytes, float], None]


class Identity:
    """One certificate for all endpoints: making a key for each would be work of its own."""

    def __init__(self) -> None:
        certificate = generate_certificate()
        self.context = dtls_context(certificate)
        self.fingerprints = tuple(
            f"{each.algorithm} {each.value}" for each in certificate.getFingerprints()
        )


class Endpoint:
    """The transport of one participant; packets in clear go to `on_rtp` and `on_rtcp`."""

    def __init__(self, identity: Identity, *, on_rtp: OnPacket, on_rtcp: OnPacket) -> None:
        self.local = LocalTransport(
            ufrag=secrets.token_hex(4),
            password=secrets.token_hex(16),
            fingerprints=identity.fingerprints,
            candidates=(),  # the server learns our address from our checks
        )
        self.answered = False
        """The server has answered a check, at the address that is tried now."""
        self.replayed = 0
        self.refused = 0
        self._identity = identity
        self._on_rtp, self._on_rtcp = on_rtp, on_rtcp
        self._tie_breaker = secrets.token_bytes(8)
        self._remote = ("", "")
        self._transactions: list[bytes] = []
        self._check_at = 0.0
        self._consent_until = float("inf")
        self._outbox: list[bytes] = []
        self._dtls: DtlsEngine | None = None
        self._srtp: SrtpSession | None = None

    def connect(self, answered: Answered, *, now: float) -> None:
        """Begin with what the server answered; raises ClientError."""
        try:
            fingerprints = usable_fingerprints(f"{a} {value}" for a, value in answered.fingerprints)
        except TransportRefused as error:
            raise ClientError(f"The server's answer cannot be trusted: {error}.") from error
        client = answered.setup == "passive"
        self._dtls = DtlsEngine(self._identity.context, client=client, fingerprints=fingerprints)
        self._remote = answered.ufrag, answered.password
        self._check_at = now

    @property
    def connected(self) -> bool:
        """Whether media may flow."""
        return self._srtp is not None and not self.lost

    @property
    def lost(self) -> bool:
        """Whether it is over: the server said so, the handshake failed, or consent expired."""
        return self._dtls is not None and self._dtls.state is DtlsState.CLOSED

    def protect(self, packet: bytes) -> bytes:
        """What to send for an RTP packet; `connected` must be true."""
        assert self._srtp is not None
        return self._srtp.protect(packet)

    def protect_rtcp(self, packet: bytes) -> bytes:
        """The same for a compound of RTCP."""
        assert self._srtp is not None
        return self._srtp.protect_rtcp(packet)

    def receive(self, data: bytes, *, now: float) -> None:
        """One datagram from the server, which came at `now`."""
        srtp = self._srtp
        if srtp is None or not data or not 128 <= data[0] <= 191:  # noqa: PLR2004 - RFC 7983
            self._receive_other(data, now=now)
            return
        try:
            if is_rtcp(data):
                self._on_rtcp(srtp.unprotect_rtcp(data), now)
            else:
                self._on_rtp(srtp.unprotect(data), now)
        except SrtpRefused as refusal:
            if refusal.drop is PeerDrop.SRTP_REPLAYED:
                self.replayed += 1
            else:
                self.refused += 1

    def to_send(self) -> list[bytes]:
        """The datagrams of ICE and DTLS to send now."""
        outbox, self._outbox = self._outbox, []
        return outbox

    def handle_timeout(self, *, now: float) -> None:
        """Check when it is time, and send a lost flight again."""
        if self._dtls is None or self.lost:
            return
        if now >= self._check_at:
            self._check(now=now)
        if now >= self._consent_until:
            self._dtls.close()
        self._dtls.handle_timeout(now=now)
        self._collect()

    def close(self) -> None:
        """Say goodbye by DTLS."""
        if self._dtls is not None:
            self._dtls.close()
            self._collect()

    def _check(self, *, now: float) -> None:
        transaction = secrets.token_bytes(12)
        self._transactions = [*self._transactions[1 - MAX_CHECKS :], transaction]
        attributes = (
            (Attribute.USERNAME, f"{self._remote[0]}:{self.local.ufrag}".encode()),
            (Attribute.ICE_CONTROLLING, self._tie_breaker),
            (Attribute.PRIORITY, _PRIORITY),
            (Attribute.USE_CANDIDATE, b""),
        )
        self._outbox.append(
            build_stun(StunClass.REQUEST, transaction, attributes, password=self._remote[1])
        )
        self._check_at = now + (CONSENT_CHECK_SECONDS if self.answered else CHECK_SECONDS)

    def _receive_other(self, data: bytes, *, now: float) -> None:
        kind = classify(data)
        if kind is Datagram.STUN:
            self._receive_answer(data, now=now)
        elif kind is Datagram.DTLS and self._dtls is not None:
            self._dtls.receive(data, now=now)
            self._collect()

    def _receive_answer(self, data: bytes, *, now: float) -> None:
        try:
            message = parse_stun(data)
        except MalformedPacket:
            return
        if message.kind is not StunClass.RESPONSE or message.transaction not in self._transactions:
            return
        if self._dtls is None or not message.has_integrity(self._remote[1]):
            return
        self._transactions.remove(message.transaction)
        self._consent_until = now + CONSENT_SECONDS
        if not self.answered:
            self.answered = True
            self._check_at = now + CONSENT_CHECK_SECONDS
            self._dtls.start(now=now)
            self._collect()

    def _collect(self) -> None:
        assert self._dtls is not None
        self._outbox += self._dtls.to_send()
        if self._srtp is None and self._dtls.keys is not None:
            self._srtp = SrtpSession(self._dtls.keys)
