"""What we say in RTCP: complete, in time, seldom, and in short datagrams."""

from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from sfu.media.alarm import NEVER, Alarm
from sfu.media.bandwidth.arrivals import Arrivals
from sfu.media.bandwidth.departures import Departures
from sfu.media.feedback import RTCP_KINDS, Feedback
from sfu.media.inbound import Drop, Inbound
from sfu.media.key_frames import KeyFrameCause
from sfu.media.packet import Packet
from sfu.media.reporter import REPORT_DELAY, REPORT_INTERVAL, Reporter
from sfu.media.source import Source, Track
from sfu.media.streams import Streams
from sfu.wire.rtcp import (
    MAX_DATAGRAM_BYTES,
    FullIntraRequest,
    GenericNack,
    PictureLoss,
    ReceiverReport,
    ReportBlock,
    RtcpPacket,
    SenderReport,
    describe,
    parse_rtcp,
)
from sfu.wire.transport_cc import TransportFeedback
from tests.support.media import IDS, RTX, VIDEO_RTX_SSRC, VIDEO_SSRC, VP8, fill, video_track
from tests.support.packets import rtp, vp8

OURS, COPY = 0x9999, 0x5555


@dataclass
class Copy:
    """An outbound stream that has sent something, or not yet."""

    source: Source
    ssrc: int = COPY
    packets: int = 10
    rtx_ssrc: int | None = None

    def sender_report(self, *, now: float) -> SenderReport | None:
        """A report that shows when it was made."""
        if not self.packets:
            return None
        return SenderReport(self.ssrc, int(now), 1, self.packets, 3)

    def receive_report(self, block: ReportBlock, *, now: float) -> float | None:
        """Never called."""
        raise AssertionError(block, now)

    def request_key_frame(self, cause: KeyFrameCause, *, now: float) -> None:
        """Never called."""
        raise AssertionError(cause, now)

    def resend(self, sequence_numbers: Sequence[int], *, now: float) -> None:
        """Never called."""
        raise AssertionError(sequence_numbers, now)


class Participant:
    """Everything that a reporter reports on, and what it said."""

    def __init__(self) -> None:
        self.sent: list[tuple[float, bytes]] = []
        self.now = 0.0
        self.alarm = Alarm()
        self.streams = Streams(
            send_request=lambda source: self.reporter.request_key_frame(source),  # noqa: PLW0108
            drops=[0] * len(Drop),
            alarm=self.alarm,
        )
        self.arrivals = Arrivals(OURS, self.alarm)
        self.feedback = Feedback(self.streams, Departures())
        self.reporter = Reporter(
            ssrc=OURS,
            cname="milkglass",
            send=lambda datagram: self.sent.append((self.now, datagram)),
            streams=self.streams,
            arrivals=self.arrivals,
            feedback=self.feedback,
            alarm=self.alarm,
        )
        self.packet = Packet()

    def publish(self, *numbers: int, track: Track | None = None, ssrc: int = VIDEO_SSRC) -> Source:
        """Publish a track of which these packets came."""
        source = self.streams.add(track or video_track(), IDS)
        for number in numbers:
            data = rtp(vp8(), sequence_number=number, ssrc=ssrc, payload_type=VP8)
            fill(self.packet, data)
            stream = self.streams.by_ssrc.get(ssrc) or self.streams.resolve(self.packet, now=0)
            assert isinstance(stream, Inbound)
            stream.receive(self.packet, now=self.now)
        return source

    def watch(self, ssrc: int = COPY, *, packets: int = 10) -> Copy:
        """Watch somebody's track."""
        copy = Copy(self.streams.add(video_track(), IDS), ssrc, packets)
        self.feedback.add(copy)
        self.reporter.name(ssrc, f"cname {ssrc}")
        return copy

    def run(self, until: float) -> list[RtcpPacket]:
        """Wake it whenever it wants to be, and return what it said."""
        self.sent.clear()
        while self.alarm.at <= until:
            self.now, self.alarm.at = self.alarm.at, NEVER
            self.reporter.handle_timeout(now=self.now)
        self.now = until
        return [packet for _, datagram in self.sent for packet in parse_rtcp(datagram)]


def test_says_nothing_without_reason() -> None:
    """A participant without streams is told nothing and wakes nobody."""
    participant = Participant()
    participant.reporter.handle_timeout(now=0)
    assert participant.alarm.at == NEVER
    participant.reporter.report_soon(now=0)
    assert participant.run(60) == []
    assert participant.alarm.at == NEVER


def test_reports_every_second() -> None:
    """All streams in one compound, first shortly after they begin, then every second."""
    participant = Participant()
    participant.publish(1, 2, 4, track=video_track(nack=False))
    participant.watch()
    participant.reporter.report_soon(now=0)
    participant.reporter.report_soon(now=0.05)
    said = participant.run(REPORT_DELAY)
    assert [moment for moment, _ in participant.sent] == [REPORT_DELAY]
    receiver, sender = said[0], said[1]
    assert isinstance(receiver, ReceiverReport)
    assert (receiver.ssrc, receiver.blocks[0].ssrc, receiver.blocks[0].lost) == (
        OURS,
        VIDEO_SSRC,
        1,
    )
    assert isinstance(sender, SenderReport)
    assert (sender.ssrc, sender.packets) == (COPY, 10)
    participant.run(10.05)
    assert participant.reporter.sent["rr"] == 10 / REPORT_INTERVAL
    assert participant.reporter.sent["sr"] == participant.reporter.sent["rr"]


def test_names_every_source() -> None:
    """A compound has the CNAME of whoever reports (RFC 3550 section 6.1)."""
    participant = Participant()
    participant.publish(1)
    participant.watch()
    participant.reporter.report_soon(now=0)
    participant.run(REPORT_DELAY)
    ((_, datagram),) = participant.sent
    assert describe(OURS, "milkglass") in datagram
    assert describe(COPY, f"cname {COPY}") in datagram


def test_a_copy_that_sent_nothing_has_no_report() -> None:
    """Nor one without a clock; and a viewer without streams of their own gets no RR."""
    participant = Participant()
    copy = participant.watch(packets=0)
    participant.reporter.report_soon(now=0)
    assert participant.run(1.05) == []
    copy.packets = 1
    assert [type(packet) for packet in participant.run(2.05)] == [SenderReport]


def test_rtx_streams_get_no_block() -> None:
    """Their packets are counted where they belong."""
    participant = Participant()
    participant.publish(1, 2)
    data = rtp(b"\0\1", ssrc=VIDEO_RTX_SSRC, payload_type=RTX)
    participant.streams.resolve(fill(participant.packet, data), now=0)
    participant.reporter.report_soon(now=0)
    (report,) = participant.run(REPORT_DELAY)
    assert isinstance(report, ReceiverReport)
    assert [block.ssrc for block in report.blocks] == [VIDEO_SSRC]


def test_a_large_room_fits_its_datagrams() -> None:
    """Fifty copies and forty streams: each datagram is short and begins with a report."""
    participant = Participant()
    for place in range(40):
        track = video_track(f"v{place}", ssrcs=(100 + place,), rtx_of={})
        participant.publish(1, track=track, ssrc=100 + place)
        participant.watch(1000 + place)
    participant.reporter.report_soon(now=0)
    said = participant.run(REPORT_DELAY)
    reports = [packet for packet in said if isinstance(packet, ReceiverReport)]
    assert [len(report.blocks) for report in reports] == [31, 9]
    assert sum(isinstance(packet, SenderReport) for packet in said) == 40
    for _, datagram in participant.sent:
        assert len(datagram) <= MAX_DATAGRAM_BYTES
        assert datagram[1] in (200, 201)
    assert participant.reporter.datagrams == len(participant.sent)
    assert participant.reporter.bytes == sum(len(datagram) for _, datagram in participant.sent)


def test_asks_for_missing_packets() -> None:
    """After the wait for reordering, in 16-bit numbers; again after a round trip."""
    participant = Participant()
    participant.publish(65534, 2)
    assert participant.run(0.01) == [GenericNack(OURS, VIDEO_SSRC, (65535, 0, 1))]
    participant.feedback.round_trip = 0.03
    assert len(participant.run(0.109)) == 0, "100 ms were assumed when it was asked"
    assert len(participant.run(0.170)) == 3
    assert participant.reporter.sent["nack"] == 4


def test_many_missing_packets_take_several_requests() -> None:
    """No NACK is longer than a datagram."""
    participant = Participant()
    participant.publish(1, *range(3, 800, 2))
    requests = participant.run(0.01)
    assert all(isinstance(request, GenericNack) for request in requests)
    assert sum(len(request.lost) for request in requests if isinstance(request, GenericNack)) == 399
    assert len(requests) == 2
    assert all(len(datagram) <= MAX_DATAGRAM_BYTES for _, datagram in participant.sent)


def test_tells_of_arrivals() -> None:
    """Transport-wide feedback goes out when it is due."""
    participant = Participant()
    participant.arrivals.note(5, now=0)
    (feedback,) = participant.run(0.05)
    assert isinstance(feedback, TransportFeedback)
    assert (feedback.sender_ssrc, feedback.base) == (OURS, 5)
    assert participant.reporter.sent["transport_cc"] == 1


@pytest.mark.parametrize(
    ("pli", "fir", "expected"),
    [
        pytest.param(True, False, [PictureLoss(OURS, VIDEO_SSRC)] * 2, id="PLI"),
        pytest.param(True, True, [PictureLoss(OURS, VIDEO_SSRC)] * 2, id="PLI rather than FIR"),
        pytest.param(
            False,
            True,
            [FullIntraRequest(OURS, ((VIDEO_SSRC, number),)) for number in (1, 2)],
            id="FIR, each a new command",
        ),
        pytest.param(False, False, [], id="neither"),
    ],
)
def test_asks_for_key_frames_as_negotiated(
    *, pli: bool, fir: bool, expected: list[RtcpPacket]
) -> None:
    """At once, in a datagram of its own."""
    participant = Participant()
    source = participant.publish(1, track=video_track(pli=pli, fir=fir))
    heard = [participant.reporter.request_key_frame(source) for _ in range(2)]
    assert [packet for _, data in participant.sent for packet in parse_rtcp(data)] == expected
    assert heard == [bool(expected)] * 2


def test_cannot_ask_a_stream_that_has_not_begun() -> None:
    """It has no SSRC yet."""
    participant = Participant()
    assert participant.reporter.request_key_frame(participant.publish()) is False
    assert participant.sent == []


def test_forgets_names() -> None:
    """A copy that ended is not described any more."""
    participant = Participant()
    copy = participant.watch()
    participant.feedback.remove(copy)
    participant.reporter.forget(COPY)
    participant.reporter.report_soon(now=0)
    assert participant.run(5) == []
    assert tuple(participant.reporter.sent) == RTCP_KINDS
