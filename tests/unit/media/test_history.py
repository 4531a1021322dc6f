"""How packets were rewritten is remembered for a while, and never confused."""

import pytest

from sfu.media.history import FORGOTTEN, History

SIZE = 8


def sent(*numbers: int) -> History:
    """A history of packets whose publisher's numbers are a hundred more."""
    history = History(SIZE)
    for number in numbers:
        history.remember(number, number + 100, 0x60 | number % 2 << 7, number % 3, number / 10)
    return history


def test_tells_how_a_packet_was_rewritten() -> None:
    """Everything that is needed to do it again."""
    history = sent(5, 6, 7)
    assert history.sequence(6) == 106
    assert (history.marked_type(6), history.marked_type(7)) == (0x60, 0xE0)
    assert history.picture_shift(7) == 1
    assert (history.answers(7), history.sent_at(7)) == (0, 0.7)
    assert history.highest == 7


@pytest.mark.parametrize(
    ("numbers", "known", "unknown"),
    [
        pytest.param([], [], [-1, 0, 8], id="nothing was sent"),
        pytest.param([5], [5], [4, 6], id="one packet"),
        pytest.param([5, 8], [5, 8], [6, 7], id="a hole"),
        pytest.param([5, 8, 6], [5, 6, 8], [7], id="filled late"),
        pytest.param([*range(20)], [*range(12, 20)], [11, 20], id="the last eight"),
        pytest.param([0, 1, 2, 30], [30], [0, 1, 2, 22, 24, 29], id="a leap"),
        pytest.param([3, 11 + 1], [12], [3, 4], id="a leap just beyond the first"),
        pytest.param([3, 11 - 1], [3, 10], [4, 9], id="a leap up to the last place"),
    ],
)
def test_remembers_the_last_numbers(
    numbers: list[int], known: list[int], unknown: list[int]
) -> None:
    """What was never sent, or too long ago, is forgotten: no number is taken for another."""
    history = sent(*numbers)
    assert [history.sequence(number) for number in known] == [number + 100 for number in known]
    assert {history.sequence(number) for number in unknown} == {FORGOTTEN}


def test_what_comes_far_too_late_displaces_nothing() -> None:
    """Its place belongs to a later packet by now."""
    history = sent(3, 13, 5)
    assert history.sequence(13) == 113
    assert history.sequence(5) == FORGOTTEN


def test_counts_answers() -> None:
    """And when the last one left."""
    history = sent(5, 6)
    history.note_answer(5, now=7.0)
    history.note_answer(5, now=8.0)
    assert (history.answers(5), history.sent_at(5)) == (2, 8.0)
    assert (history.answers(6), history.sent_at(6)) == (0, 0.6)
    history.remember(5 + SIZE, 0, 0, 0, 9.0)
    assert history.answers(5 + SIZE) == 0


def test_forgets_all_but_where_it_was() -> None:
    """After a new beginning numbers go on, and old ones mean nothing."""
    history = sent(5, 6)
    history.clear()
    assert {history.sequence(number) for number in range(10)} == {FORGOTTEN}
    assert history.highest == 6
    history.remember(7, 1, 0, 0, 1.0)
    assert history.sequence(7) == 1
