"""DTLS handshake in memory: datagrams in, datagrams and SRTP keys out (RFC 6347, RFC 5764).

OpenSSL keeps the time of its retransmissions itself; `now` only says when to ask it.
"""

from collections.abc import Iterable
from contextlib import suppress
from enum import Enum, auto
from typing import Final

from aiortc.rtcdtlstransport import (
    SRTP_AEAD_AES_128_GCM,
    SRTP_AEAD_AES_256_GCM,
    SRTP_AES128_CM_SHA1_80,
    X509_DIGEST_ALGORITHMS,
    RTCCertificate,
    certificate_digest,
)
from OpenSSL import SSL

from sfu.errors import TransportRefused
from sfu.transport.srtp import SrtpKeys

MTU: Final = 1200
"""Largest DTLS datagram that we send, in bytes."""

MAX_HANDSHAKE_BYTES: Final = 64 * 1024
"""Most that we read of one handshake; browsers send three kilobytes."""

SRTP_PROFILES: Final = (SRTP_AEAD_AES_128_GCM, SRTP_AEAD_AES_256_GCM, SRTP_AES128_CM_SHA1_80)
"""In the order that we prefer: AES-128-GCM costs least."""

_BY_NAME: Final = {profile.openssl_profile: profile for profile in SRTP_PROFILES}
_EXTRACTOR: Final = b"EXTRACTOR-dtls_srtp"  # RFC 5764 section 4.2
_DTLS_1_2: Final = 0xFEFD  # RFC 8827 section 6.5 wants no older one
_NO_RENEGOTIATION: Final = 1 << 30  # SSL_OP_NO_RENEGOTIATION, which pyOpenSSL does not name
_RECORD_HEADER: Final = 13
_READ_BYTES: Final = 1 << 16

Fingerprints = frozenset[tuple[str, str]]
"""Pairs of a hash of RFC 8122 and its value, as certificate_digest writes them."""


class DtlsState(Enum):
    """CLOSED is final: the other side said so, or something failed."""

    HANDSHAKING = auto()
    CONNECTED = auto()
    CLOSED = auto()


def generate_certificate() -> RTCCertificate:
    """A new self-signed certificate with a key on P-256, as WebRTC wants it."""
    return RTCCertificate.generateCertificate()


def dtls_context(certificate: RTCCertificate) -> SSL.Context:
    """What all associations under one certificate share."""
    context = certificate._create_ssl_context(list(SRTP_PROFILES))  # noqa: SLF001 - its only use
    context.set_min_proto_version(_DTLS_1_2)
    context.set_options(SSL.OP_NO_QUERY_MTU | _NO_RENEGOTIATION)
    context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
    return context


def usable_fingerprints(offered: Iterable[str]) -> Fingerprints:
    """Those of `sha-256 AB:CD…` whose hash we know; raises TransportRefused if there are none."""
    pairs = (fingerprint.strip().partition(" ") for fingerprint in offered)
    known = frozenset(
        (algorithm.lower(), value.strip().upper())
        for algorithm, _, value in pairs
        if algorithm.lower() in X509_DIGEST_ALGORITHMS
    )
    if not known:
        raise TransportRefused("no fingerprint with SHA-256, SHA-384 or SHA-512")
    return known


class DtlsEngine:
    """One association, in either role."""

    def __init__(self, context: SSL.Context, *, client: bool, fingerprints: Fingerprints) -> None:
        self.state = DtlsState.HANDSHAKING
        self.keys: SrtpKeys | None = None
        """There once the handshake is done and the certificate is the one that was announced."""
        self.reason = ""
        """Why it is closed: dtls_failed, fingerprint_mismatch, closed_by_peer or closed."""
        self._client = client
        self._fingerprints = fingerprints
        self._read_so_far = 0
        self._retransmit_at: float | None = None
        self._outbox: list[bytes] = []
        self._connection = SSL.Connection(context)
        self._connection.set_ciphertext_mtu(MTU)
        if client:
            self._connection.set_connect_state()
        else:
            self._connection.set_accept_state()

    def start(self, *, now: float) -> None:
        """Send the first flight, as the client does; the server only waits."""
        if self._client:
            self._handshake(now=now)

    def receive(self, data: bytes, *, now: float) -> None:
        """One datagram; what is not DTLS changes nothing."""
        if self.state is DtlsState.CLOSED:
            return
        self._connection.bio_write(data)
        if self.state is DtlsState.CONNECTED:
            self._read()
        elif self._read_so_far + len(data) > MAX_HANDSHAKE_BYTES:
            self._close("dtls_failed")
        else:
            self._read_so_far += len(data)
            self._handshake(now=now)

    def to_send(self) -> list[bytes]:
        """The datagrams to send now, none longer than MTU."""
        outbox, self._outbox = self._outbox, []
        return outbox

    def next_timeout(self) -> float | None:
        """When a flight may have to be sent again."""
        return self._retransmit_at

    def handle_timeout(self, *, now: float) -> None:
        """Send the last flight again if OpenSSL agrees that it is time."""
        if self._retransmit_at is None or now < self._retransmit_at:
            return
        try:
            self._connection.DTLSv1_handle_timeout()
        except SSL.Error:
            self._close("dtls_failed")
        else:
            self._collect()
            self._arm(now=now)

    def close(self) -> None:
        """Say goodbye, if there was a conversation."""
        if self.state is DtlsState.CONNECTED:
            self._say_goodbye()
        self._close("closed")

    def _handshake(self, *, now: float) -> None:
        try:
            self._connection.do_handshake()
        except SSL.WantReadError:
            self._collect()
            self._arm(now=now)
        except SSL.Error:
            self._collect()  # the alert that says why
            self._close("dtls_failed")
        else:
            self._collect()
            self._retransmit_at = None
            self._finish()

    def _finish(self) -> None:
        """The handshake is done: believe the peer, or not, and take the keys."""
        profile = _BY_NAME.get(self._connection.get_selected_srtp_profile())
        if not self._is_announced():
            self._say_goodbye()
            self._close("fingerprint_mismatch")
        elif profile is None:
            self._close("dtls_failed")
        else:
            length = 2 * (profile.key_length + profile.salt_length)
            secret = self._connection.export_keying_material(_EXTRACTOR, length)
            client, server = (profile.get_key_and_salt(secret, index) for index in (0, 1))
            local, remote = (client, server) if self._client else (server, client)
            self.keys = SrtpKeys(profile, local, remote)
            self.state = DtlsState.CONNECTED

    def _is_announced(self) -> bool:
        """Whether the peer's certificate has one of the announced fingerprints (RFC 8122)."""
        try:
            certificate = self._connection.get_peer_certificate(as_cryptography=True)
        except ValueError:  # OpenSSL took it, cryptography is stricter
            return False
        return certificate is not None and any(
            (algorithm, certificate_digest(certificate, algorithm)) in self._fingerprints
            for algorithm in {algorithm for algorithm, _ in self._fingerprints}
        )

    def _read(self) -> None:
        """Nobody sends data here; what counts is an alert, or a flight that came again."""
        try:
            while self._connection.recv(_READ_BYTES):
                pass
        except SSL.WantReadError:
            self._collect()
        except SSL.ZeroReturnError:
            self._close("closed_by_peer")
        except SSL.Error:
            self._close("dtls_failed")

    def _say_goodbye(self) -> None:
        with suppress(SSL.Error):  # nobody is there to care
            self._connection.shutdown()
        self._collect()

    def _close(self, reason: str) -> None:
        if self.state is not DtlsState.CLOSED:
            self.state, self.reason, self._retransmit_at = DtlsState.CLOSED, reason, None

    def _arm(self, *, now: float) -> None:
        seconds = self._connection.DTLSv1_get_timeout()
        self._retransmit_at = None if seconds is None else now + seconds

    def _collect(self) -> None:
        with suppress(SSL.WantReadError):  # nothing to send
            self._outbox += split_records(self._connection.bio_read(_READ_BYTES))


def split_records(flight: bytes) -> list[bytes]:
    """Cut what OpenSSL wrote into datagrams of whole records, each as long as MTU allows."""
    datagrams: list[bytes] = []
    begin = offset = 0
    while offset + _RECORD_HEADER <= len(flight):
        end = offset + _RECORD_HEADER + int.from_bytes(flight[offset + 11 : offset + 13], "big")
        if end - begin > MTU and offset > begin:
            datagrams.append(flight[begin:offset])
            begin = offset
        offset = end
    if offset > begin:
        datagrams.append(flight[begin:offset])
    return datagrams
