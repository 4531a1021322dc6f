"""What a subscriber tells the server."""

from sfu.wire.rtcp import GenericNack, PictureLoss, ReceiverReport, SenderReport, parse_rtcp
from sfu.wire.transport_cc import TransportFeedback
from sfu_clients.load.path.feedback import Feedback
from tests.unit.clients.load.test_incoming import Viewer

SSRC = 0xFEED


def test_asks_for_what_is_missing_and_for_key_frames() -> None:
    """One NACK per stream with its holes, a PLI where no picture comes."""
    viewer, blind = Viewer(), Viewer()
    blind.next_picture()
    blind.watch(1)
    blind.now = viewer.now
    viewer.watch(2)
    packets = viewer.next_picture()
    viewer.receive([packets[0], packets[3], packets[5]])
    feedback = Feedback(SSRC, "name")
    (datagram,) = feedback.repairs([viewer.stream, blind.stream], now=viewer.now + 0.3)
    nack, loss = parse_rtcp(datagram)
    base = int.from_bytes(packets[0][2:4], "big")
    wanted = tuple(base + place & 0xFFFF for place in (1, 2, 4))
    assert nack == GenericNack(SSRC, viewer.stream.ssrc, wanted)
    assert loss == PictureLoss(SSRC, blind.stream.ssrc)
    assert (feedback.nacked, feedback.key_frames_asked) == (3, 1)


def test_says_nothing_when_all_is_well() -> None:
    """Neither repairs nor arrivals nor reports, before there is anything to tell."""
    viewer = Viewer()
    feedback = Feedback(SSRC, "name")
    assert list(feedback.repairs([viewer.stream], now=viewer.now)) == []
    assert list(feedback.transport_wide([viewer.stream])) == []
    assert list(feedback.reports([], [viewer.stream], now=viewer.now)) == []


def test_reports_what_it_sends_and_receives() -> None:
    """Sender reports first, then blocks for at most 31 streams in a packet."""
    viewers = [Viewer() for _ in range(33)]
    for viewer in viewers:
        viewer.watch(2)
    sent = SenderReport(0xABCD, 1, 2, 3, 4)
    told = Feedback(SSRC, "name").reports([sent], [v.stream for v in viewers], now=200.0)
    units = [unit for datagram in told for unit in parse_rtcp(datagram)]
    reports = [unit for unit in units if isinstance(unit, ReceiverReport)]
    assert units[0] == sent
    assert [len(report.blocks) for report in reports] == [31, 2]
    assert all(block.fraction_lost == 0 for report in reports for block in report.blocks)


def test_tells_arrivals_of_all_streams_together() -> None:
    """By transport-wide numbers."""
    feedback = Feedback(SSRC, "name")
    for number in (7, 8, 10):
        feedback.arrivals.note(number, now=100.0 + number / 1000)
    (datagram,) = feedback.transport_wide([])
    (told,) = parse_rtcp(datagram)
    assert isinstance(told, TransportFeedback)
    assert [told.base + offset for offset, _ in told.arrivals] == [7, 8, 10]
    assert list(feedback.transport_wide([])) == []
