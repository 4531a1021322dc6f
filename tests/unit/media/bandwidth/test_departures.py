"""Departures: every packet is settled once, whatever feedback says and repeats."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.media.bandwidth.departures import RING_PACKETS, Departures
from sfu.wire.transport_cc import TransportFeedback


def feedback(base: int, count: int, *received: int) -> TransportFeedback:
    return TransportFeedback(1, 2, base, count, 0, 0, tuple((offset, 0) for offset in received))


def sent(count: int, *, now: float = 1.0) -> Departures:
    departures = Departures()
    for _ in range(count):
        departures.next_number(100, now=now)
    return departures


def test_numbers_count_up_and_wrap() -> None:
    """Numbers are consecutive in 16 bits, for all streams of a subscriber together."""
    departures = Departures()
    numbers = [departures.next_number(1, now=0) for _ in range(65538)]
    assert numbers[:3] == [0, 1, 2]
    assert numbers[-3:] == [65535, 0, 1]
    assert departures.sent == 65538


@pytest.mark.parametrize(
    ("feedbacks", "arrived", "lost"),
    [
        pytest.param([feedback(0, 4, 0, 1, 2, 3)], 4, 0, id="all arrived"),
        pytest.param([feedback(0, 4, 0, 3)], 2, 2, id="two lost"),
        pytest.param([feedback(0, 4, 0, 3), feedback(0, 4, 0, 3)], 2, 2, id="repeated"),
        pytest.param([feedback(0, 4, 0, 3), feedback(1, 3, 0, 2)], 3, 1, id="late after all"),
        pytest.param([feedback(4, 2, 0), feedback(0, 4, 0, 1)], 3, 1, id="old feedback: no losses"),
        pytest.param([feedback(8, 4, 0, 1, 2, 3)], 2, 0, id="about more than was sent"),
        pytest.param([feedback(10, 5, 0, 4)], 0, 0, id="about the future"),
        pytest.param([feedback(0, 65535)], 0, 10, id="about everything"),
        pytest.param([feedback(65000, 65535, 536)], 1, 9, id="from before the first"),
        pytest.param([], 0, 0, id="nothing"),
    ],
)
def test_settles_each_packet_once(
    feedbacks: list[TransportFeedback], arrived: int, lost: int
) -> None:
    """Of ten packets, each is counted as arrived or lost at most once; arrived wins."""
    departures = sent(10)
    for one in feedbacks:
        departures.feedback(one, now=1.25)
    assert (departures.arrived, departures.lost) == (arrived, lost)
    assert departures.arrived_bytes == 100 * arrived
    assert departures.feedbacks == len(feedbacks)


def test_round_trip_is_of_the_last_new_arrival() -> None:
    """From departure to feedback; a packet that was thought lost does not count."""
    departures = sent(2, now=1.0)
    departures.next_number(1, now=1.5)
    departures.feedback(feedback(0, 2, 0), now=1.75)
    assert departures.round_trip == 0.75
    departures.feedback(feedback(2, 1, 0), now=1.75)
    assert departures.round_trip == 0.25
    departures.feedback(feedback(1, 1, 0), now=9)
    assert departures.round_trip == 0.25


def test_forgets_what_left_the_ring() -> None:
    """Feedback about packets of long ago says nothing, and harms nothing."""
    departures = sent(RING_PACKETS + 10)
    departures.feedback(feedback(0, 10, 0, 1, 2), now=2)
    assert (departures.arrived, departures.lost) == (0, 0)
    departures.feedback(feedback(0, RING_PACKETS + 10, RING_PACKETS + 9), now=2)
    assert (departures.arrived, departures.lost) == (1, RING_PACKETS - 1)


@given(
    st.lists(
        st.tuples(
            st.integers(0, 65535), st.integers(0, 500), st.lists(st.integers(0, 499), max_size=20)
        ),
        max_size=20,
    )
)
def test_never_counts_more_than_was_sent(said: list[tuple[int, int, list[int]]]) -> None:
    """A lying subscriber cannot make the sums wrong."""
    departures = sent(300)
    for base, count, received in said:
        departures.feedback(feedback(base, count, *received), now=2)
        assert departures.arrived >= 0
        assert departures.lost >= 0
        assert departures.arrived + departures.lost <= departures.sent
