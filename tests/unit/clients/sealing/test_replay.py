"""The replay window against the plain rule that it stands for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu_clients.sealing.replay import WINDOW, ReplayWindow


@given(st.lists(st.integers(0, 3 * WINDOW), max_size=200))
def test_each_counter_is_taken_once_and_not_too_late(counters: list[int]) -> None:
    """As a set and the highest number would decide."""
    window, taken, highest = ReplayWindow(), set[int](), -1
    for counter in counters:
        fresh = counter not in taken and counter > highest - WINDOW
        assert window.is_fresh(counter) == fresh
        if fresh:
            window.accept(counter)
            taken.add(counter)
            highest = max(highest, counter)


@pytest.mark.parametrize(
    ("accepted", "counter", "fresh"),
    [
        pytest.param([], 1 << 32, True, id="the first may be any"),
        pytest.param([1 << 40], 1 << 40, False, id="twice"),
        pytest.param([0, 1 << 40], 0, False, id="again after a great leap"),
        pytest.param([WINDOW - 1], 0, True, id="the oldest in the window"),
        pytest.param([WINDOW], 0, False, id="the youngest behind it"),
    ],
)
def test_the_edges(accepted: list[int], counter: int, fresh: bool) -> None:  # noqa: FBT001
    """One by one."""
    window = ReplayWindow()
    for number in accepted:
        window.accept(number)
    assert window.is_fresh(counter) is fresh
