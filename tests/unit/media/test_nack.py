"""Requests for missing packets: soon enough, not too often, never without bound."""

from sfu.media.alarm import NEVER, Alarm
from sfu.media.nack import (
    MAX_INTERVAL,
    MAX_MISSING,
    MAX_TRIES,
    MIN_INTERVAL,
    REORDER_WAIT,
    MissingPackets,
)


def missing(first: int, end: int) -> MissingPackets:
    packets = MissingPackets(Alarm())
    assert packets.note_gap(first, end, now=0)
    return packets


def test_waits_for_reordering_first() -> None:
    """A packet that is only late is never asked for."""
    packets = missing(10, 13)
    assert packets.due(now=REORDER_WAIT / 2, round_trip=0.1) == []
    packets.note_arrival(11)
    assert packets.due(now=REORDER_WAIT, round_trip=0.1) == [10, 12]
    assert packets.requested == 2


def test_repeats_after_a_round_trip() -> None:
    """Asking again before an answer can be here would double everything."""
    packets = missing(10, 11)
    assert packets.due(now=1.0, round_trip=0.1) == [10]
    assert packets.due(now=1.09, round_trip=0.1) == []
    assert packets.due(now=1.1, round_trip=0.1) == [10]


def test_round_trips_are_bounded() -> None:
    """A wrong round trip makes neither a storm nor silence."""
    packets = missing(10, 11)
    packets.due(now=1.0, round_trip=0)
    assert packets.due(now=1.0 + MIN_INTERVAL / 2, round_trip=0) == []
    assert packets.due(now=1.0 + MIN_INTERVAL, round_trip=9) == [10]
    assert packets.due(now=1.0 + MIN_INTERVAL + MAX_INTERVAL, round_trip=9) == [10]


def test_gives_up_after_some_tries() -> None:
    """What does not come after ten requests never will."""
    packets = missing(10, 11)
    asked = [packets.due(now=float(second), round_trip=0.1) for second in range(1, 20)]
    assert asked == [[10]] * MAX_TRIES + [[]] * (19 - MAX_TRIES)
    assert len(packets) == 0
    assert packets.abandoned == 1


def test_too_many_at_once_are_forgotten() -> None:
    """Beyond a bound only a key frame helps, and the caller is told."""
    packets = missing(0, MAX_MISSING)
    assert len(packets) == MAX_MISSING
    assert packets.note_gap(600, 601, now=0) is False
    assert len(packets) == 0
    assert packets.abandoned == MAX_MISSING + 1


def test_forgets_what_a_key_frame_made_useless() -> None:
    """Nobody needs packets from before a key frame."""
    packets = missing(10, 14)
    packets.forget_before(12)
    assert packets.due(now=1, round_trip=0.1) == [12, 13]


def test_an_unexpected_arrival_is_none_of_its_business() -> None:
    """Late packets that were given up do no harm."""
    packets = missing(10, 11)
    packets.note_arrival(9)
    assert len(packets) == 1


def test_wants_to_be_woken_for_the_next_request() -> None:
    """The alarm is set for the earliest request, and not at all without one."""
    alarm = Alarm()
    packets = MissingPackets(alarm)
    packets.due(now=0, round_trip=0.1)
    assert alarm.at == NEVER
    packets.note_gap(10, 11, now=0)
    assert alarm.at == REORDER_WAIT
    alarm.at = NEVER
    packets.due(now=0.5, round_trip=0.1)
    packets.note_gap(12, 13, now=0.55)
    assert alarm.at == 0.55 + REORDER_WAIT
    alarm.at = NEVER
    packets.due(now=0.551, round_trip=0.1)
    assert alarm.at == 0.55 + REORDER_WAIT
