"""Missing: asks for holes a few times, and for nothing else."""

from hypothesis import given
from hypothesis import strategies as st

from sfu_clients.rtp.missing import AGAIN_SECONDS, MAX_MISSING, MAX_TRIES, REORDER_SECONDS, Missing


def test_asks_for_what_is_missing() -> None:
    """Not at once, as packets overtake each other; then again and again, but not for ever."""
    missing = Missing()
    missing.note(10, now=0.0)
    missing.note(13, now=0.0)
    assert missing.due(now=REORDER_SECONDS / 2) == []
    now, asked = REORDER_SECONDS, 0
    while numbers := missing.due(now=now):
        assert numbers == [11, 12]
        assert missing.due(now=now) == []
        asked += 1
        now += AGAIN_SECONDS
    assert asked == MAX_TRIES


def test_what_came_is_not_asked_for() -> None:
    """And counts as recovered if it had been."""
    missing = Missing()
    missing.note(1, now=0.0)
    missing.note(4, now=0.0)
    missing.note(2, now=0.0)
    assert missing.due(now=1.0) == [3]
    missing.note(3, now=1.0)
    assert missing.due(now=2.0) == []
    assert missing.recovered == 1


def test_forgets_what_is_of_no_use() -> None:
    """Numbers before the next picture are not asked for."""
    missing = Missing()
    missing.note(1, now=0.0)
    missing.note(9, now=0.0)
    missing.forget_before(6)
    assert missing.due(now=1.0) == [6, 7, 8]


@given(st.lists(st.integers(0, 1 << 20), max_size=60))
def test_is_bounded(numbers: list[int]) -> None:
    """However far numbers jump."""
    missing = Missing()
    for number in sorted(numbers):
        missing.note(number, now=0.0)
    asked: set[int] = set()
    for tick in range(40):
        due = missing.due(now=1.0 + tick / 100)
        assert len(due) <= 250
        asked |= set(due)
    assert len(asked) <= MAX_MISSING
    assert not asked & set(numbers)
