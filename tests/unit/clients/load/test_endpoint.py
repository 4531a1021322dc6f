"""The lean transport of a load, against the server's own in memory."""

import secrets
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.transport.dtls import generate_certificate
from sfu.transport.node import Node
from sfu.wire.rtcp import ReceiverReport
from sfu_clients.errors import ClientError
from sfu_clients.load.path.endpoint import CONSENT_SECONDS, Endpoint, Identity
from sfu_clients.sdp import Answered
from tests.support.endpoint import reflect
from tests.support.packets import rtp

CLIENT = "203.0.113.9", 7000
CERTIFICATE = generate_certificate()
IDENTITY = Identity()


class Path:
    """An endpoint and a peer that reflects what it gets, with nothing between them."""

    def __init__(self, *, setup: str = "passive", fingerprint: str | None = None) -> None:
        self.now = 1000.0
        self.rtp: list[bytes] = []
        self.rtcp: list[bytes] = []
        self.node = Node(CERTIFICATE, random_bytes=secrets.token_bytes)
        self.peer = self.node.add_peer()
        reflect(self.peer)
        self.endpoint = Endpoint(
            IDENTITY,
            on_rtp=lambda data, _: self.rtp.append(data),
            on_rtcp=lambda data, _: self.rtcp.append(data),
        )
        local = self.endpoint.local
        self.peer.set_remote(
            ufrag=local.ufrag,
            password=local.password,
            fingerprints=local.fingerprints,
            setup="passive" if setup == "passive" else "active",
            now=self.now,
        )
        algorithm, _, value = (fingerprint or self.node.fingerprint).partition(" ")
        self.answered = Answered(
            ufrag=self.peer.ufrag,
            password=self.peer.password,
            fingerprints=((algorithm, value),),
            setup="passive" if setup == "passive" else "active",
            candidates=(),
            sections={},
        )

    def connect(self) -> None:
        self.endpoint.connect(self.answered, now=self.now)
        self.pass_time(0.5)

    def pass_time(self, seconds: float, *, heard: bool = True) -> None:
        """Let both act; `heard`: what the endpoint sends arrives."""
        until = self.now + seconds
        while self.now < until:
            self.now += 0.02
            self.endpoint.handle_timeout(now=self.now)
            self.node.handle_timeout(now=self.now)
            self.carry(heard=heard)

    def carry(self, *, heard: bool = True) -> None:
        for _ in range(10):
            for data in self.endpoint.to_send():
                if heard:
                    self.node.receive(data, CLIENT, now=self.now)
            for peer in self.node.take_ready():
                for data, _ in peer.to_send():
                    self.endpoint.receive(data, now=self.now)

    def send(self, datagram: bytes) -> None:
        """To the server, which sends it back."""
        self.node.receive(datagram, CLIENT, now=self.now)
        self.carry()


@pytest.mark.parametrize("setup", ["passive", "active"])
def test_connects_and_carries_packets(setup: str) -> None:
    """In either DTLS role; RTP and RTCP arrive as they were sent."""
    path = Path(setup=setup)
    path.connect()
    assert path.endpoint.connected
    packet, report = rtp(b"media"), ReceiverReport(1, ()).encode()
    path.send(path.endpoint.protect(packet))
    path.send(path.endpoint.protect_rtcp(report))
    assert (path.rtp, path.rtcp) == ([packet], [report])


def test_counts_what_came_twice_and_what_was_changed() -> None:
    """SRTP lets neither in."""
    path = Path()
    path.connect()
    sent = []
    for number in (1, 2):
        packet = rtp(b"media", sequence_number=number)
        path.peer.slot()[: len(packet)] = packet
        path.peer.commit(len(packet))
        (ready,) = path.node.take_ready()
        sent += [data for data, _ in ready.to_send()]
    first, second = sent
    for datagram in (first, first, second[:-1] + bytes((second[-1] ^ 1,))):
        path.endpoint.receive(datagram, now=path.now)
    assert len(path.rtp) == 1
    assert (path.endpoint.replayed, path.endpoint.refused) == (1, 1)


def test_refuses_another_certificate() -> None:
    """Who does not have the announced fingerprint is not spoken to."""
    path = Path(fingerprint=f"sha-256 {'00:' * 31}00")
    path.connect()
    assert path.endpoint.lost
    assert not path.endpoint.connected


def test_refuses_an_answer_without_a_usable_fingerprint() -> None:
    """In a sentence for the user."""
    path = Path()
    unusable = replace(path.answered, fingerprints=(("md5", "00"),))
    with pytest.raises(ClientError, match="cannot be trusted"):
        path.endpoint.connect(unusable, now=path.now)


def test_goes_on_while_it_is_answered_and_ends_when_it_is_not() -> None:
    """Consent is asked for every few seconds, and expires after thirty (RFC 7675)."""
    path = Path()
    path.connect()
    path.pass_time(2 * CONSENT_SECONDS)
    assert path.endpoint.connected
    path.pass_time(CONSENT_SECONDS + 5, heard=False)
    assert path.endpoint.lost


def test_says_goodbye() -> None:
    """The server knows at once that it is over, and so does the endpoint when the server says."""
    path = Path()
    path.connect()
    path.endpoint.close()
    path.carry()
    assert path.peer.closed
    other = Path()
    other.connect()
    other.peer.close()
    other.carry()
    assert other.endpoint.lost


@given(data=st.binary(max_size=200))
def test_survives_any_datagram(data: bytes) -> None:
    """Before and after it is connected."""
    path = Path()
    path.endpoint.receive(data, now=path.now)
    path.endpoint.connect(path.answered, now=path.now)
    path.endpoint.receive(data, now=path.now)
