"""A router: packets of a participant reach those who watch, and what they say reaches it."""

import pytest

from sfu.media.bandwidth.arrivals import INTERVAL
from sfu.media.codec import Codec
from sfu.media.inbound import Drop
from sfu.media.key_frames import KeyFrameCause
from sfu.media.outbound import Outbound
from sfu.media.reporter import REPORT_DELAY
from sfu.media.router import Router
from sfu.media.sink import SLOT_BYTES
from sfu.media.source import Source
from sfu.wire.extensions import Extension, ExtensionIds
from sfu.wire.rtcp import PictureLoss, ReceiverReport, ReportBlock, RtcpPacket, parse_rtcp
from sfu.wire.rtp import RtpView, parse_rtp
from sfu.wire.transport_cc import TransportFeedback
from tests.support.media import AUDIO_SSRC, IDS, OPUS, VIDEO_SSRC, audio_track, video_track
from tests.support.packets import rtp, vp8

COPY, COPY_RTX = 0x5555, 0x6666
TRANSPORT_CC = 3


class Leg:
    """One participant's router, with what it sends."""

    def __init__(self, ssrc: int = 0x9999) -> None:
        self.media: list[bytes] = []
        self.rtcp: list[RtcpPacket] = []
        self._slot = bytearray(SLOT_BYTES)
        self.router = Router(sink=self, send_rtcp=self.send_rtcp, ssrc=ssrc, cname="milkglass")
        self.router.set_extensions(IDS)

    def slot(self) -> bytearray:
        return self._slot

    def commit(self, length: int) -> None:
        self.media.append(bytes(self._slot[:length]))

    def send_rtcp(self, data: bytes) -> None:
        self.rtcp += parse_rtcp(data)

    def watch(self, source: Source, ssrc: int = COPY) -> Outbound:
        outbound = self.router.subscribe(
            source,
            ssrc=ssrc,
            rtx_ssrc=ssrc + 1,
            payload_types={Codec.VP8: (100, 101), Codec.OPUS: (110, None)},
            extension_ids=ExtensionIds({Extension.TRANSPORT_CC: 5, Extension.MID: 6}),
            mid="7",
            cname="ana",
            start_sequence=1,
            rtx_start_sequence=1,
            now=0,
        )
        outbound.set_wish(180, now=0)
        return outbound


def opus(number: int, *, transport: int | None = None) -> bytes:
    extensions = None if transport is None else {TRANSPORT_CC: transport.to_bytes(2, "big")}
    return rtp(
        b"opus", sequence_number=number, ssrc=AUDIO_SSRC, payload_type=OPUS, extensions=extensions
    )


def numbers(feedback: RtcpPacket) -> list[int]:
    assert isinstance(feedback, TransportFeedback)
    return [feedback.base + offset for offset, _ in feedback.arrivals]


def test_packets_reach_everybody_who_watches() -> None:
    """Each viewer gets a copy under the SSRC and payload type that were chosen for them."""
    ana, ben, chi = Leg(), Leg(), Leg()
    source = ana.router.publish(audio_track())
    ben.watch(source, COPY)
    chi.watch(source, COPY + 10)
    for number in (1, 2):
        ana.router.receive_rtp(opus(number), now=0)
    for leg, ssrc in ((ben, COPY), (chi, COPY + 10)):
        view = RtpView()
        parse_rtp(leg.media[-1], len(leg.media[-1]), view)
        assert (view.ssrc, view.payload_type) == (ssrc, 110)
        assert leg.media[-1][view.payload_offset :] == b"opus"
        assert len(leg.media) == 2
    assert ana.media == []
    assert ana.router.packets == 2


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"\x80", id="half a header"),
        pytest.param(rtp(extensions={1: b"long"})[:16] + b"\x1f\x00\x00\x00", id="extensions"),
    ],
)
def test_malformed_packets_are_counted(data: bytes) -> None:
    """Garbage from a participant reaches nobody and disturbs nothing."""
    ana = Leg()
    ana.router.publish(audio_track())
    ana.router.receive_rtp(data, now=0)
    assert ana.router.drops[Drop.MALFORMED] == 1
    ana.router.receive_rtp(opus(1), now=0)
    assert ana.router.drops[Drop.MALFORMED] == 1
    assert sum(ana.router.drops) == 1


def test_every_arrival_is_told_of() -> None:
    """Transport-wide numbers count before duplicates and strangers are dropped."""
    ana = Leg()
    ana.router.publish(audio_track())
    stranger = rtp(ssrc=1, payload_type=50, extensions={TRANSPORT_CC: b"\0\7"})
    for data in (opus(1, transport=5), opus(1, transport=6), stranger, opus(2), opus(3)):
        ana.router.receive_rtp(data, now=0)
    half_a_number = rtp(ssrc=AUDIO_SSRC, payload_type=OPUS, extensions={TRANSPORT_CC: b"\0"})
    ana.router.receive_rtp(half_a_number, now=0)
    assert ana.router.next_timeout() == INTERVAL
    ana.router.handle_timeout(now=INTERVAL)
    assert [numbers(feedback) for feedback in ana.rtcp] == [[5, 6, 7]]
    feedback = ana.rtcp[0]
    assert isinstance(feedback, TransportFeedback)
    assert feedback.media_ssrc == AUDIO_SSRC


def test_a_new_transport_counts_anew() -> None:
    """A page that was reloaded begins at one again: these are not packets told of before."""
    ana = Leg()
    ana.router.publish(audio_track())
    for number in range(1, 9):
        ana.router.receive_rtp(opus(number, transport=number), now=0)
    ana.router.handle_timeout(now=INTERVAL)
    ana.router.receive_rtp(opus(9, transport=9), now=1)
    ana.router.attach(ana, ana.send_rtcp)
    ana.rtcp.clear()
    for number in range(1, 4):
        ana.router.receive_rtp(opus(10 + number, transport=number), now=2)
    ana.router.handle_timeout(now=3)
    feedback = [packet for packet in ana.rtcp if isinstance(packet, TransportFeedback)]
    assert [numbers(packet) for packet in feedback] == [[1, 2, 3]]


def test_sleeps_without_work() -> None:
    """A router that has nothing to say needs no timer."""
    ana = Leg()
    assert ana.router.next_timeout() is None
    ana.router.receive_rtp(opus(1), now=5)
    assert ana.router.next_timeout() is None, "nobody claims it"
    ana.router.publish(audio_track())
    ana.router.receive_rtp(opus(1), now=5)
    assert ana.router.next_timeout() == 5 + REPORT_DELAY


def test_a_viewer_wants_a_timer_too() -> None:
    """For sender reports."""
    ana, ben = Leg(), Leg()
    ben.watch(ana.router.publish(audio_track()))
    assert ben.router.next_timeout() == REPORT_DELAY


def test_a_viewers_request_reaches_the_publisher_at_once() -> None:
    """Through the viewer's router to the publisher's, which repeats it until it is answered."""
    ana, ben = Leg(), Leg()
    source = ana.router.publish(video_track())
    ben.watch(source)
    ana.router.receive_rtp(rtp(vp8(key_frame=True), ssrc=VIDEO_SSRC), now=0)
    ana.rtcp.clear()
    ben.router.receive_rtcp(PictureLoss(1, COPY).encode(), now=1)
    assert source.key_frames.asked[KeyFrameCause.RECEIVER_PLI] == 1
    assert ana.rtcp == [PictureLoss(0x9999, VIDEO_SSRC)]
    for _ in range(10):
        moment = ana.router.next_timeout()
        assert moment is not None
        ana.router.handle_timeout(now=moment)
    requests = [packet for packet in ana.rtcp if isinstance(packet, PictureLoss)]
    assert len(requests) > 3


def test_round_trip_is_unknown_before_the_first_echo() -> None:
    """Blocks that echo nothing tell nothing."""
    ana, ben = Leg(), Leg()
    ben.watch(ana.router.publish(audio_track()))
    report = ReceiverReport(1, (ReportBlock(COPY, 0, 0, 0, 0, 0, 0),))
    ben.router.receive_rtcp(report.encode(), now=1)
    assert ben.router.round_trip is None
    ben.router.feedback.round_trip = 0.25
    assert ben.router.round_trip == 0.25


def test_new_extension_ids_are_for_all_tracks() -> None:
    """What is stored must be read with the ids of its publisher."""
    ana = Leg()
    source = ana.router.publish(video_track())
    ids = ExtensionIds({Extension.TRANSPORT_CC: 9})
    ana.router.set_extensions(ids)
    assert source.extension_ids is ids
    assert ana.router.publish(audio_track()).extension_ids is ids


def test_negotiating_again_updates_the_track() -> None:
    """The router knows a track by its last negotiation."""
    ana = Leg()
    source = ana.router.publish(audio_track())
    ana.router.update(source, audio_track(ssrcs=(77,)))
    assert source.track.ssrcs == (77,)


def test_nothing_is_left_behind() -> None:
    """After unpublishing and unsubscribing, no packet and no report leads anywhere."""
    ana, ben = Leg(), Leg()
    source = ana.router.publish(audio_track())
    outbound = ben.watch(source)
    ana.router.receive_rtp(opus(1), now=0)
    ben.router.unsubscribe(outbound)
    assert source.outbounds == []
    ana.router.receive_rtp(opus(2), now=0)
    assert len(ben.media) == 1
    ana.router.unpublish(source)
    ana.router.receive_rtp(opus(3), now=0)
    assert ana.router.drops[Drop.UNKNOWN_STREAM] == 1
    for leg in (ana, ben):
        leg.rtcp.clear()
        leg.router.handle_timeout(now=99)
        assert leg.rtcp == []
        assert leg.router.next_timeout() is None
