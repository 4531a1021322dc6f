"""Arrivals: transport-wide feedback that the server understands."""

from random import Random

from sfu.wire.rtcp import parse_rtcp
from sfu.wire.transport_cc import TICKS_PER_SECOND, TransportFeedback
from sfu_clients.rtp.arrivals import MAX_GAP, MAX_TOLD, Arrivals


def told(arrivals: Arrivals) -> list[TransportFeedback]:
    """All feedback that is due, read again."""
    found = []
    while (data := arrivals.feedback(7)) is not None:
        assert len(data) <= 1200
        (packet,) = parse_rtcp(data)
        assert isinstance(packet, TransportFeedback)
        found.append(packet)
    return found


def test_tells_each_arrival_once() -> None:
    """With its time to a quarter of a millisecond, over the wrap of numbers and with losses."""
    arrivals, chance = Arrivals(3), Random(1)  # noqa: S311 - weather
    came: dict[int, float] = {}
    heard: dict[int, float] = {}
    expected = 65_000
    for number in range(65_000, 67_000):
        now = 1000 + number / 500
        if chance.random() > 0.2 or number == 65_000:
            came[number] = now
            arrivals.note(number & 0xFFFF, now=now)
        if number % 30 == 0:
            for feedback in told(arrivals):
                assert feedback.base == expected & 0xFFFF
                for offset, ticks in feedback.arrivals:
                    start = feedback.reference * 0.064
                    heard[expected + offset] = start + ticks / TICKS_PER_SECOND
                expected += feedback.count
    assert set(heard) == {number for number in came if number < expected}
    assert all(abs(heard[number] - came[number]) < 0.001 for number in heard)


def test_a_long_silence_is_told_in_parts() -> None:
    """What does not fit one packet goes into the next; nothing is said twice."""
    arrivals = Arrivals(3)
    for number in range(2 * MAX_TOLD):
        arrivals.note(number, now=1.0 + (60.0 if number == MAX_TOLD // 2 else 0.0))
    feedbacks = told(arrivals)
    assert len(feedbacks) >= 3
    assert sum(len(one.arrivals) for one in feedbacks) == 2 * MAX_TOLD
    assert [one.number for one in feedbacks] == list(range(len(feedbacks)))
    assert told(arrivals) == []


def test_a_jump_begins_anew() -> None:
    """A server that counts from elsewhere does not make us tell of thousands of losses."""
    arrivals = Arrivals(3)
    arrivals.note(0, now=1.0)
    arrivals.note(MAX_GAP + 10, now=1.0)
    (feedback,) = told(arrivals)
    assert (feedback.base, feedback.count) == (MAX_GAP + 10, 1)
