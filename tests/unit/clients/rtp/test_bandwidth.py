"""SendRate: finds what a path carries, and leaves room when it carries less."""

import pytest

from sfu.wire.transport_cc import TransportFeedback
from sfu_clients.rtp.bandwidth import (
    LEAST_SECONDS,
    MAX_BITRATE,
    MIN_BITRATE,
    START_BITRATE,
    Departures,
    Least,
    SendRate,
    Settled,
)

TICK = 0.1


def path(  # noqa: PLR0913 - a path has many properties
    rate: SendRate,
    seconds: float,
    *,
    capacity: float = 1e9,
    wanted: float = 1e9,
    loss: float = 0.0,
    begin: float = 0.0,
) -> float:
    """Send as fast as the estimate allows and the encoder wants; the queue is half a second."""
    now, queue = begin, 0.0
    while now < begin + seconds:
        now += TICK
        sent = min(rate.bitrate, wanted) * TICK
        queue = max(0.0, queue + sent - capacity * TICK)
        dropped = max(0.0, queue - capacity / 2)
        queue -= dropped
        carried = (sent - dropped) * (1 - loss)
        packets = 100
        lost = round(packets * (1 - carried / sent)) if sent else 0
        delays = tuple([0.02 + queue / capacity] * (packets - lost))
        rate.note(Settled(delays, lost, round(carried / 8)), now=now)
    return now


def test_climbs_while_nothing_is_wrong() -> None:
    """Up to its bound, slowly."""
    rate = SendRate()
    assert rate.bitrate == START_BITRATE
    path(rate, 5)
    assert START_BITRATE < rate.bitrate < 3 * START_BITRATE
    path(rate, 40, begin=5)
    assert rate.bitrate == MAX_BITRATE


@pytest.mark.parametrize("capacity", [300e3, 600e3, 2e6])
def test_settles_below_the_capacity(capacity: float) -> None:
    """Within seconds, when a queue stands or overflows."""
    rate = SendRate()
    now = path(rate, 10)
    path(rate, 8, capacity=capacity, begin=now)
    assert 0.4 * capacity < rate.bitrate < 1.4 * capacity


def test_believes_nothing_that_was_not_tried() -> None:
    """An encoder that wants little does not prove much: falling begins from there."""
    rate = SendRate()
    path(rate, 60, wanted=1e6)
    assert rate.bitrate <= 1.6e6


def test_heavy_loss_lowers_it_and_light_loss_does_not() -> None:
    """A little is noise; 30 % is a message."""
    rate = SendRate()
    path(rate, 5, loss=0.01)
    assert rate.bitrate > START_BITRATE
    path(rate, 10, loss=0.30, begin=5)
    assert rate.bitrate < START_BITRATE / 2
    path(rate, 30, loss=1.0, begin=15)
    assert rate.bitrate == MIN_BITRATE


def test_a_slower_route_is_no_queue_for_ever() -> None:
    """The least delay is that of the last half minute."""
    least = Least()
    assert least.note(0.02, now=0.0) == 0.02
    assert least.note(0.50, now=1.0) == 0.02
    least.note(0.50, now=LEAST_SECONDS + 1)
    assert least.note(0.50, now=2 * LEAST_SECONDS + 2.1) == 0.50


def test_the_receiver_may_say_less() -> None:
    """REMB is a limit."""
    rate = SendRate()
    rate.cap(400_000)
    assert rate.bitrate == 400_000
    rate.cap(0)
    assert rate.bitrate == MIN_BITRATE


def test_departures_meet_their_feedback_once() -> None:
    """Over the wrap of numbers; what is acknowledged again counts no more."""
    departures = Departures()
    for number in range(65_530):
        departures.next_number(100, now=number / 1000)
    for _ in range(10):
        departures.next_number(50, now=66.0)
    feedback = TransportFeedback(
        sender_ssrc=1,
        media_ssrc=2,
        base=65_530,
        count=10,
        reference=1031,
        number=0,
        arrivals=tuple((offset, 100 * offset) for offset in range(0, 10, 2)),
    )
    settled = departures.settle(feedback)
    assert (len(settled.delays), settled.lost, settled.octets) == (5, 5, 250)
    assert settled.delays[0] == pytest.approx(1031 * 0.064 - 66.0)
    assert departures.settle(feedback) == Settled((), 0, 0)
