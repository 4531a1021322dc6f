"""Offers, answered and put into effect: transports, publications and copies."""

import tracemalloc

import pytest

from sfu.rooms.participant import MAX_PUBLICATIONS
from sfu.signalling.lobby import Lobby
from sfu.signalling.session import Session
from sfu.wire.rtp import RtpView, parse_rtp
from tests.support.hall import Hall
from tests.support.packets import rtp, vp8
from tests.support.visitor import VP8, Visitor

CANDIDATE = "u0 1 udp 1 127.0.0.1 10000 typ host"


class House:
    """A hall with a door for visitors."""

    def __init__(self) -> None:
        self.hall = Hall()
        self.lobby = Lobby(
            self.hall.directory, self.hall.node, candidates=lambda: (CANDIDATE,), verify=None
        )
        self._visitors = 0

    def visitor(self, name: str = "Ana") -> Visitor:
        """Somebody who has joined."""
        self._visitors += 1
        address = (f"198.51.100.{self._visitors}", 40_000)
        visitor = Visitor(self.hall, Session(self.lobby), address=address)
        visitor.join(name=name)
        return visitor


@pytest.fixture
def house() -> House:
    return House()


def connected(visitor: Visitor) -> bool:
    visitor.exchange()
    return visitor.endpoint is not None and visitor.endpoint.connected


def publication_of(visitor: Visitor, kind: str = "video") -> str:
    """The identifier that the server gave to what the visitor publishes."""
    room = visitor.hall.directory.rooms["hall"]
    (found,) = (
        p.id for p in room.publications.values() if p.owner.id == visitor.ident and p.kind == kind
    )
    return found


def key_frame(visitor: Visitor, number: int) -> bytes:
    return rtp(
        vp8(key_frame=True, picture_id=number),
        sequence_number=number,
        ssrc=visitor.ssrc_of(0),
        payload_type=VP8,
        marker=True,
    )


def ssrcs(visitor: Visitor) -> list[int]:
    view = RtpView()
    found = []
    for packet in visitor.received:
        parse_rtp(packet, len(packet), view)
        found.append(view.ssrc)
    return found


def test_media_flows_from_offer_to_offer(house: House) -> None:
    """Who publishes and who watches connect by what the answers say, and a picture crosses."""
    ana, ben = house.visitor("Ana"), house.visitor("Ben")
    ana.offer(["video", "audio"])
    camera = publication_of(ana)
    ben.offer(receive=[("video", camera)])
    assert connected(ana)
    assert connected(ben)
    ana.send([key_frame(ana, 1)])
    ben.exchange()
    assert ssrcs(ben) == [ben.ssrcs[camera]]


def test_another_offer_over_the_same_transport_keeps_it(house: House) -> None:
    """Copies keep their SSRC, and the handshake is not done again."""
    ana, ben = house.visitor("Ana"), house.visitor("Ben")
    ana.offer(["video", "audio"])
    camera, microphone = publication_of(ana), publication_of(ana, "audio")
    ben.offer(receive=[("video", camera)])
    assert connected(ben)
    before = ben.ssrcs[camera]
    ben.offer(receive=[("video", camera), ("audio", microphone)])
    assert ben.ssrcs[camera] == before
    assert house.hall.node.handshakes == {("connected", "SRTP_AEAD_AES_128_GCM"): 1}


def test_a_restart_of_ice_keeps_keys_and_copies(house: House) -> None:
    """New credentials on both sides; media goes on over the old association."""
    ana, ben = house.visitor("Ana"), house.visitor("Ben")
    ana.offer(["video"])
    camera = publication_of(ana)
    ben.offer(receive=[("video", camera)])
    assert connected(ana)
    assert connected(ben)
    before = ben.offer(receive=[("video", camera)])["sdp"]
    ben.restart_ice()
    after = ben.offer(receive=[("video", camera)])["sdp"]
    assert _line("a=ice-ufrag", before) != _line("a=ice-ufrag", after)
    ben.address = ("203.0.113.9", 50_000)
    house.hall.now += 3
    ben.exchange()
    ana.send([key_frame(ana, 1)])
    ben.exchange()
    assert ssrcs(ben) == [ben.ssrcs[camera]]
    assert sum(house.hall.node.handshakes.values()) == 2


def _line(start: str, sdp: str) -> str:
    return next(line for line in sdp.splitlines() if line.startswith(start))


def test_a_reloaded_page_gets_a_new_transport_and_keeps_its_publications(house: House) -> None:
    """The old transport is closed at once; who watches sees the same publication go on."""
    ana, ben = house.visitor("Ana"), house.visitor("Ben")
    ana.offer(["video"])
    camera = publication_of(ana)
    ben.offer(receive=[("video", camera)])
    assert connected(ana)
    assert connected(ben)
    ana.send([key_frame(ana, 1)])
    ana.renew()
    ana.address = ("198.51.100.200", 41_000)
    ana.offer(["video"])
    assert publication_of(ana) == camera
    assert len(house.hall.node.peers) == 2
    assert connected(ana)
    ana.send([key_frame(ana, 500)])
    ben.exchange()
    assert ssrcs(ben) == [ben.ssrcs[camera]] * 2


def test_a_transport_that_was_closed_does_not_come_back(house: House) -> None:
    """Its keys are gone: the page is told to open another one, which then works."""
    ana = house.visitor()
    ana.offer(["video"])
    assert connected(ana)
    (peer,) = house.hall.node.peers
    peer.close(reason="consent_expired")
    house.hall.pass_time(0.2)
    assert ana.offer(["video"])["code"] == "transport-closed"
    ana.renew()
    ana.address = ("198.51.100.201", 41_000)
    assert ana.offer(["video"])["type"] == "answer"
    assert connected(ana)


def test_a_publication_that_has_ended_is_noted(house: House) -> None:
    """An offer may cross the end of what it wants to watch: the rest is served."""
    ana = house.visitor()
    answer = ana.offer(["audio"], receive=[("video", "0123456789ab")])
    assert [(note["mid"], note["code"]) for note in answer["notes"]] == [("1", "ended")]


def test_a_refused_offer_leaves_nothing_behind(house: House) -> None:
    """No transport, no publication; and the next one is served."""
    ana = house.visitor()
    problem = ana.offer(["audio"] * (MAX_PUBLICATIONS + 1))
    assert problem["code"] == "too-many-tracks"
    assert house.hall.node.peers == ()
    assert house.hall.directory.rooms["hall"].publications == {}
    assert ana.offer(["audio"])["type"] == "answer"


def test_refused_offers_add_up_to_nothing(house: House) -> None:
    """Nobody fills the memory by asking again and again for what cannot be."""
    ana, ben = house.visitor("Ana"), house.visitor("Ben")
    ana.offer(["video"])
    empty = "v=0\r\no=- 7 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"
    video = publication_of(ana)
    tracemalloc.start()
    for number in range(100):
        receive = [{"mid": f"{number}-{mid}", "publication": video} for mid in range(200)]
        (problem,) = (
            answer
            for answer in ben.say("offer", id=1, sdp=empty, publish=[], receive=receive)
            if answer["type"] == "problem"
        )
        assert problem["code"] == "empty-offer"
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept < 500_000


def test_leaving_closes_the_transport(house: House) -> None:
    """With a goodbye by DTLS."""
    ana = house.visitor()
    ana.offer(["audio"])
    assert connected(ana)
    ana.say("leave")
    assert house.hall.node.peers == ()
    ana.exchange()
    assert not connected(ana)


def test_a_restarted_stream_is_not_mixed_with_the_one_before(house: House) -> None:
    """Unpublishing and publishing again on the same m-line is another publication."""
    ana = house.visitor()
    ana.offer(["video", "audio"])
    before = publication_of(ana)
    ana.offer(["audio"])
    ana.offer(["video", "audio"])
    assert publication_of(ana) != before
