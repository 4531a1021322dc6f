"""Feedback about arrivals: complete, in order, and bounded whatever the network does."""

import random

import pytest

from sfu.media.alarm import NEVER, Alarm
from sfu.media.bandwidth.arrivals import INTERVAL, MAX_REPORTED, RING, Arrivals
from sfu.wire.rtcp import MAX_DATAGRAM_BYTES
from sfu.wire.transport_cc import TICKS_PER_REFERENCE, TransportFeedback, parse_transport_feedback


def drain(arrivals: Arrivals, *, now: float) -> list[TransportFeedback]:
    read = []
    while (data := arrivals.feedback(now=now)) is not None:
        assert len(data) <= MAX_DATAGRAM_BYTES
        read.append(parse_transport_feedback(data))
    return read


def numbers(feedback: TransportFeedback) -> list[int]:
    return [feedback.base + offset & 0xFFFF for offset, _ in feedback.arrivals]


def told(*received: int, start: float = 100.0) -> list[list[int]]:
    """Numbers in the feedback after these arrived, 1 ms apart."""
    arrivals = Arrivals(1, Alarm())
    for place, number in enumerate(received):
        arrivals.note(number, now=start + place / 1000)
    return [numbers(feedback) for feedback in drain(arrivals, now=start + 60)]


@pytest.mark.parametrize(
    ("received", "expected"),
    [
        pytest.param([5, 6, 7], [[5, 6, 7]], id="in order"),
        pytest.param([5, 9], [[5, 9]], id="with a gap"),
        pytest.param([5, 7, 6], [[5, 6, 7]], id="reordered"),
        pytest.param([7, 6, 5], [[5, 6, 7]], id="before the first"),
        pytest.param([5, 6, 6, 5], [[5, 6]], id="duplicates tell nothing new"),
        pytest.param([65534, 65535, 0, 1], [[65534, 65535, 0, 1]], id="over the wrap"),
        pytest.param([0, 65535], [[65535, 0]], id="reordered over the wrap"),
        pytest.param([5, 6, 40000, 40001], [[40000, 40001]], id="another count, far ahead"),
        pytest.param([40000, 5, 6], [[5, 6]], id="another count, far behind"),
        pytest.param([], [], id="nothing"),
    ],
)
def test_tells_all_that_arrived(received: list[int], expected: list[list[int]]) -> None:
    """Each number is told of once, in order; a jump begins another count."""
    assert told(*received) == expected


def test_counts_from_the_first_to_the_last_received() -> None:
    """What is missing in between is reported as not received."""
    arrivals = Arrivals(1, Alarm())
    arrivals.media_ssrc = 2
    for number in (10, 12, 15):
        arrivals.note(number, now=0.001 * number)
    (feedback,) = drain(arrivals, now=1)
    assert (feedback.sender_ssrc, feedback.media_ssrc) == (1, 2)
    assert (feedback.base, feedback.count, feedback.number) == (10, 6, 0)
    assert arrivals.received == 3


def test_reports_losses_between_two_feedback_packets() -> None:
    """The second packet begins where the first ended, so that nothing is left out."""
    arrivals = Arrivals(1, Alarm())
    arrivals.note(10, now=0)
    (first,) = drain(arrivals, now=1)
    arrivals.note(14, now=1)
    (second,) = drain(arrivals, now=2)
    assert (first.base, first.count) == (10, 1)
    assert (second.base, second.count, numbers(second)) == (11, 4, [14])
    assert (first.number, second.number) == (0, 1)


def test_a_late_packet_makes_feedback_overlap_truthfully() -> None:
    """What is told again was received, and is not now reported as missing."""
    arrivals = Arrivals(1, Alarm())
    for number in (10, 12, 13):
        arrivals.note(number, now=0)
    drain(arrivals, now=1)
    arrivals.note(11, now=1)
    (again,) = drain(arrivals, now=2)
    assert (again.base, numbers(again)) == (11, [11, 12, 13])
    assert again.arrivals[0][1] > again.arrivals[1][1]


def test_the_first_of_two_duplicates_counts() -> None:
    """A duplicate neither moves the time of arrival nor causes feedback of its own."""
    arrivals = Arrivals(1, Alarm())
    for number, now in ((10, 1.0), (11, 1.0), (11, 1.01)):
        arrivals.note(number, now=now)
    (feedback,) = drain(arrivals, now=2)
    assert feedback.arrivals[0][1] == feedback.arrivals[1][1]
    arrivals.note(11, now=2)
    assert drain(arrivals, now=3) == []
    assert arrivals.received == 4


def test_times_are_arrival_times() -> None:
    """Reference time and deltas give back the moment of arrival, to 250 us, without drift."""
    arrivals = Arrivals(1, Alarm())
    moments = [1000.0 + place * 0.0033 for place in range(100)]
    for number, moment in enumerate(moments):
        arrivals.note(number, now=moment)
    (feedback,) = drain(arrivals, now=1001)
    reference = feedback.reference * TICKS_PER_REFERENCE
    for (_, ticks), moment in zip(feedback.arrivals, moments, strict=True):
        assert 0 <= moment - (reference + ticks) / 4000 < 0.00026


def test_a_pause_that_no_delta_can_tell_begins_another_packet() -> None:
    """A delta has 16 signed bits: eight seconds. A longer pause goes into a new reference time."""
    assert told(1, 2) == [[1, 2]]
    arrivals = Arrivals(1, Alarm())
    arrivals.note(1, now=0)
    arrivals.note(2, now=9)
    first, second = drain(arrivals, now=9)
    assert (numbers(first), numbers(second)) == ([1], [2])
    assert second.reference == 9 * 4000 // 256


def test_comes_once_per_interval_and_only_when_needed() -> None:
    """Feedback is due an interval after the first arrival, and never again without another."""
    alarm = Alarm()
    arrivals = Arrivals(1, alarm)
    assert arrivals.feedback(now=5) is None
    assert alarm.at == NEVER
    arrivals.note(1, now=5)
    arrivals.note(2, now=5.01)
    assert alarm.at == 5 + INTERVAL
    alarm.at = NEVER
    assert arrivals.feedback(now=5.02) is None
    assert alarm.at == 5 + INTERVAL, "woken too early, it asks again"
    assert len(drain(arrivals, now=5 + INTERVAL)) == 1
    assert drain(arrivals, now=6) == []


def test_a_burst_takes_several_datagrams() -> None:
    """No datagram of feedback is too long, whatever the pattern of losses and delays."""
    chance = random.Random(1)  # noqa: S311 - a pattern, no secret
    arrivals = Arrivals(1, Alarm())
    sent = [number for number in range(3000) if chance.random() < 0.1]
    for number in sent:
        arrivals.note(number, now=100 + chance.random() * 5)
    feedbacks = drain(arrivals, now=200)
    assert [number for feedback in feedbacks for number in numbers(feedback)] == sent
    assert max(len(feedback.arrivals) for feedback in feedbacks) == MAX_REPORTED


def test_is_bounded_when_numbers_leap() -> None:
    """A publisher that leaps through the numbers costs no more than the ring holds."""
    arrivals = Arrivals(1, Alarm())
    for place in range(1000):
        arrivals.note(place * 2000 & 0xFFFF, now=0)
    feedbacks = drain(arrivals, now=1)
    assert sum(feedback.count for feedback in feedbacks) <= RING
    assert numbers(feedbacks[-1])[-1] == 999 * 2000 & 0xFFFF
