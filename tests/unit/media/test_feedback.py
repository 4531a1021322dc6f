"""RTCP that comes in reaches the stream that it is about, and no other."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from sfu.media.alarm import Alarm
from sfu.media.bandwidth.departures import Departures
from sfu.media.feedback import RTCP_KINDS, Feedback
from sfu.media.inbound import Drop
from sfu.media.key_frames import KeyFrameCause
from sfu.media.packet import Packet
from sfu.media.source import Source
from sfu.media.streams import Streams
from sfu.wire.rtcp import (
    FullIntraRequest,
    GenericNack,
    PictureLoss,
    ReceiverReport,
    ReportBlock,
    SenderReport,
)
from sfu.wire.transport_cc import TransportFeedback
from tests.support.media import IDS, VIDEO_SSRC, PublishedTrack, fill, video_track
from tests.support.packets import rtp, vp8

COPY, COPY_RTX = 0x5555, 0x6666


@dataclass
class Copy:
    """An outbound stream that takes notes."""

    source: Source
    ssrc: int = COPY
    rtx_ssrc: int | None = COPY_RTX
    resent: list[tuple[int, ...]] = field(default_factory=list)
    blocks: list[ReportBlock] = field(default_factory=list)
    round_trip: float | None = None

    def resend(self, numbers: Sequence[int], *, now: float) -> None:
        """Write down."""
        del now
        self.resent.append(tuple(numbers))

    def request_key_frame(self, cause: KeyFrameCause, *, now: float) -> None:
        """Pass on."""
        self.source.request_key_frame(cause, now=now)

    def receive_report(self, block: ReportBlock, *, now: float) -> float | None:
        """Write down."""
        del now
        self.blocks.append(block)
        return self.round_trip

    def sender_report(self, *, now: float) -> None:
        """Never asked for."""
        raise AssertionError(now)


class Participant:
    """Publishes a video track, and watches somebody else's."""

    def __init__(self) -> None:
        self.drops = [0] * len(Drop)
        self.streams = Streams(send_request=lambda _: True, drops=self.drops, alarm=Alarm())
        self.own = self.streams.add(video_track(), IDS)
        self.departures = Departures()
        self.feedback = Feedback(self.streams, self.departures)
        self.watched = PublishedTrack(video_track("w"))
        self.copy = Copy(self.watched.source)
        self.feedback.add(self.copy)

    def receive(self, *packets: bytes, now: float = 0.0) -> None:
        """Receive a compound."""
        self.feedback.receive(b"".join(packets), now=now)

    def counted(self) -> dict[str, int]:
        """Kinds that occurred."""
        return {kind: count for kind, count in self.feedback.received.items() if count}


def block(ssrc: int = COPY) -> ReportBlock:
    return ReportBlock(ssrc, 0, 0, 0, 0, 0, 0)


def test_sender_reports_set_the_clock_of_their_stream() -> None:
    """A report of a stream that has not begun says nothing yet."""
    participant = Participant()
    report = SenderReport(VIDEO_SSRC, 1 << 32, 90_000, 0, 0)
    participant.receive(report.encode(), now=5)
    assert participant.own.clock.at(now=5) is None
    packet = fill(Packet(), rtp(vp8(), ssrc=VIDEO_SSRC))
    participant.streams.resolve(packet, now=5)
    participant.receive(report.encode(), now=5)
    assert participant.own.clock.at(now=5) == (1 << 32, 90_000)
    assert participant.counted() == {"sr": 2}


@pytest.mark.parametrize(
    "report",
    [
        pytest.param(ReceiverReport(1, (block(), block(9))), id="RR"),
        pytest.param(SenderReport(VIDEO_SSRC, 0, 0, 0, 0, (block(), block(9))), id="SR"),
    ],
)
def test_blocks_reach_the_copy_they_are_about(report: ReceiverReport | SenderReport) -> None:
    """Whether the participant sends something or not; blocks about strangers are counted."""
    participant = Participant()
    participant.receive(report.encode())
    assert participant.copy.blocks == [block()]
    assert participant.feedback.unknown == 1


def test_blocks_about_retransmissions_are_passed_over() -> None:
    """Chromium reports on RTX streams too: they are no strangers, and no copies."""
    participant = Participant()
    participant.receive(ReceiverReport(1, (block(COPY_RTX), block())).encode())
    assert participant.copy.blocks == [block()]
    assert participant.feedback.unknown == 0
    participant.feedback.remove(participant.copy)
    participant.receive(ReceiverReport(1, (block(COPY_RTX),)).encode())
    assert participant.feedback.unknown == 1


def test_round_trips_are_smoothed() -> None:
    """The first is believed, later ones move it by an eighth; no echo moves nothing."""
    participant = Participant()
    seen = []
    for round_trip in (None, 0.1, 0.5, None):
        participant.copy.round_trip = round_trip
        participant.receive(ReceiverReport(1, (block(),)).encode())
        seen.append(participant.feedback.round_trip)
    assert seen == pytest.approx([0, 0.1, 0.15, 0.15])


def test_nacks_are_answered_by_the_copy() -> None:
    """By the one whose SSRC it names."""
    participant = Participant()
    participant.receive(GenericNack(1, COPY, (5, 6)).encode(), GenericNack(1, 9, (7,)).encode())
    assert participant.copy.resent == [(5, 6)]
    assert participant.feedback.unknown == 1
    assert participant.counted() == {"nack": 2}


@pytest.mark.parametrize(
    ("request_", "cause", "kind"),
    [
        pytest.param(PictureLoss(1, COPY), KeyFrameCause.RECEIVER_PLI, "pli", id="PLI"),
        pytest.param(
            FullIntraRequest(1, ((COPY, 1),)), KeyFrameCause.RECEIVER_FIR, "fir", id="FIR"
        ),
    ],
)
def test_requests_for_key_frames_reach_the_publisher(
    request_: PictureLoss | FullIntraRequest, cause: KeyFrameCause, kind: str
) -> None:
    """With their cause."""
    participant = Participant()
    participant.receive(request_.encode())
    assert participant.watched.source.key_frames.asked[cause] == 1
    assert participant.watched.requests == 1
    assert participant.counted() == {kind: 1}


def test_requests_about_strangers_reach_nobody() -> None:
    """Nobody can ask the publishers of others for key frames."""
    participant = Participant()
    participant.receive(PictureLoss(1, 9).encode(), FullIntraRequest(1, ((9, 1),)).encode())
    assert participant.watched.requests == 0
    assert participant.feedback.unknown == 2


def test_one_receiver_cannot_ask_without_end() -> None:
    """Ten minutes of a PLI every 10 ms are some requests, then one every 2.5 s."""
    participant = Participant()
    for step in range(60_000):
        participant.receive(PictureLoss(1, COPY).encode(), now=step / 100)
        participant.watched.source.key_frames.note_key_frame(1)
    assert participant.watched.requests <= 4 + 600 / 2.5
    assert participant.feedback.withheld > 59_000


def test_estimates_are_remembered() -> None:
    """The last REMB counts."""
    participant = Participant()
    assert participant.feedback.bitrate_limit is None
    participant.receive(bytes.fromhex("8fce0004 00000001 00000000 52454d42 00000bb8"))
    assert participant.feedback.bitrate_limit == 3000
    assert participant.counted() == {"remb": 1}


def test_transport_feedback_settles_departures() -> None:
    """What a subscriber says about arrival reaches the numbers that were given out."""
    participant = Participant()
    participant.departures.next_number(10, now=0)
    participant.receive(TransportFeedback(1, 2, 0, 1, 0, 0, ((0, 0),)).encode(), now=1)
    assert participant.departures.arrived == 1
    assert participant.counted() == {"transport_cc": 1}


def test_a_goodbye_changes_nothing() -> None:
    """Signalling ends tracks."""
    participant = Participant()
    participant.receive(bytes.fromhex("81cb0001") + COPY.to_bytes(4, "big"))
    assert participant.counted() == {"bye": 1}
    assert COPY in participant.feedback.outbounds


def test_malformed_datagrams_say_nothing_at_all() -> None:
    """Not even what comes before the broken packet."""
    participant = Participant()
    participant.receive(PictureLoss(1, COPY).encode(), b"\x80")
    assert participant.feedback.malformed == 1
    assert participant.counted() == {}
    assert participant.watched.requests == 0


def test_a_removed_copy_is_a_stranger() -> None:
    """Nothing leads to it any more."""
    participant = Participant()
    participant.feedback.remove(participant.copy)
    participant.receive(PictureLoss(1, COPY).encode(), GenericNack(1, COPY, (1,)).encode())
    assert participant.feedback.unknown == 2
    assert participant.feedback.outbounds == {}


def test_every_kind_is_counted() -> None:
    """The kinds are the metric labels, whether they occurred or not."""
    assert tuple(Participant().feedback.received) == RTCP_KINDS
