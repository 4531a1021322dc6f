"""Reports: the formulas of RFC 3550, and one clock for all streams of a publisher."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.media.reports import (
    NTP_SECOND,
    REMEMBERED_REPORTS,
    Reception,
    SenderClock,
    SentReports,
    middle,
)
from sfu.wire.rtcp import ReportBlock, SenderReport

EPOCH = 3 << 16
"""Where 64-bit numbers of a stream begin, for all that its reports should know."""


def report(ntp: int, rtp_timestamp: int = 0) -> SenderReport:
    return SenderReport(1, ntp, rtp_timestamp, 0, 0)


def block(last_report: int, delay: int = 0) -> ReportBlock:
    return ReportBlock(1, 0, 0, 0, 0, last_report, delay)


def test_a_clock_knows_nothing_before_its_first_report() -> None:
    """Without a report there is no NTP time to tell, and nothing to echo."""
    clock = SenderClock(90_000)
    assert clock.at(now=5) is None
    assert clock.echo(now=5) == (0, 0)


def test_a_clock_runs_on_between_reports() -> None:
    """NTP time and RTP timestamp advance together, at the publisher's rate."""
    clock = SenderClock(90_000)
    clock.note(report(1000 * NTP_SECOND, 0xFFFFFFFF), now=5)
    assert clock.at(now=5) == (1000 * NTP_SECOND, 0xFFFFFFFF)
    assert clock.at(now=5.5) == (1000 * NTP_SECOND + NTP_SECOND // 2, 0xFFFFFFFF + 45_000)
    assert clock.echo(now=5.5) == (1000 << 16, 32768)


def test_a_clock_can_be_forgotten() -> None:
    """When timestamps begin anew, the old mapping would put sound and picture apart."""
    clock = SenderClock(90_000)
    clock.note(report(1), now=5)
    clock.forget()
    assert clock.at(now=6) is None


def test_streams_of_a_publisher_stay_together() -> None:
    """However late either report came, both clocks map the same NTP time to the same moment."""
    audio, video = SenderClock(48_000), SenderClock(90_000)
    audio.note(report(1000 * NTP_SECOND, 0), now=5.040)  # 40 ms on the way
    video.note(report(1003 * NTP_SECOND, 0), now=8.090)  # 90 ms on the way
    heard, seen = audio.at(now=10), video.at(now=10)
    assert heard is not None
    assert seen is not None
    # The moment when the capture clock showed 1005 s, by what each stream says.
    audio_ticks = heard[1] - (heard[0] - 1005 * NTP_SECOND) * 48_000 / NTP_SECOND
    video_ticks = seen[1] - (seen[0] - 1005 * NTP_SECOND) * 90_000 / NTP_SECOND
    assert audio_ticks == pytest.approx(5 * 48_000, abs=1)
    assert video_ticks == pytest.approx(2 * 90_000, abs=1)


def test_round_trip_leaves_out_the_receivers_delay() -> None:
    """RFC 3550 section 6.4.1: arrival - LSR - DLSR."""
    sent = SentReports()
    sent.remember(report(0xAAAA_12345678_BBBB), now=10)
    sent.remember(report(0xAAAA_22345678_BBBB), now=11)
    assert sent.round_trip(block(0x12345678, 65536), now=11.25) == 0.25
    assert sent.round_trip(block(0x22345678), now=11.25) == 0.25
    assert sent.round_trip(block(0x22345678, 3 * 65536), now=11.25) == 0, "a lie, or a bad clock"


def test_unknown_echoes_tell_nothing() -> None:
    """A block without LSR, with a foreign or a forgotten one has no round trip."""
    sent = SentReports()
    for place in range(REMEMBERED_REPORTS + 1):
        sent.remember(report((1 + place) << 16), now=place)
    assert sent.round_trip(block(0), now=99) is None
    assert sent.round_trip(block(777), now=99) is None
    assert sent.round_trip(block(1), now=99) is None
    assert sent.round_trip(block(2), now=99) == 98


def test_middle_of_an_ntp_time() -> None:
    """16 bits of seconds, 16 of fraction."""
    assert middle(0xAAAA_12345678_BBBB) == 0x12345678


def receive(*numbers: int) -> Reception:
    reception = Reception(90_000)
    for number in numbers:
        reception.note(EPOCH + number, 0, now=0)
    return reception


@pytest.mark.parametrize(
    ("numbers", "fraction", "lost", "highest"),
    [
        pytest.param([], 0, 0, 0, id="nothing"),
        pytest.param([7], 0, 0, 7, id="one"),
        pytest.param([7, 8, 9], 0, 0, 9, id="no loss"),
        pytest.param([7, 10], 128, 2, 10, id="half of them lost"),
        pytest.param([7, 10, 8, 9], 0, 0, 10, id="late is not lost"),
        pytest.param([7, 7, 7], 0, -2, 7, id="duplicates make up for losses"),
        pytest.param([65535, 65536], 0, 0, 65536, id="cycles are counted"),
    ],
)
def test_counts_losses(numbers: list[int], fraction: int, lost: int, highest: int) -> None:
    """Fraction and cumulative loss as in RFC 3550 appendix A.3."""
    reception = receive(*numbers)
    got = reception.report(9, SenderClock(90_000), now=1)
    assert (got.ssrc, got.fraction_lost, got.lost, got.highest_sequence) == (
        9,
        fraction,
        lost,
        highest,
    )


def test_each_report_is_about_what_came_since() -> None:
    """The fraction begins anew with each report, the sum does not."""
    reception, clock = receive(1, 3), SenderClock(90_000)
    clock.note(report(5 << 16), now=1)
    first = reception.report(9, clock, now=2)
    assert (first.fraction_lost, first.lost) == (256 // 3, 1)
    assert (first.last_report, first.delay) == (5, 65536)
    quiet = reception.report(9, clock, now=3)
    assert (quiet.fraction_lost, quiet.lost) == (0, 1)
    reception.note(EPOCH + 4, 0, now=3)
    assert reception.report(9, clock, now=4).fraction_lost == 0
    reception.note(EPOCH + 1000, 0, now=5)
    assert reception.report(9, clock, now=5).fraction_lost == 255


def test_a_restart_forgets() -> None:
    """Another sequence is not a huge loss in this one."""
    reception = receive(1, 9)
    reception.restart()
    reception.note(EPOCH + 70_000, 0, now=0)
    got = reception.report(9, SenderClock(90_000), now=1)
    assert (got.lost, got.highest_sequence) == (0, 70_000 - 65_536)


@pytest.mark.parametrize(
    ("arrivals", "jitter"),
    [
        pytest.param([(0, 0.0), (3000, 1 / 30)], 0, id="evenly"),
        pytest.param([(0, 0.0), (0, 0.016)], 90, id="1440 ticks late, a sixteenth of it"),
        pytest.param([(1440, 0.0), (2880, 0.0)], 90, id="early counts as much"),
        pytest.param([(0xFFFFFFFF - 2999, 0.0), (0, 1 / 30)], 0, id="timestamps wrap"),
    ],
)
def test_jitter(arrivals: list[tuple[int, float]], jitter: int) -> None:
    """Interarrival jitter as in RFC 3550 appendix A.8."""
    reception = Reception(90_000)
    for place, (timestamp, moment) in enumerate(arrivals):
        reception.note(EPOCH + place, timestamp, now=moment)
    assert reception.jitter == pytest.approx(jitter, abs=1)
    assert reception.jitter_seconds == pytest.approx(jitter / 90_000, abs=1e-5)
    before = reception.jitter
    reception.note(EPOCH, 12345, now=99)
    assert reception.jitter == before, "late packets say nothing about jitter"


@given(st.lists(st.integers(0, 3000), max_size=100))
def test_any_arrivals_make_a_block_that_can_be_written(numbers: list[int]) -> None:
    """Fractions fit a byte whatever comes."""
    reception = Reception(90_000)
    for place, number in enumerate(numbers):
        reception.note(EPOCH + number, number * 1_000_003 & 0xFFFFFFFF, now=place / 7)
        if number % 5 == 0:
            got = reception.report(9, SenderClock(90_000), now=1)
            assert 0 <= got.fraction_lost <= 255
            assert len(got.encode()) == 24
