"""One peer: ICE, DTLS and SRTP behind receive, send and handle_timeout.

Media passes here once per datagram; all else is rare. Whoever calls anything here then sends
what `to_send` returns; the node lists the peers that have something.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal, Protocol

from sfu.errors import TransportRefused
from sfu.transport.demux import is_rtcp
from sfu.transport.drops import PeerDrop
from sfu.transport.dtls import DtlsEngine, DtlsState, Fingerprints, usable_fingerprints
from sfu.transport.events import AddressChanged, PeerClosed, PeerConnected, PeerEvent
from sfu.transport.quota import Quota
from sfu.transport.routes import Routes
from sfu.transport.srtp import SrtpKeys, SrtpRefused, SrtpSession

if TYPE_CHECKING:
    from collections.abc import Iterable

    from OpenSSL import SSL

    from sfu.transport.address import Address
    from sfu.transport.ice_lite import IceLite
    from sfu.wire.stun import StunError, StunMessage

FIRST_CHECK_SECONDS: Final = 30.0
"""A peer that was described has so long to pass its first check."""

HANDSHAKE_SECONDS: Final = 10.0
"""From its first passed check on a peer has so long to finish the DTLS handshake."""

MAX_HALF_OPEN: Final = 1024
"""Handshakes under way at a node; one takes milliseconds of computing and some ten kilobytes."""

MAX_HALF_OPEN_OF_HOST: Final = 64
"""Of one host: a class that joins from behind one NAT fits, a flood does not."""

SLOT_BYTES: Final = 2048

Setup = Literal["active", "passive"]


class MediaHandler(Protocol):
    """Takes one packet in clear and the time it came, in seconds."""

    def __call__(self, data: bytes, /, *, now: float) -> None: ...


class ConnectionHandler(Protocol):
    """Hears that media can be sent from now on; the time is in seconds."""

    def __call__(self, *, now: float) -> None: ...


class KeysHandler(Protocol):
    """Hears of the SRTP keys that were agreed with an address."""

    def __call__(self, address: Address, keys: SrtpKeys, /) -> None: ...


@dataclass(slots=True)
class Shared:
    """What the peers of one node have in common."""

    context: SSL.Context
    on_keys: KeysHandler | None = None
    routes: Routes = field(default_factory=Routes)
    ready: list[Peer] = field(default_factory=list)
    half_open: Quota = field(
        default_factory=lambda: Quota(most=MAX_HALF_OPEN, most_of_host=MAX_HALF_OPEN_OF_HOST)
    )
    handshakes: Counter[tuple[str, str]] = field(default_factory=Counter)

    def tell_keys(self, address: Address | None, keys: SrtpKeys) -> None:
        """Let whoever writes them down do so."""
        if self.on_keys is not None and address is not None:
            self.on_keys(address, keys)


@dataclass(frozen=True, slots=True)
class _Remote:
    """The other side as its description tells."""

    ice: tuple[str, str]
    fingerprints: Fingerprints
    setup: Setup


class Peer:
    """The transport of one participant."""

    def __init__(self, ice: IceLite, shared: Shared) -> None:
        self.on_rtp: MediaHandler = _ignore
        self.on_rtcp: MediaHandler = _ignore
        self.on_connected: ConnectionHandler = _ignore_connection
        self.connected = False
        self.closed = False
        self.srtp_profile: str | None = None
        self.address: Address | None = None
        self.packets_in = self.packets_out = 0  # RTP and RTCP
        self.bytes_in = self.bytes_out = 0  # of UDP payload
        self.drops = [0] * len(PeerDrop)
        self._ice = ice
        self._shared = shared
        self._remote: _Remote | None = None
        self._dtls: DtlsEngine | None = None
        self._srtp: SrtpSession | None = None
        self._handshake_began: float | None = None
        self._half_open_host: str | None = None  # whose handshakes ours is counted with
        self._deadline: float | None = None  # of the first check, then of the handshake
        self._slot = bytearray(SLOT_BYTES)
        self._slot_view = memoryview(self._slot)
        self._outbox: list[tuple[bytes, Address]] = []
        self._events: list[PeerEvent] = []

    @property
    def ufrag(self) -> str:
        """The local ICE username fragment."""
        return self._ice.credentials.ufrag

    @property
    def password(self) -> str:
        """The local ICE password."""
        return self._ice.credentials.password

    # Media: once per packet

    def receive_media(self, data: bytes, *, now: float) -> None:
        """One SRTP or SRTCP datagram, from an address that passed a check."""
        srtp = self._srtp
        if srtp is None:
            self.drops[PeerDrop.MEDIA_BEFORE_DTLS] += 1
            return
        try:
            if is_rtcp(data):
                plain, handler = srtp.unprotect_rtcp(data), self.on_rtcp
            else:
                plain, handler = srtp.unprotect(data), self.on_rtp
        except SrtpRefused as refused:
            self.drops[refused.drop] += 1
            return
        self.packets_in += 1
        self.bytes_in += len(data)
        handler(plain, now=now)

    def slot(self) -> bytearray:
        """Where the next RTP packet is to be written; valid until `commit`."""
        return self._slot

    def commit(self, length: int) -> None:
        """Protect the first `length` bytes of the slot and queue them; drops are counted."""
        srtp, address = self._srtp, self.address
        if srtp is None or address is None:
            self.drops[PeerDrop.UNSENT_NOT_CONNECTED] += 1
            return
        try:
            self._queue_media(srtp.protect(bytes(self._slot_view[:length])), address)
        except SrtpRefused:
            self.drops[PeerDrop.UNSENT_REFUSED] += 1

    def send_rtcp(self, data: bytes) -> None:
        """Protect a compound RTCP packet and queue it; drops are counted."""
        srtp, address = self._srtp, self.address
        if srtp is None or address is None:
            self.drops[PeerDrop.UNSENT_NOT_CONNECTED] += 1
            return
        try:
            self._queue_media(srtp.protect_rtcp(data), address)
        except SrtpRefused:
            self.drops[PeerDrop.UNSENT_REFUSED] += 1

    def to_send(self) -> Iterable[tuple[bytes, Address]]:
        """Datagrams in their order, each handed out once."""
        outbox, self._outbox = self._outbox, []
        return outbox

    # All else

    def set_remote(
        self, *, ufrag: str, password: str, fingerprints: Iterable[str], setup: Setup, now: float
    ) -> None:
        """Take the other side's description; `setup` is the DTLS role that is ours.

        The first time, the peer begins to work. Later, other ICE credentials mean an ICE restart
        (RFC 8839 section 4.4.1.1.1): `ufrag` and `password` of this peer are new ones from then
        on, while the DTLS association stays. Raises TransportRefused for fingerprints that we
        cannot check, or for others than before: that needs another peer.
        """
        remote = _Remote((ufrag, password), usable_fingerprints(fingerprints), setup)
        before, self._remote = self._remote, remote
        if before is None:
            self._deadline = now + FIRST_CHECK_SECONDS
        elif (before.fingerprints, before.setup) != (remote.fingerprints, remote.setup):
            self._remote = before
            raise TransportRefused("another DTLS association needs another transport")
        elif before.ice != remote.ice:
            self._ice.restart()

    def receive_check(
        self, message: StunMessage, source: Address, *, now: float
    ) -> StunError | None:
        """Answer a Binding request for one of our ufrags; returns why it was refused."""
        is_first = self._ice.consent_expires_at is None
        answer, refusal = self._ice.check(message, source, now=now)
        self._queue(answer, source)
        if refusal is None:
            self._follow_ice()
            if is_first:
                self._deadline = now + HANDSHAKE_SECONDS
            if self._dtls is None and self._remote is not None and self._remote.setup == "active":
                self._open_dtls(source, now=now)
        return refusal

    def checked_at(self, source: Address) -> float:
        """When this address last passed a check of this peer; long ago if it never did."""
        return self._ice.checked_at(source)

    def forget(self, source: Address) -> None:
        """This address is another peer's from now on, or its connection is gone."""
        self._ice.forget(source)
        self._follow_ice()

    def receive_dtls(self, data: bytes, source: Address, *, now: float) -> None:
        """One DTLS datagram, from an address that passed a check."""
        dtls = self._dtls or self._open_dtls(source, now=now)
        if dtls is not None:
            dtls.receive(data, now=now)
            self._follow_dtls(dtls, now=now)

    def next_timeout(self) -> float | None:
        """When to call `handle_timeout`, in seconds; None while there is nothing to wait for."""
        if self.closed:
            return None
        dtls = None if self._dtls is None else self._dtls.next_timeout()
        moments = (self._ice.next_timeout(), dtls, self._deadline)
        return min((moment for moment in moments if moment is not None), default=None)

    def handle_timeout(self, *, now: float) -> None:
        """Do what is due."""
        if self.closed:
            return
        self._ice.handle_timeout(now=now)
        self._follow_ice()
        expires = self._ice.consent_expires_at
        if expires is not None and now >= expires:
            self.close(reason="consent_expired")
        elif self._deadline is not None and now >= self._deadline:
            self.close(reason="ice_timeout" if expires is None else "dtls_timeout")
        elif self._dtls is not None:
            self._dtls.handle_timeout(now=now)
            self._follow_dtls(self._dtls, now=now)

    def close(self, *, reason: str = "closed") -> None:
        """End it, with a DTLS close_notify if there was a conversation."""
        if self.closed:
            return
        if self._dtls is not None:
            self._dtls.close()
            self._send_flight(self._dtls)
        if not self.connected:
            self._shared.handshakes[reason, ""] += 1
        self._leave_half_open()
        for address in self._ice.addresses:
            self._ice.forget(address)
        self._follow_ice()
        self.connected, self.closed, self._srtp = False, True, None
        self._events.append(PeerClosed(reason))

    def take_events(self) -> list[PeerEvent]:
        """What happened since the last call."""
        events, self._events = self._events, []
        return events

    def _follow_ice(self) -> None:
        """Take and leave addresses as ICE did, and send to the one that it selected."""
        self._shared.routes.assign(self, frozenset(self._ice.addresses))
        if None not in (self.address, self._ice.selected) and self.address != self._ice.selected:
            self._events.append(AddressChanged())
        self.address = self._ice.selected

    def _open_dtls(self, source: Address, *, now: float) -> DtlsEngine | None:
        """Begin the DTLS association, if that may be."""
        host = source[0]
        if self._remote is None:
            self.drops[PeerDrop.DTLS_REFUSED] += 1
            return None
        if not self._shared.half_open.enter(host):
            self.drops[PeerDrop.TOO_MANY_HANDSHAKES] += 1
            return None
        self._half_open_host, self._handshake_began = host, now
        self._dtls = DtlsEngine(
            self._shared.context,
            client=self._remote.setup == "active",
            fingerprints=self._remote.fingerprints,
        )
        self._dtls.start(now=now)
        self._follow_dtls(self._dtls, now=now)
        return self._dtls

    def _follow_dtls(self, dtls: DtlsEngine, *, now: float) -> None:
        """Send what DTLS wants to send, and begin or end as it did."""
        self._send_flight(dtls)
        if dtls.state is DtlsState.CLOSED:
            self.close(reason=dtls.reason)
        elif dtls.keys is not None and self._srtp is None:
            self._connect(dtls.keys, now=now)

    def _connect(self, keys: SrtpKeys, *, now: float) -> None:
        assert self._handshake_began is not None
        self._leave_half_open()
        self._deadline = None
        self._srtp = SrtpSession(keys)
        self._shared.tell_keys(self.address, keys)
        self.srtp_profile = keys.profile.openssl_profile.decode("ascii")
        self.connected = True
        self._shared.handshakes["connected", self.srtp_profile] += 1
        self._events.append(PeerConnected(self.srtp_profile, now - self._handshake_began))
        self.on_connected(now=now)

    def _leave_half_open(self) -> None:
        if self._half_open_host is not None:
            self._shared.half_open.leave(self._half_open_host)
            self._half_open_host = None

    def _send_flight(self, dtls: DtlsEngine) -> None:
        for datagram in dtls.to_send():
            if self.address is not None:
                self._queue(datagram, self.address)

    def _queue_media(self, data: bytes, address: Address) -> None:
        self.packets_out += 1
        self.bytes_out += len(data)
        self._queue(data, address)

    def _queue(self, data: bytes, address: Address) -> None:
        if not self._outbox:
            self._shared.ready.append(self)
        self._outbox.append((data, address))


def _ignore(_data: bytes, /, *, now: float) -> None:
    """Nobody has asked for media yet."""


def _ignore_connection(*, now: float) -> None:
    """Nobody has anything to send yet."""
