"""Ten minutes of a call over bad networks: everything is repaired, and nobody makes a storm."""

from itertools import pairwise

import pytest

from sfu.wire.rtcp import MAX_DATAGRAM_BYTES, GenericNack, PictureLoss, SenderReport
from tests.support.call import COPY, NTP_SECOND, Call
from tests.support.packets import L3T3_KEY

MINUTES = 10
WATCHED = 5
"""The place of S1T2 among the decode targets of the structure: what a wish of 360 lines gets."""


@pytest.fixture(scope="module")
def call() -> Call:
    """Three percent lost in each direction of each leg, packets overtaking each other."""
    call = Call(delay=0.03, jitter=0.012, loss=0.03)
    call.outbound.set_wish(360, now=0)
    call.run(60 * MINUTES)
    for link in call.links:
        link.loss = 0
    call.run(2)
    return call


def watched_payloads(call: Call) -> list[bytes]:
    """What a viewer of S1T2 should get, from the second second on."""
    return [
        payload
        for payload, frame in call.camera.published.items()
        if L3T3_KEY.templates[frame.template].dtis[WATCHED] != "-" and frame.picture >= 10
    ]


def test_ben_gets_every_packet_of_his_layers(call: Call) -> None:
    """Nothing is missing once he is on his layer, and nothing is there twice."""
    assert call.down.lost > 150
    assert call.up.lost > 300
    got = [payload for payload in call.screen.received.values() if payload]
    assert len(set(got)) == len(got)
    assert set(watched_payloads(call)) <= set(got)
    assert len(got) < 1.01 * len(watched_payloads(call)), "and of other layers, nearly nothing"


def test_holes_are_filled(call: Call) -> None:
    """What Ben still misses are fillers: a lost one is not sent again."""
    assert len(call.screen.missing()) < 0.03 * call.outbound.fillers + 10


def test_requests_for_packets_are_few(call: Call) -> None:
    """About one per loss, and never a storm: neither to the publisher nor from the subscriber."""
    assert call.camera.nacked < 1.5 * call.up.lost
    nacks = [packet for packet in call.ana.said() if isinstance(packet, GenericNack)]
    assert len(nacks) < 1.5 * call.up.lost
    assert call.outbound.retransmitter.packets < 2 * call.down.lost


def test_key_frames_are_asked_for_seldom(call: Call) -> None:
    """Retransmissions mend what is lost: ten minutes need no more than a few."""
    asked = [packet for packet in call.ana.said() if isinstance(packet, PictureLoss)]
    assert len(asked) <= 3
    assert call.source.key_frames.seen <= 4


def test_rtcp_costs_little(call: Call) -> None:
    """Datagrams are short, and few per second."""
    seconds = 60 * MINUTES
    for leg, most in ((call.ana, 40), (call.ben, 2)):
        assert len(leg.rtcp) / seconds < most
        assert max(len(datagram) for _, datagram in leg.rtcp) <= MAX_DATAGRAM_BYTES
        assert sum(len(datagram) for _, datagram in leg.rtcp) / seconds < 2500


def test_arrivals_are_told_truthfully(call: Call) -> None:
    """The publisher hears of nearly every number, and of about the true loss."""
    assert len(call.camera.reported) > 0.6 * 65536 or call.camera.numbers < 130_000
    lost = sum(not arrived for arrived in call.camera.reported.values())
    assert lost / len(call.camera.reported) == pytest.approx(0.03, abs=0.015)


def test_departures_are_settled(call: Call) -> None:
    """Of what Ben was sent, nearly everything is known to have arrived or not."""
    departures = call.ben.router.departures
    assert departures.sent == call.down.carried
    assert departures.arrived + departures.lost > 0.9 * departures.sent
    assert departures.lost / departures.sent == pytest.approx(0.03, abs=0.015)


def test_round_trip_is_known(call: Call) -> None:
    """From the echoes of our sender reports: two delays and their jitter."""
    assert call.ben.router.round_trip == pytest.approx(0.072, abs=0.02)
    assert call.ana.router.round_trip is None


def test_sender_reports_keep_the_publishers_clock(call: Call) -> None:
    """NTP time is Ana's, and the timestamp fits it up to one constant of the copy."""
    reports = [packet for packet in call.ben.said() if isinstance(packet, SenderReport)]
    assert 0.95 * 60 * MINUTES < len(reports) < 1.05 * 60 * MINUTES
    offsets = [
        (report.rtp_timestamp - round(report.ntp / NTP_SECOND * 90_000)) & 0xFFFFFFFF
        for report in reports
    ]
    assert max(offsets) - min(offsets) <= 2
    assert reports[-1].ntp / NTP_SECOND == pytest.approx(call.clock.now + 1000, abs=1.2)


def test_an_outage_ends() -> None:
    """Five seconds without a network: afterwards everything comes again, within a second."""
    call = Call()
    call.outbound.set_wish(360, now=0)
    call.run(10)
    call.up.loss = 1
    call.run(5)
    call.up.loss = 0
    call.run(1)
    already = set(call.screen.received)
    call.run(5)
    assert len(call.screen.received.keys() - already) >= 49
    assert set(watched_payloads(call)[-40:-2]) <= set(call.screen.received.values())


def test_a_new_encoder_goes_on_in_the_old_stream() -> None:
    """Another SSRC, other numbers and timestamps: Ben sees one stream, a little late."""
    call = Call()
    call.outbound.set_wish(360, now=0)
    call.run(10)
    old = max(call.screen.received)
    call.replace_camera(0x7777)
    call.run(10)
    numbers = sorted(call.screen.received)
    assert call.screen.missing() == []
    assert len([number for number in numbers if number > old]) >= 99
    steps = [
        (call.screen.timestamps[b] - call.screen.timestamps[a]) & 0xFFFFFFFF
        for a, b in pairwise(numbers)
    ]
    assert max(steps) < 2 * 9000, "time goes on without a jump"
    reports = [report for report in call.screen.reports if report.ntp / NTP_SECOND > 1012]
    assert len(reports) > 5, "and sender reports do"


def test_a_viewer_that_cannot_decode_does_not_spoil_the_call() -> None:
    """A PLI every 100 ms for ten minutes makes a key frame every few seconds, no more."""
    call = Call()
    call.outbound.set_wish(360, now=0)
    call.run(1)
    complaint = PictureLoss(1, COPY).encode()
    call.clock.every(0.1, lambda: call.down_back.carry(complaint))
    call.run(600)
    assert call.camera.requests <= 4 + 600 / 2.5
    assert call.ben.router.feedback.withheld > 5000


def test_a_publisher_that_cannot_answer_is_asked_ever_less() -> None:
    """No key frame for ten minutes: the requests do not become a storm (300 a minute, once)."""
    call = Call()
    call.camera.stop()
    call.run(1)
    call.outbound.set_wish(360, now=1)
    call.up_back.loss = 1
    call.run(600)
    asked = [packet for packet in call.ana.said() if isinstance(packet, PictureLoss)]
    assert 100 < len(asked) < 160
