"""One subscriber's copy: every packet has a fate, and whatever the source does, it goes on."""

from itertools import pairwise

import pytest

from sfu.media.codec import Codec
from sfu.media.key_frames import KeyFrameCause
from sfu.media.packet import Packet
from sfu.media.retransmission import Answer
from sfu.media.rewriter import WINDOW
from sfu.media.selector import Direction, SwitchReason, Verdict
from sfu.wire.extensions import FoundExtensions, find_extensions
from sfu.wire.payload.tag import target_bit
from sfu.wire.rtcp import ReportBlock, SenderReport
from sfu.wire.rtp import MAX_PACKET_BYTES, RtpView, parse_rtp
from tests.support.encoders import Publisher, one_two_three
from tests.support.media import fill
from tests.support.streams import VIDEO, opus, publisher, successor
from tests.support.viewer import COPY, COPY_IDS, COPY_RTX, COPY_RTX_TYPE, Copy, Watch, judge

NTP = 1 << 32


def numbers(copies: list[Copy]) -> list[int]:
    """Their numbers, counted from the first."""
    return [copy.number - copies[0].number for copy in copies]


def picture_ids(copies: list[Copy]) -> list[int]:
    """The 15-bit VP8 picture ids that the viewer saw."""
    return [int.from_bytes(copy.payload[2:4], "big") & 0x7FFF for copy in copies]


def test_every_packet_has_one_fate() -> None:
    """And all of them together are all that came."""
    watch = Watch(publisher("VP9 L3T3_KEY, described"), lines=None)
    watch.pictures(3)
    watch.wish(360)
    watch.source.key_frames.note_key_frame(1)  # the request is lost on its way
    watch.publisher.next_picture()
    fates = [watch.verdicts()]
    watch.picture(key=True)
    watch.pictures(3)
    watch.receive(watch.publisher.padding()[1])
    fates.append(watch.verdicts())
    assert fates == [
        {Verdict.OFF: 9},
        {
            Verdict.OFF: 9,
            Verdict.FORWARDED: 5,
            Verdict.NOT_NEEDED: 3,
            Verdict.ABOVE_TARGET_LAYER: 4,
            Verdict.PADDING_ONLY: 1,
        },
    ]


def test_a_codec_that_was_not_negotiated_is_not_sent() -> None:
    """And nobody is asked for a key frame of it; another codec on the same track is."""
    watch = Watch(publisher("VP8, one layer"), without=Codec.VP8)
    watch.pictures(3)
    assert watch.verdicts() == {Verdict.CODEC_NOT_NEGOTIATED: 3}
    old = watch.publisher
    watch.publisher = Publisher(VIDEO["H.264"](one_two_three), first_number=old.number + 1)
    watch.pictures(3)
    assert watch.verdicts() == {Verdict.CODEC_NOT_NEGOTIATED: 3, Verdict.FORWARDED: 3}
    assert judge(watch.copies).flawless


def test_padding_leaves_no_holes() -> None:
    """Publishers probe with it; a lost packet may have been padding, which then fills its hole."""
    watch = Watch(publisher("VP8, one layer"))
    watch.picture()
    watch.receive(watch.publisher.padding()[1])
    watch.picture()
    late = watch.publisher.padding()[1]
    watch.picture()
    assert numbers(watch.copies) == [0, 1, 3]
    watch.receive(late)
    assert numbers(watch.copies) == [0, 1, 3, 2]
    assert watch.copies[-1].frame is None
    assert watch.outbound.fillers == 1
    assert picture_ids(watch.copies[:3]) == [0x7FF0, 0x7FF1, 0x7FF2]


def test_what_is_late_but_not_wanted_is_replaced_by_nothing() -> None:
    """The viewer takes its number for lost and would ask for it: an empty packet ends that."""
    watch = Watch(publisher("VP9 L3T3_KEY, described"), lines=180)
    watch.picture()
    lost = watch.picture(lose=[0, 1, 2])
    watch.picture()
    assert judge(watch.copies).holes == [watch.copies[0].number + place for place in (1, 2, 3)]
    for _, data in reversed(lost):
        watch.receive(data)
    assert judge(watch.copies).flawless
    assert [copy.frame is None for copy in watch.copies] == [False, False, True, True, False]
    assert watch.outbound.fillers == 2


def test_for_what_is_too_late_no_number_is_left() -> None:
    """Up to 1024 packets late it is sent after all; what nothing was left for is not."""
    watch = Watch(publisher("VP8, one layer"))
    watch.picture()
    [(_, late)] = watch.picture(lose=[0])
    watch.pictures(WINDOW - 2)
    watch.receive(late)
    assert judge(watch.copies).flawless
    packet = fill(Packet(), late)
    packet.codec, packet.sequence = Codec.VP8, watch.inbound.highest - WINDOW
    packet.prepare()
    packet.tag.frame, packet.tag.needed_by = 1 << 40, target_bit(0, 0)
    assert watch.outbound.offer(packet, now=watch.now) is Verdict.TOO_LATE
    assert watch.verdicts() == {Verdict.FORWARDED: WINDOW, Verdict.TOO_LATE: 1}


def test_what_fits_no_datagram_leaves_a_hole() -> None:
    """With our extensions it is longer than it was: a loss like any other."""
    watch = Watch(publisher("VP8, one layer"))
    watch.picture()
    [(_, data)] = watch.next_picture()
    watch.receive(data[:-6] + bytes(MAX_PACKET_BYTES - len(data)) + data[-6:])
    watch.picture()
    assert watch.verdicts() == {Verdict.FORWARDED: 2, Verdict.TOO_LONG: 1}
    assert numbers(watch.copies) == [0, 2]
    watch.outbound.resend([watch.copies[0].number + 1], now=watch.now)
    assert watch.outbound.retransmitter.answers[Answer.FORGOTTEN] == 1


@pytest.mark.parametrize("name", ["VP9 L3T3_KEY, described", "VP9 L3T3, flexible"])
def test_the_marker_follows_the_highest_layer_that_there_is(name: str) -> None:
    """Encoders skip layers: then the publisher's own marker ends the picture."""
    watch = Watch(publisher(name, split=one_two_three))
    watch.pictures(4)
    watch.publisher.encoder.silent = {2}
    watch.pictures(4)
    watch.publisher.encoder.silent = {1, 2}
    watch.pictures(4)
    assert judge(watch.copies).markers == []
    assert judge(watch.copies).holes == []


def test_a_late_packet_has_the_marker_that_it_would_have_had() -> None:
    """The end of a picture that was SD, although it is HD by now."""
    watch = Watch(publisher("VP9 L3T3_KEY, described", split=one_two_three), lines=360)
    watch.pictures(18)
    [(_, end_of_sd)] = watch.picture(lose=[2])
    watch.wish(720)
    watch.picture()
    assert watch.outbound.current_layer() == (2, 2)
    watch.receive(end_of_sd)
    watch.picture()
    assert judge(watch.copies).flawless


def test_dropped_vp8_pictures_leave_no_gap_in_picture_ids() -> None:
    """Also where the publisher sends them in 7 bits; retransmissions repeat what was sent."""
    watch = Watch(publisher("VP8 L1T3"))
    watch.pictures(20)
    watch.wish(0)
    watch.pictures(5)
    watch.wish(720)
    watch.pictures(20)
    ids = picture_ids(watch.copies)
    assert {(b - a) & 0x7FFF for a, b in pairwise(ids)} == {1}
    last = watch.copies[-1]
    assert last.frame is not None
    assert last.payload != last.frame.packets[0].payload
    watch.outbound.resend([last.number & 0xFFFF], now=watch.now)
    [repeated] = watch.repeated
    assert repeated.endswith((last.number & 0xFFFF).to_bytes(2, "big") + last.payload)


def repeated(watch: Watch) -> list[tuple[int, bytes]]:
    """The retransmissions: number and payload of what each repeats."""
    parsed = []
    for data in watch.repeated:
        view, found = RtpView(), FoundExtensions()
        parse_rtp(data, len(data), view)
        find_extensions(view, COPY_IDS, found)
        assert (view.ssrc, view.payload_type) == (COPY_RTX, COPY_RTX_TYPE)
        payload = data[view.payload_offset : view.payload_end]
        parsed.append((int.from_bytes(payload[:2], "big"), payload[2:]))
    return parsed


def test_a_nack_is_answered_with_what_was_sent() -> None:
    """By the subscriber's own numbers; what was dropped has none."""
    watch = Watch(publisher("VP9 L3T3_KEY, described", split=one_two_three), lines=360)
    watch.pictures(9)
    wanted = watch.copies[5:9]
    watch.outbound.resend([copy.number & 0xFFFF for copy in wanted], now=watch.now)
    assert repeated(watch) == [(copy.number & 0xFFFF, copy.payload) for copy in wanted]
    assert watch.outbound.retransmitter.packets == 4


def test_whoever_asks_for_a_key_frame_gets_no_retransmissions_before_it() -> None:
    """It makes what is older superfluous."""
    watch = Watch(publisher("VP8, one layer"))
    watch.pictures(20)
    watch.outbound.request_key_frame(KeyFrameCause.RECEIVER_PLI, now=watch.now)
    assert watch.source.key_frames.asked[KeyFrameCause.RECEIVER_PLI] == watch.asked == 1
    number = watch.copies[-1].number & 0xFFFF
    watch.outbound.resend([number], now=watch.now)
    assert watch.repeated == []
    watch.picture()
    watch.outbound.resend([number], now=watch.now)
    assert len(watch.repeated) == 1


@pytest.mark.parametrize("name", VIDEO)
def test_another_ssrc_goes_on_in_the_same_stream(name: str) -> None:
    """Numbers and picture ids go on, time by as much as passed; a key frame is asked for."""
    watch = Watch(publisher(name, split=one_two_three))
    watch.pictures(5)
    old = watch.copies[-1]
    watch.switches()
    watch.now += 1.0
    watch.take_over(successor(name, split=one_two_three))
    since = len(watch.copies)
    watch.publisher.next_picture()
    watch.picture()
    assert len(watch.copies) == since, "what it refers to was never seen"
    assert watch.source.key_frames.asked[KeyFrameCause.RESTARTED] == 1
    watch.pictures(18)
    new = watch.copies[since]
    assert new.number == old.number + 1
    assert 90_000 <= (new.timestamp - old.timestamp) & 0xFFFF_FFFF <= 90_000 * 1.2
    assert judge(watch.copies).flawless
    assert watch.switches()[0].reason is SwitchReason.RESTARTED
    if name == "VP8 L1T3":
        assert picture_ids([old, new])[1] == picture_ids([old, new])[0] + 1
    watch.outbound.resend([old.number & 0xFFFF], now=watch.now)
    assert watch.repeated == [], "its timestamp would mean something else now"


def frame_numbers(watch: Watch) -> list[int]:
    """What their descriptors say."""
    return [int.from_bytes(copy.descriptor[1:3], "big") for copy in watch.copies]


@pytest.mark.parametrize("name", [name for name in VIDEO if "described" in name])
@pytest.mark.parametrize("number", [3, 30_000, 65_535])
def test_frame_numbers_go_on(name: str, number: int) -> None:
    """After a pause or with another encoder: a key frame that seems older would be refused."""
    watch = Watch(publisher(name, split=one_two_three))
    watch.pictures(5)
    watch.wish(0)
    watch.pictures(2)
    watch.publisher.encoder.begin_at((1 << 18) + number)
    watch.wish(720)
    watch.pictures(5)
    watch.take_over(successor(name, split=one_two_three))
    watch.publisher.encoder.begin_at((1 << 20) + number)
    watch.pictures(5)
    steps = [(b - a) & 0xFFFF for a, b in pairwise(frame_numbers(watch))]
    assert len(steps) > 9
    assert set(steps) <= {0, 1, 2, 3, 4, 5, 6}, "frames of lower layers are left out"
    assert judge(watch.copies).flawless
    watch.outbound.resend([watch.copies[-1].number & 0xFFFF], now=watch.now)
    assert watch.copies[-1].descriptor in watch.repeated[-1]


def test_a_picture_that_lost_its_end_is_not_taken_for_complete() -> None:
    """Another SSRC goes on after it: the hole tells the decoder."""
    watch = Watch(publisher("VP8, one layer", split=one_two_three))
    watch.publisher.encoder.split = lambda _: 3
    watch.pictures(2)
    watch.picture(lose=[2])
    last = watch.copies[-1]
    watch.take_over(successor("VP8, one layer"))
    watch.picture()
    assert watch.copies[-1].number == last.number + 2


def test_nobody_who_saw_nothing_is_moved() -> None:
    """The first packet that is sent has the publisher's own time."""
    watch = Watch(publisher("VP8, one layer"), lines=0)
    watch.pictures(2)
    watch.take_over(successor("VP8, one layer"))
    watch.picture()
    watch.wish(720)
    watch.pictures(2)
    assert [copy.timestamp for copy in watch.copies] == [0xFFFF_F000 + 3000, 1904]


def test_opus_goes_on_without_a_hole() -> None:
    """Audio has no picture to be incomplete."""
    watch = Watch(opus())
    watch.pictures(3)
    following = opus()
    following.ssrc = 0x7777
    watch.take_over(following)
    watch.pictures(3)
    assert numbers(watch.copies) == [0, 1, 2, 3, 4, 5]
    assert watch.asked == 0


def test_a_layer_that_falls_silent_is_left_and_returned_to() -> None:
    """By the descriptor's word at once, with reason and cause; others may watch what there is."""
    watch = Watch(publisher("VP9 L3T3_KEY, described", split=one_two_three))
    watch.pictures(18)
    watch.switches()
    encoder = watch.publisher.encoder
    encoder.silent, encoder.active = {2}, "111111000"
    watch.picture()
    assert watch.source.key_frames.asked[KeyFrameCause.LAYER_SILENT] == watch.asked == 1
    watch.pictures(18)
    assert watch.outbound.current_layer() == (1, 2)
    encoder.silent, encoder.active = set(), "111111111"
    watch.picture(key=True)
    watch.pictures(3)
    assert watch.outbound.current_layer() == (2, 2)
    assert [(switch.now, switch.direction, switch.reason) for switch in watch.switches()] == [
        ((1, 2), Direction.DOWN, SwitchReason.LAYER_SILENT),
        ((2, 2), Direction.UP, SwitchReason.LAYER_RESUMED),
    ]
    assert judge(watch.copies).undecodable == []


@pytest.mark.parametrize("name", ["VP9 L3T3_KEY, flexible", "VP9 L3T3, in groups"])
def test_a_layer_whose_silence_nobody_tells_is_left_soon(name: str) -> None:
    """Half a second without it; the first frame of it that comes again is enough to return."""
    watch = Watch(publisher(name, split=one_two_three))
    watch.pictures(18)
    encoder = watch.publisher.encoder
    encoder.silent = {2}
    watch.pictures(30)
    assert watch.outbound.current_layer() == (1, 2)
    encoder.silent = set()
    watch.picture(key=True)
    watch.pictures(20)
    assert watch.outbound.current_layer() == (2, 2)
    assert judge(watch.copies).undecodable == []


def test_wishes_that_come_first_are_met_when_layers_are_known() -> None:
    """As the start of the subscription, for the reason that was given."""
    watch = Watch(publisher("VP9 L3T3_KEY, described"), lines=None)
    watch.outbound.set_wish(360, reason=SwitchReason.START, now=0)
    assert watch.outbound.wanted_layer() is None
    watch.picture()
    assert watch.outbound.wanted_layer() == watch.outbound.current_layer() == (1, 2)
    assert [(s.now, s.reason, s.delay) for s in watch.switches()] == [((1, 2), "start", 0)]


def test_counts_what_it_sends() -> None:
    """Packets, bytes with headers, bytes of payload."""
    watch = Watch(publisher("VP8, one layer"))
    watch.pictures(3)
    outbound = watch.outbound
    payloads = sum(len(copy.payload) for copy in watch.copies)
    assert (outbound.packets, outbound.payload_bytes) == (3, payloads)
    assert outbound.bytes == payloads + 3 * (12 + 4 + 8)


def test_sender_reports_have_the_publishers_time_in_the_copys_timestamps() -> None:
    """Only when both are known: after its first report, and ours to be about something."""
    watch = Watch(publisher("VP8, one layer"), lines=0)
    told = SenderReport(watch.publisher.ssrc, 5 * NTP, 1000, 0, 0)
    watch.picture()
    watch.source.clock.note(told, now=watch.now)
    assert watch.outbound.sender_report(now=watch.now) is None
    watch.wish(720)
    watch.pictures(2)
    report = watch.outbound.sender_report(now=watch.now)
    assert report is not None
    assert (report.ssrc, report.packets) == (COPY, 2)
    assert report.octets == sum(len(copy.payload) for copy in watch.copies)
    elapsed = watch.now - 1 / 30
    assert report.ntp == pytest.approx((5 + elapsed) * NTP, abs=NTP / 1000)
    assert report.rtp_timestamp & 0xFFFF_FFFF == pytest.approx(1000 + 90_000 * elapsed, abs=2)


def test_without_the_publishers_report_there_is_none() -> None:
    """Nobody knows what its timestamps mean."""
    watch = Watch(publisher("VP8, one layer"))
    watch.pictures(2)
    assert watch.outbound.sender_report(now=1) is None


def test_learns_how_the_stream_arrives() -> None:
    """In the units of people; the round trip from the echo of a report of ours."""
    watch = Watch(publisher("VP8, one layer"))
    watch.source.clock.note(SenderReport(watch.publisher.ssrc, 5 * NTP, 1000, 0, 0), now=0)
    watch.pictures(2)
    outbound = watch.outbound
    assert outbound.receive_report(report_block(last_report=0), now=1) is None
    assert (outbound.lost, outbound.fraction_lost, outbound.jitter) == (7, 0.25, 0.05)
    assert outbound.round_trip == 0.0
    report = outbound.sender_report(now=2)
    assert report is not None
    block = report_block(last_report=report.ntp >> 16 & 0xFFFF_FFFF)
    assert outbound.receive_report(block, now=2.6) == pytest.approx(0.1, abs=0.001)
    assert outbound.round_trip == pytest.approx(0.1, abs=0.001)


def report_block(*, last_report: int) -> ReportBlock:
    """A report of a receiver that heard ours half a second before."""
    return ReportBlock(COPY, 64, 7, 99, 4500, last_report, 0x8000)
