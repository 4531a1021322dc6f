"""Placing packets: nothing twice, nothing backwards, and restarts only when proved."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.media.sequence import EPOCH, MAX_DROPOUT, MAX_LEAD, WINDOW, Place, SequenceTracker

BEGAN, NEW, LATE = Place.BEGAN, Place.NEW, Place.LATE
DUPLICATE, TOO_OLD, JUMPED = Place.DUPLICATE, Place.TOO_OLD, Place.JUMPED


@pytest.mark.parametrize(
    ("numbers", "places"),
    [
        pytest.param([5, 6, 7], [BEGAN, NEW, NEW], id="in order"),
        pytest.param([5, 8, 6, 7], [BEGAN, NEW, LATE, LATE], id="reordered"),
        pytest.param([5, 4], [BEGAN, LATE], id="reordered at the beginning"),
        pytest.param([5, 5, 6, 5], [BEGAN, DUPLICATE, NEW, DUPLICATE], id="duplicates"),
        pytest.param([5, 8, 6, 6], [BEGAN, NEW, LATE, DUPLICATE], id="late twice"),
        pytest.param([65535, 0, 65534], [BEGAN, NEW, LATE], id="over the wrap"),
        pytest.param([5, 5 + MAX_DROPOUT, 6], [BEGAN, NEW, JUMPED], id="the longest dropout"),
        pytest.param([5, 6 + MAX_DROPOUT, 6], [BEGAN, JUMPED, NEW], id="a stray ahead"),
        pytest.param([5, 40000, 40001, 40003], [BEGAN, JUMPED, BEGAN, NEW], id="a restart"),
        pytest.param([5, 65535, 0, 1], [BEGAN, LATE, LATE, LATE], id="just behind the beginning"),
        pytest.param([5000, 65535, 0, 1], [BEGAN, JUMPED, BEGAN, NEW], id="restart over the wrap"),
        pytest.param([5000, 9, 11, 13], [BEGAN, JUMPED, JUMPED, JUMPED], id="strays in no order"),
        pytest.param([5000, 9, 5001, 10], [BEGAN, JUMPED, NEW, JUMPED], id="no restart in between"),
        pytest.param([5000, 5001 - WINDOW, 5000 - WINDOW], [BEGAN, LATE, JUMPED], id="the window"),
    ],
)  # fmt: skip
def test_places(numbers: list[int], places: list[Place]) -> None:
    """Each packet finds its place (RFC 3550 appendix A.1, but the first is believed at once)."""
    tracker = SequenceTracker()
    assert [tracker.place(number) for number in numbers] == places


def test_a_retransmission_never_restarts() -> None:
    """An RTX packet names a number of the past: one that is far off is only too old."""
    tracker = SequenceTracker()
    tracker.place(5000)
    assert tracker.place(9, retransmitted=True) is TOO_OLD
    assert tracker.place(10, retransmitted=True) is TOO_OLD
    assert tracker.place(4999, retransmitted=True) is LATE


def test_a_retransmission_overtakes_a_little() -> None:
    """It may come before the packet itself; what is further ahead is of another sequence."""
    tracker = SequenceTracker()
    tracker.place(5000)
    assert tracker.place(5001 + MAX_LEAD, retransmitted=True) is JUMPED
    assert tracker.place(5002 + MAX_LEAD, retransmitted=True) is JUMPED
    assert tracker.place(5000 + MAX_LEAD, retransmitted=True) is NEW
    assert tracker.place(5001) is LATE


def test_sequence_is_the_packets_own_number() -> None:
    """Late packets get the number that was left for them; the highest stays."""
    tracker = SequenceTracker()
    tracker.place(65535)
    first = tracker.sequence
    tracker.place(1)
    assert tracker.sequence == tracker.highest == first + 2
    tracker.place(0)
    assert (tracker.sequence, tracker.highest) == (first + 1, first + 2)
    assert first & 0xFFFF == 65535


def test_another_sequence_goes_on_in_numbers_never_used() -> None:
    """After a restart, and after another stream, even a late packet gets a number of its own."""
    tracker = SequenceTracker(after=7 * EPOCH + 9)
    tracker.place(3)
    assert tracker.sequence == 9 * EPOCH + 3
    tracker.place(65535)
    assert tracker.sequence == 9 * EPOCH - 1
    tracker.place(40000)
    tracker.place(40001)
    assert tracker.sequence == 11 * EPOCH + 40001


@given(st.lists(st.integers(0, 65535) | st.integers(100, 140), max_size=200))
def test_no_number_is_given_twice(numbers: list[int]) -> None:
    """Whatever comes, accepted packets have different numbers that end as they came."""
    tracker = SequenceTracker()
    given_out = []
    for number in numbers:
        if tracker.place(number) in (BEGAN, NEW, LATE):
            assert tracker.sequence & 0xFFFF == number
            given_out.append(tracker.sequence)
    assert len(set(given_out)) == len(given_out)
