"""A peer: from the first check to the end, with a real endpoint on a network in memory."""

from __future__ import annotations

from random import Random

import pytest

from sfu.errors import TransportRefused
from sfu.transport.drops import PeerDrop
from sfu.transport.dtls import generate_certificate
from sfu.transport.events import AddressChanged, PeerClosed, PeerConnected
from sfu.transport.ice_lite import CONSENT_SECONDS
from sfu.transport.node import Node
from sfu.transport.peer import FIRST_CHECK_SECONDS, HANDSHAKE_SECONDS, Peer, Setup
from tests.support.endpoint import Endpoint, invite, reflect
from tests.support.ether import HOME, Ether
from tests.support.packets import rtp

CERTIFICATE = generate_certificate()
AWAY = "198.51.100.7", 50_000
PROFILE = "SRTP_AEAD_AES_128_GCM"
RECEIVER_REPORT = bytes.fromhex("80c90001 11223344")


def ether() -> Ether:
    """A network with a node and nobody else."""
    return Ether(Node(CERTIFICATE, random_bytes=Random(1).randbytes))  # noqa: S311


def meet(net: Ether, setup: Setup = "active") -> tuple[Peer, Endpoint]:
    """A peer that sends back what it gets, and its endpoint, before the first check."""
    peer, endpoint = invite(net.node, setup=setup, now=net.now)
    reflect(peer)
    net.attach(endpoint)
    return peer, endpoint


def connected(net: Ether) -> tuple[Peer, Endpoint]:
    """The same after the handshake; nobody has taken notice of events."""
    peer, endpoint = meet(net)
    net.run(0.1)
    assert peer.connected
    assert [type(event) for event in peer.take_events()] == [PeerConnected]
    return peer, endpoint


def echoes(net: Ether, endpoint: Endpoint, number: int = 1) -> bool:
    """Whether a packet of the endpoint's comes back."""
    packet = rtp(sequence_number=number)
    endpoint.rtp.clear()
    endpoint.send_rtp(packet)
    net.exchange()
    return endpoint.rtp == [packet]


@pytest.mark.parametrize("setup", ["active", "passive"])
def test_tells_at_once_when_it_can_send(setup: Setup) -> None:
    """What is sent from within arrives: nothing has to wait for a timer."""
    net = ether()
    peer, endpoint = meet(net, setup)
    packet, moments = rtp(), []

    def send(*, now: float) -> None:
        moments.append(now)
        peer.slot()[: len(packet)] = packet
        peer.commit(len(packet))

    peer.on_connected = send
    net.run(0.1)
    assert len(moments) == 1
    assert endpoint.rtp == [packet]
    assert peer.drops[PeerDrop.UNSENT_NOT_CONNECTED] == 0


@pytest.mark.parametrize("setup", ["active", "passive"])
def test_connects_in_either_role(setup: Setup) -> None:
    """A check, a handshake that either side begins, and media flows both ways."""
    net = ether()
    peer, endpoint = meet(net, setup)
    net.run(0.1)
    assert (peer.connected, endpoint.connected) == (True, True)
    (event,) = peer.take_events()
    assert isinstance(event, PeerConnected)
    assert (event.srtp_profile, peer.srtp_profile) == (PROFILE, PROFILE)
    assert 0 <= event.handshake_seconds < 0.1
    assert net.node.handshakes == {("connected", PROFILE): 1}
    assert (endpoint.mapped, peer.address) == (HOME, HOME)
    assert echoes(net, endpoint)
    endpoint.send_rtcp(RECEIVER_REPORT)
    net.exchange()
    assert endpoint.rtcp == [RECEIVER_REPORT]
    assert (peer.packets_in, peer.packets_out) == (2, 2)
    assert peer.bytes_in == peer.bytes_out > 2 * len(rtp())
    assert sum(peer.drops) == 0


def test_stays_as_long_as_checks_pass() -> None:
    """Ten minutes of nothing but consent checks change nothing."""
    net = ether()
    peer, endpoint = connected(net)
    net.run(600.0)
    assert (peer.closed, peer.take_events()) == (False, [])
    assert echoes(net, endpoint)


def test_says_why_nothing_came_or_went() -> None:
    """Media out of its time is counted by reason, and disturbs nothing."""
    net = ether()
    peer, endpoint = meet(net)
    peer.commit(20)
    peer.send_rtcp(RECEIVER_REPORT)
    held = net.hold_dtls()
    net.run(0.1)
    net.inject(rtp(bytes(30)))
    net.lose = lambda _: False
    net.inject(held[0])
    peer.commit(1500)
    peer.send_rtcp(bytes(1500))
    endpoint.send_rtp(rtp(sequence_number=1))
    endpoint.send_rtp(rtp(sequence_number=2))
    (good, _), (damaged, _) = endpoint.to_send()
    for each in (good, good, damaged[:-1]):
        net.inject(each)
    assert {drop: peer.drops[drop] for drop in PeerDrop if peer.drops[drop]} == {
        PeerDrop.UNSENT_NOT_CONNECTED: 2,
        PeerDrop.MEDIA_BEFORE_DTLS: 1,
        PeerDrop.UNSENT_REFUSED: 2,
        PeerDrop.SRTP_REPLAYED: 1,
        PeerDrop.SRTP_UNAUTHENTIC: 1,
    }
    assert endpoint.rtp == [rtp(sequence_number=1)]


def test_follows_a_nominated_address() -> None:
    """After a change of network media goes to where the endpoint checks from, at once."""
    net = ether()
    peer, endpoint = connected(net)
    net.attach(endpoint, AWAY)
    endpoint.check(nominate=False)
    net.exchange()
    assert peer.address == HOME
    endpoint.check()
    net.exchange()
    assert peer.address == AWAY
    assert peer.take_events() == [AddressChanged()]
    assert echoes(net, endpoint)
    assert net.sent[-1][1] == AWAY


def test_survives_seconds_without_a_network() -> None:
    """Five seconds of silence and another port after it: the association goes on."""
    net = ether()
    peer, endpoint = connected(net)
    net.detach(endpoint)
    net.run(5.0)
    net.attach(endpoint, AWAY)
    net.run(3.0)
    assert echoes(net, endpoint)
    assert not peer.closed


def test_closes_when_consent_expires() -> None:
    """Thirty seconds after the last check it is over, and not a byte is sent any more."""
    net = ether()
    peer, endpoint = connected(net)
    net.detach(endpoint)
    net.run(CONSENT_SECONDS - 1)
    assert not peer.closed
    count = len(net.sent)
    net.run(2.0)
    assert peer.take_events() == [PeerClosed("consent_expired")]
    assert (peer.closed, peer.connected, peer.address) == (True, False, None)
    peer.commit(20)
    net.run(60.0)
    assert (len(net.sent), net.node.knows(HOME), net.node.next_timeout()) == (count, False, None)


def test_closes_when_nobody_comes() -> None:
    """Whoever joins but never passes a check is not waited for."""
    net = ether()
    peer, _ = invite(net.node, now=0.0)
    net.run(FIRST_CHECK_SECONDS - 1)
    assert not peer.closed
    net.run(2.0)
    assert peer.take_events() == [PeerClosed("ice_timeout")]
    assert net.node.handshakes == {("ice_timeout", ""): 1}


@pytest.mark.parametrize("setup", ["active", "passive"])
def test_bounds_the_time_of_a_handshake(setup: Setup) -> None:
    """Whoever passes checks but does not finish DTLS is closed, in either role."""
    net = ether()
    net.lose = lambda data: 20 <= data[0] <= 63
    peer, _ = meet(net, setup)
    net.run(HANDSHAKE_SECONDS - 1)
    assert not peer.closed
    net.run(2.0)
    assert peer.take_events() == [PeerClosed("dtls_timeout")]
    assert net.node.handshakes == {("dtls_timeout", ""): 1}


def test_believes_only_the_announced_certificate() -> None:
    """A certificate that signalling did not announce gets no media."""
    net = ether()
    peer, _ = invite(net.node)
    impostor = Endpoint(ufrag=peer.ufrag, password=peer.password, fingerprint=net.node.fingerprint)
    net.attach(impostor)
    net.run(1.0)
    assert peer.take_events() == [PeerClosed("fingerprint_mismatch")]
    assert net.node.handshakes == {("fingerprint_mismatch", ""): 1}
    assert not impostor.connected


def test_hears_a_goodbye() -> None:
    """When the endpoint closes, so does the peer, at once."""
    net = ether()
    peer, endpoint = connected(net)
    endpoint.close()
    net.exchange()
    assert peer.take_events() == [PeerClosed("closed_by_peer")]


def test_says_goodbye() -> None:
    """When the peer closes, the endpoint hears of it; closing twice is closing once."""
    net = ether()
    peer, endpoint = connected(net)
    peer.close()
    peer.close()
    net.exchange()
    assert not endpoint.connected
    assert peer.take_events() == [PeerClosed("closed")]
    assert net.node.handshakes == {("connected", PROFILE): 1}


def describe(peer: Peer, endpoint: Endpoint, *, fingerprint: str | None = None) -> None:
    """Give the peer the endpoint's description once more."""
    peer.set_remote(
        ufrag=endpoint.ufrag,
        password=endpoint.password,
        fingerprints=(fingerprint or endpoint.fingerprint,),
        setup="passive",
        now=0.0,
    )


def test_restarts_ice_when_the_remote_credentials_change() -> None:
    """New credentials on both sides, the same association, and no packet lost on the way."""
    net = ether()
    peer, endpoint = connected(net)
    before = peer.ufrag, peer.password
    describe(peer, endpoint)
    assert (peer.ufrag, peer.password) == before
    endpoint.ufrag, endpoint.password = "anew", "x" * 22
    describe(peer, endpoint)
    assert before[0] != peer.ufrag
    assert before[1] != peer.password
    assert echoes(net, endpoint, 1)
    net.run(5.0)
    assert endpoint.refused == []
    endpoint.restart(ufrag=peer.ufrag, password=peer.password)
    net.attach(endpoint, AWAY)
    net.run(1.0)
    assert echoes(net, endpoint, 2)
    assert peer.take_events() == [AddressChanged()]


def test_needs_another_peer_for_another_association() -> None:
    """Another fingerprint or role is refused, and changes nothing (RFC 8842)."""
    net = ether()
    peer, endpoint = connected(net)
    before = peer.ufrag
    endpoint.ufrag = "anew"
    with pytest.raises(TransportRefused):
        describe(peer, endpoint, fingerprint="sha-256 00:11")
    with pytest.raises(TransportRefused):
        describe(peer, endpoint, fingerprint="md5 00:11")
    assert peer.ufrag == before
    assert echoes(net, endpoint)


def test_needs_a_fingerprint() -> None:
    """A description that proves nothing is refused, and the peer waits for another one."""
    net = ether()
    peer = net.node.add_peer()
    with pytest.raises(TransportRefused):
        peer.set_remote(ufrag="ufrag", password="p" * 22, fingerprints=(), setup="passive", now=0.0)
    assert peer.next_timeout() is None


def test_no_dtls_before_the_description() -> None:
    """Whoever knows our credentials but was not described may check, and no more."""
    net = ether()
    peer = net.node.add_peer()
    endpoint = Endpoint(ufrag=peer.ufrag, password=peer.password, fingerprint=net.node.fingerprint)
    net.attach(endpoint)
    net.run(1.0)
    assert endpoint.answered
    assert peer.drops[PeerDrop.DTLS_REFUSED] == 1
    assert not peer.connected


def test_closes_before_it_began() -> None:
    """A peer that nobody ever reached ends without a word on the network."""
    net = ether()
    peer, _ = invite(net.node)
    peer.close()
    net.exchange()
    assert (net.sent, peer.take_events()) == ([], [PeerClosed("closed")])
