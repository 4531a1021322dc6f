"""DTLS: both roles, whom it believes, and how it ends, with OpenSSL on both sides."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING

import pytest
from aiortc.rtcdtlstransport import (
    SRTP_AEAD_AES_128_GCM,
    SRTP_AEAD_AES_256_GCM,
    SRTP_AES128_CM_SHA1_80,
    SRTPProtectionProfile,
)
from hypothesis import given
from hypothesis import strategies as st
from OpenSSL import SSL

from sfu.errors import TransportRefused
from sfu.transport import dtls
from sfu.transport.dtls import (
    MTU,
    DtlsEngine,
    DtlsState,
    dtls_context,
    generate_certificate,
    split_records,
    usable_fingerprints,
)

if TYPE_CHECKING:
    from aiortc import RTCCertificate

OURS, THEIRS = generate_certificate(), generate_certificate()
HASHES = ("sha-256", "sha-384", "sha-512")


def fingerprint(certificate: RTCCertificate, algorithm: str = "sha-256") -> str:
    """As the value of a=fingerprint."""
    values = {each.algorithm: each.value for each in certificate.getFingerprints()}
    return f"{algorithm} {values[algorithm]}"


def engine(*, client: bool, announced: str | None = None) -> DtlsEngine:
    """The server under OURS or the client under THEIRS; expects the other certificate."""
    ours, theirs = (THEIRS, OURS) if client else (OURS, THEIRS)
    return DtlsEngine(
        dtls_context(ours),
        client=client,
        fingerprints=usable_fingerprints([announced or fingerprint(theirs)]),
    )


def talk(client: DtlsEngine, server: DtlsEngine) -> list[bytes]:
    """Carry datagrams until both are silent, and return them."""
    carried = []
    while flights := [(server, client.to_send()), (client, server.to_send())]:
        if not any(datagrams for _, datagrams in flights):
            break
        for receiver, datagrams in flights:
            for datagram in datagrams:
                carried.append(datagram)
                receiver.receive(datagram, now=0.0)
    return carried


def drive(client: SSL.Connection, server: DtlsEngine) -> None:
    """Let another client shake hands with a server of ours, as far as that goes."""
    client.set_connect_state()
    for _ in range(4):
        with contextlib.suppress(SSL.Error):
            client.do_handshake()
        with contextlib.suppress(SSL.WantReadError):
            server.receive(client.bio_read(65536), now=0.0)
        for datagram in server.to_send():
            client.bio_write(datagram)


def connected() -> tuple[DtlsEngine, DtlsEngine]:
    """Client and server after a handshake."""
    client, server = engine(client=True), engine(client=False)
    client.start(now=0.0)
    talk(client, server)
    return client, server


def test_both_sides_get_the_same_keys() -> None:
    """What is local to one is remote to the other; AES-128-GCM is what we like best."""
    client, server = connected()
    assert (client.state, server.state) == (DtlsState.CONNECTED, DtlsState.CONNECTED)
    assert client.keys is not None
    assert server.keys is not None
    assert client.keys.profile == server.keys.profile == SRTP_AEAD_AES_128_GCM
    assert (client.keys.local, client.keys.remote) == (server.keys.remote, server.keys.local)
    assert client.keys.local != client.keys.remote
    assert (client.next_timeout(), server.next_timeout()) == (None, None)


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [
        pytest.param(
            [SRTP_AES128_CM_SHA1_80, SRTP_AEAD_AES_256_GCM, SRTP_AEAD_AES_128_GCM],
            SRTP_AEAD_AES_128_GCM,
            id="the order of Chromium",
        ),
        pytest.param([SRTP_AEAD_AES_256_GCM], SRTP_AEAD_AES_256_GCM, id="AES-256-GCM only"),
        pytest.param([SRTP_AES128_CM_SHA1_80], SRTP_AES128_CM_SHA1_80, id="AES-CM only"),
    ],
)
def test_chooses_the_srtp_profile(
    offered: list[SRTPProtectionProfile], chosen: SRTPProtectionProfile
) -> None:
    """As a server we choose by our order, and take whatever is left."""
    server = engine(client=False)
    drive(SSL.Connection(THEIRS._create_ssl_context(offered)), server)  # noqa: SLF001
    assert server.keys is not None
    assert server.keys.profile == chosen


def test_without_srtp_there_is_nothing_to_do() -> None:
    """A client that offers no SRTP profile is refused, though its handshake is in order."""
    context = SSL.Context(SSL.DTLS_METHOD)
    context.use_certificate(THEIRS._cert)  # noqa: SLF001
    context.use_privatekey(THEIRS._key)  # noqa: SLF001
    server = engine(client=False)
    drive(SSL.Connection(context), server)
    assert (server.state, server.reason, server.keys) == (DtlsState.CLOSED, "dtls_failed", None)


@pytest.mark.parametrize("algorithm", HASHES)
@pytest.mark.parametrize("spelling", [str.lower, str.upper])
def test_believes_the_announced_certificate(algorithm: str, spelling: type[str]) -> None:
    """Any of the three hashes will do, in any case, beside one that we do not know."""
    server = DtlsEngine(
        dtls_context(OURS),
        client=False,
        fingerprints=usable_fingerprints(["md5 00:11", spelling(fingerprint(THEIRS, algorithm))]),
    )
    client = engine(client=True)
    client.start(now=0.0)
    talk(client, server)
    assert server.state is DtlsState.CONNECTED


@pytest.mark.parametrize("suspicious", ["server", "client"])
def test_believes_no_other_certificate(suspicious: str) -> None:
    """Whoever has another certificate than was announced gets no keys, and hears of the end."""
    wrong = fingerprint(generate_certificate())
    client = engine(client=True, announced=wrong if suspicious == "client" else None)
    server = engine(client=False, announced=wrong if suspicious == "server" else None)
    client.start(now=0.0)
    talk(client, server)
    refuser, refused = (server, client) if suspicious == "server" else (client, server)
    assert (refuser.reason, refuser.keys) == ("fingerprint_mismatch", None)
    assert refused.state is DtlsState.CLOSED


@pytest.mark.parametrize("offered", [[], ["md5 00:11"], [""], ["sha-256"], ["sha-1 00"]])
def test_insists_on_a_fingerprint(offered: list[str]) -> None:
    """Without one that we can check there is no association at all."""
    if offered == ["sha-256"]:
        assert usable_fingerprints(offered) == {("sha-256", "")}  # which matches nothing
    else:
        with pytest.raises(TransportRefused):
            usable_fingerprints(offered)


def test_says_goodbye() -> None:
    """The other side hears of a close, whoever it is."""
    for closing in (0, 1):
        engines = connected()
        engines[closing].close()
        talk(*engines)
        assert engines[closing].reason == "closed"
        assert engines[1 - closing].reason == "closed_by_peer"
        assert engines[1 - closing].state is DtlsState.CLOSED


def test_datagrams_are_short() -> None:
    """No datagram of a handshake is longer than the MTU, and flights are not torn apart."""
    client, server = engine(client=True), engine(client=False)
    client.start(now=0.0)
    carried = talk(client, server)
    assert max(map(len, carried)) <= MTU
    assert len(carried) == 4


def test_records_are_packed_into_datagrams() -> None:
    """Whole records, as many as fit; one that is too long goes alone."""

    def record(length: int) -> bytes:
        return bytes(11) + length.to_bytes(2, "big") + bytes(length)

    flight = [record(length) for length in (500, 500, 500, 1500, 10, 20)]
    packed = split_records(b"".join(flight))
    assert packed == [flight[0] + flight[1], flight[2], flight[3], flight[4] + flight[5]]
    assert split_records(b"") == []


def test_sends_a_lost_flight_again() -> None:
    """A flight that nobody answered is sent again, on OpenSSL's own clock."""
    client, server = engine(client=True), engine(client=False)
    began = time.monotonic()
    client.start(now=began)
    assert client.to_send()  # and lost
    due = client.next_timeout()
    assert due is not None
    assert 0.5 < due - began <= 1.0
    client.handle_timeout(now=due - 0.1)
    assert client.to_send() == []
    time.sleep(max(0.0, due - time.monotonic()))
    client.handle_timeout(now=time.monotonic())
    talk(client, server)
    assert client.state is DtlsState.CONNECTED


def test_a_lost_last_flight_is_asked_for() -> None:
    """When the server's last flight is lost, the client's repetition brings it again."""
    client, server = engine(client=True), engine(client=False)
    client.start(now=0.0)
    for receiver, sender in ((server, client), (client, server)):
        for datagram in sender.to_send():
            receiver.receive(datagram, now=0.0)
    last = client.to_send()
    for datagram in last:
        server.receive(datagram, now=0.0)
    assert server.state is DtlsState.CONNECTED
    assert server.to_send()  # and lost
    due = client.next_timeout()
    assert due is not None
    time.sleep(due)
    client.handle_timeout(now=due)
    talk(client, server)
    assert client.state is DtlsState.CONNECTED


def test_bounds_the_bytes_of_a_handshake(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever talks without end is not listened to without end."""
    monkeypatch.setattr(dtls, "MAX_HANDSHAKE_BYTES", 2000)
    client, server = engine(client=True), engine(client=False)
    client.start(now=0.0)
    (hello,) = client.to_send()
    while server.state is DtlsState.HANDSHAKING:
        server.receive(hello, now=0.0)
    assert server.reason == "dtls_failed"
    server.to_send()
    server.receive(hello, now=0.0)
    assert server.to_send() == []


def test_what_comes_later_changes_nothing() -> None:
    """Data, garbage and repeated flights after the handshake neither end it nor are answered."""
    client, server = engine(client=True), engine(client=False)
    client.start(now=0.0)
    carried = talk(client, server)
    for datagram in [
        *carried[:2],
        b"\x16\xfe\xfd" + bytes(60),
        b"\x17",
        b"\x15\xfe\xfd" + bytes(12),
    ]:
        server.receive(datagram, now=0.0)
    assert server.state is DtlsState.CONNECTED


@pytest.mark.parametrize(
    ("version", "state"),
    [
        pytest.param(0xFEFF, DtlsState.CLOSED, id="1.0"),
        pytest.param(0xFEFD, DtlsState.CONNECTED, id="1.2"),
    ],
)
def test_takes_no_dtls_before_1_2(version: int, state: DtlsState) -> None:
    """RFC 8827 section 6.5."""
    context = THEIRS._create_ssl_context([SRTP_AEAD_AES_128_GCM])  # noqa: SLF001
    context.set_cipher_list(b"ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0")
    context.set_max_proto_version(version)
    server = engine(client=False)
    drive(SSL.Connection(context), server)
    assert server.state is state


@given(st.lists(st.binary(min_size=1, max_size=200), max_size=4), st.booleans())
def test_any_bytes_are_survived(datagrams: list[bytes], client: bool) -> None:  # noqa: FBT001
    """Garbage leads to no error and to no keys, in either role."""
    victim = engine(client=client)
    victim.start(now=0.0)
    for datagram in datagrams:
        victim.receive(b"\x16\xfe\xfd" + bytes(8) + datagram, now=0.0)
        victim.receive(datagram, now=0.0)
    assert victim.keys is None


@given(st.integers(0, 3), st.integers(0, 2000), st.integers(1, 255))
def test_a_damaged_handshake_gives_no_wrong_keys(which: int, where: int, flip: int) -> None:
    """Whatever byte of a handshake is changed, both sides never believe in different keys."""
    client, server = engine(client=True), engine(client=False)
    client.start(now=0.0)
    receiver, sender = server, client
    for step in range(4):
        for datagram in sender.to_send():
            damaged = bytearray(datagram)
            if step == which:
                damaged[where % len(damaged)] ^= flip
            receiver.receive(bytes(damaged), now=0.0)
        receiver, sender = sender, receiver
    if client.keys is not None and server.keys is not None:
        assert client.keys.local == server.keys.remote


@given(st.binary(max_size=3000))
def test_any_flight_is_split(flight: bytes) -> None:
    """Splitting never fails, and loses nothing from the front."""
    datagrams = split_records(flight)
    assert b"".join(datagrams) == flight[: sum(map(len, datagrams))]
