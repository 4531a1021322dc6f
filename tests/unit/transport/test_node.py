"""The node: who is who on one port, and that strangers get nowhere."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.transport import peer as peer_module
from sfu.transport.drops import DatagramDrop, PeerDrop
from sfu.transport.dtls import generate_certificate
from sfu.transport.events import PeerClosed
from sfu.transport.node import ADDRESS_KEPT_SECONDS, Node
from sfu.wire.stun import Attribute, StunClass, build_stun, parse_stun
from tests.support.endpoint import invite, reflect
from tests.support.ether import HOME, Ether
from tests.support.packets import rtp

CERTIFICATE = generate_certificate()
STRANGER = "203.0.113.66", 6666
AWAY = "198.51.100.7", 50_000
TRANSACTION = bytes(12)
CLIENT_HELLO = b"\x16\xfe\xfd" + bytes(60)


def ether() -> Ether:
    """A network with a node and nobody else."""
    return Ether(Node(CERTIFICATE, random_bytes=Random(1).randbytes))  # noqa: S311


def drops(node: Node) -> dict[DatagramDrop, int]:
    """The counters that are not zero."""
    return {drop: node.drops[drop] for drop in DatagramDrop if node.drops[drop]}


def check(username: str, password: str | None) -> bytes:
    """A nominating check of anybody's."""
    attributes = ((Attribute.USERNAME, username.encode()), (Attribute.USE_CANDIDATE, b""))
    return build_stun(StunClass.REQUEST, TRANSACTION, attributes, password=password)


def test_tells_peers_apart() -> None:
    """Two endpoints on one port get their own packets and nobody else's."""
    net = ether()
    pairs = [invite(net.node) for _ in range(2)]
    for (peer, endpoint), address in zip(pairs, (HOME, AWAY), strict=True):
        reflect(peer)
        net.attach(endpoint, address)
    net.run(0.1)
    for number, (_, endpoint) in enumerate(pairs):
        endpoint.send_rtp(rtp(sequence_number=number))
    net.exchange()
    assert [endpoint.rtp for _, endpoint in pairs] == [
        [rtp(sequence_number=0)],
        [rtp(sequence_number=1)],
    ]
    assert drops(net.node) == {}
    assert net.node.peers == tuple(peer for peer, _ in pairs)


@pytest.mark.parametrize(
    ("data", "drop"),
    [
        pytest.param(b"", DatagramDrop.NOT_MUXED, id="nothing"),
        pytest.param(b"\x50hello", DatagramDrop.NOT_MUXED, id="garbage"),
        pytest.param(CLIENT_HELLO, DatagramDrop.UNKNOWN_ADDRESS, id="DTLS"),
        pytest.param(rtp(), DatagramDrop.UNKNOWN_ADDRESS, id="RTP"),
        pytest.param(b"\x00\x01" + bytes(30), DatagramDrop.MALFORMED_STUN, id="almost STUN"),
        pytest.param(check("nobody:x", "x"), DatagramDrop.UNKNOWN_UFRAG, id="a check for nobody"),
        pytest.param(
            build_stun(StunClass.REQUEST, TRANSACTION), DatagramDrop.UNKNOWN_UFRAG, id="nameless"
        ),
        pytest.param(
            build_stun(StunClass.INDICATION, TRANSACTION), DatagramDrop.NOT_A_CHECK, id="indication"
        ),
        pytest.param(
            build_stun(StunClass.RESPONSE, TRANSACTION), DatagramDrop.NOT_A_CHECK, id="response"
        ),
    ],
)
def test_strangers_get_no_answer(data: bytes, drop: DatagramDrop) -> None:
    """What proves nothing is counted by reason and not answered; nobody is disturbed."""
    net = ether()
    peer, _ = invite(net.node)
    net.inject(data, STRANGER)
    assert drops(net.node) == {drop: 1}
    assert (net.sent, peer.take_events(), net.node.knows(STRANGER)) == ([], [], False)


@pytest.mark.parametrize(
    ("password", "code", "drop"),
    [
        pytest.param("guess", 401, DatagramDrop.BAD_INTEGRITY, id="wrong integrity"),
        pytest.param(None, 400, DatagramDrop.BAD_REQUEST, id="no integrity"),
    ],
)
def test_a_guessed_check_opens_nothing(password: str | None, code: int, drop: DatagramDrop) -> None:
    """A check for somebody's ufrag without their password is refused, from their address too."""
    net = ether()
    peer, endpoint = invite(net.node)
    net.attach(endpoint)
    net.run(0.1)
    for source in (STRANGER, HOME):
        net.node.receive(check(f"{peer.ufrag}:x", password), source, now=100.0)
    answers = [parse_stun(data) for p in net.node.take_ready() for data, _ in p.to_send()]
    assert [answer.error_code() for answer in answers] == [code, code]
    assert drops(net.node) == {drop: 2}
    assert (peer.address, net.node.knows(STRANGER)) == (HOME, False)
    net.inject(CLIENT_HELLO, STRANGER)
    net.inject(rtp(), STRANGER)
    assert net.node.drops[DatagramDrop.UNKNOWN_ADDRESS] == 2


def test_an_address_is_not_taken_from_who_is_there() -> None:
    """A participant who forges another's address does not get their media."""
    net = ether()
    victim, endpoint = invite(net.node)
    reflect(victim)
    net.attach(endpoint)
    net.run(0.1)
    thief, _ = invite(net.node)
    net.node.receive(check(f"{thief.ufrag}:x", thief.password), HOME, now=net.now)
    assert drops(net.node) == {DatagramDrop.ADDRESS_TAKEN: 1}
    endpoint.send_rtp(rtp())
    net.exchange()
    assert endpoint.rtp == [rtp()]


def test_an_address_passes_on_when_its_peer_is_silent() -> None:
    """A client that comes back by the same port gets it after a while."""
    net = ether()
    former, gone = invite(net.node)
    net.attach(gone)
    net.run(0.1)
    net.detach(gone)
    net.run(ADDRESS_KEPT_SECONDS)
    peer, endpoint = invite(net.node, now=net.now)
    net.attach(endpoint)
    net.run(1.0)
    assert peer.connected
    assert (peer.address, former.address) == (HOME, None)
    net.run(60.0)
    assert (peer.closed, former.closed) == (False, True)


def test_bounds_half_open_handshakes(monkeypatch: pytest.MonkeyPatch) -> None:
    """One host gets so many handshakes at a time; the next waits until one is done or over."""
    monkeypatch.setattr(peer_module, "MAX_HALF_OPEN_OF_HOST", 1)
    net = ether()
    (slow, stuck), (waiting, endpoint) = invite(net.node), invite(net.node)
    net.attach(stuck, (HOME[0], 1))
    net.attach(endpoint, (HOME[0], 2))
    held = net.hold_dtls()
    net.run(0.1)
    net.inject(held[0], (HOME[0], 1))
    net.inject(held[1], (HOME[0], 2))
    assert (slow.drops[PeerDrop.TOO_MANY_HANDSHAKES], len(held)) == (0, 3)
    assert waiting.drops[PeerDrop.TOO_MANY_HANDSHAKES] == 1
    slow.close()
    net.lose = lambda _: False
    net.inject(held[1], (HOME[0], 2))
    assert waiting.connected


def test_removes_a_peer_without_a_trace() -> None:
    """After it is removed neither its address nor its ufrag means anything."""
    net = ether()
    peer, endpoint = invite(net.node)
    net.attach(endpoint)
    net.run(0.1)
    net.node.remove_peer(peer)
    net.exchange()
    assert not endpoint.connected
    assert (net.node.peers, net.node.next_timeout()) == ((), None)
    endpoint.check()
    net.exchange()
    assert drops(net.node) == {DatagramDrop.UNKNOWN_UFRAG: 1}
    net.node.remove_peer(peer)
    assert peer.take_events()[-1] == PeerClosed("closed")


def test_lists_a_peer_once_however_much_it_has_to_send() -> None:
    """Whoever drains sees each peer once, and nobody after that."""
    net = ether()
    peer, endpoint = invite(net.node)
    net.attach(endpoint)
    net.run(0.1)
    for number in range(3):
        peer.slot()[:20] = rtp(bytes(8), sequence_number=number)
        peer.commit(20)
    assert net.node.take_ready() == [peer]
    assert len(list(peer.to_send())) == 3
    assert (net.node.take_ready(), list(peer.to_send())) == ([], [])


def test_a_bug_closes_one_peer() -> None:
    """An exception of a handler is not swallowed, and ends the peer whose packet caused it."""
    net = ether()
    (peer, endpoint), (other, _) = invite(net.node), invite(net.node)
    net.attach(endpoint)
    net.run(0.1)

    def fail(_data: bytes, /, *, now: float) -> None:
        raise RuntimeError(now)

    peer.on_rtp = fail
    endpoint.send_rtp(rtp())
    with pytest.raises(RuntimeError):
        net.exchange()
    assert peer.take_events()[-1] == PeerClosed("internal_error")
    assert not other.closed


def test_a_bug_in_a_timeout_closes_one_peer(monkeypatch: pytest.MonkeyPatch) -> None:
    """The next look at the time is not spoilt by the same bug."""
    net = ether()
    (peer, _), (other, _) = invite(net.node), invite(net.node)

    def fail(*, now: float) -> None:
        raise RuntimeError(now)

    monkeypatch.setattr(peer, "handle_timeout", fail)
    with pytest.raises(RuntimeError):
        net.node.handle_timeout(now=1000.0)
    net.node.handle_timeout(now=1000.0)
    assert peer.take_events() == [PeerClosed("internal_error")]
    assert other.take_events() == [PeerClosed("ice_timeout")]


def test_gives_every_peer_other_credentials() -> None:
    """Ufrags and passwords repeat neither among peers nor in their random source."""
    node = ether().node
    peers = [node.add_peer() for _ in range(50)]
    assert len({peer.ufrag for peer in peers}) == len({peer.password for peer in peers}) == 50


def test_avoids_a_tag_in_use() -> None:
    """Random bytes that repeat themselves still lead to different peers."""
    draws = iter([bytes(6), bytes(3), bytes(18), bytes(6), b"\x01" * 6, bytes(3), bytes(18)])
    node = Node(CERTIFICATE, random_bytes=lambda _: next(draws))
    assert node.add_peer().ufrag != node.add_peer().ufrag


@given(st.lists(st.tuples(st.binary(max_size=100), st.sampled_from([HOME, STRANGER]))))
def test_any_datagrams_are_survived(datagrams: list[tuple[bytes, tuple[str, int]]]) -> None:
    """Whatever arrives, from whomever, a peer that is connected goes on."""
    net = ether()
    peer, endpoint = invite(net.node)
    reflect(peer)
    net.attach(endpoint)
    net.run(0.1)
    net.detach(endpoint)
    for data, source in datagrams:
        net.inject(data, source)
    net.attach(endpoint)
    endpoint.send_rtp(rtp())
    net.exchange()
    assert endpoint.rtp == [rtp()]
