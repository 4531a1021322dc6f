"""Times in a histogram, and what this process needs."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu_clients.load.gauges import Effort, Histogram, percentile_of

PARTS = (0.5, 0.95, 0.99, 0.999, 1.0)


@given(times=st.lists(st.floats(1e-6, 1000.0), min_size=1, max_size=300))
def test_percentiles_are_those_of_the_times(times: list[float]) -> None:
    """To 1.6 % and a microsecond, however many times are noted."""
    histogram = Histogram()
    for seconds in times:
        histogram.note(seconds)
    ordered = sorted(times)
    for part in PARTS:
        exact = next(t for rank, t in enumerate(ordered, 1) if rank >= part * len(ordered))
        assert histogram.percentile(part) == pytest.approx(1000 * exact, rel=0.016, abs=0.001)


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        pytest.param(-0.5, 0.0, id="a clock was set back"),
        pytest.param(0.0, 0.0, id="none"),
        pytest.param(0.000127, 0.127, id="the last that is exact"),
        pytest.param(1e9, pytest.approx(2**31 / 1000, rel=0.016), id="longer than any bucket"),
    ],
)
def test_every_time_has_a_bucket(seconds: float, expected: float) -> None:
    """At the borders, too."""
    histogram = Histogram()
    histogram.note(seconds)
    assert histogram.percentile(0.5) == expected
    assert histogram.count == 1


def test_nothing_has_no_percentile() -> None:
    """Nor has what was cleared."""
    histogram = Histogram()
    histogram.note(1.0)
    histogram.clear()
    assert histogram.percentile(0.5) is None
    assert percentile_of([], 0.5) is None


def test_a_few_times_are_exact() -> None:
    """In milliseconds."""
    assert percentile_of([0.3, 0.1, 0.2], 0.5) == 200.0
    assert percentile_of([0.3, 0.1, 0.2], 0.95) == 300.0


def test_knows_when_it_is_busy() -> None:
    """Work is told from waiting."""
    effort = Effort()
    time.sleep(0.2)
    idle, _ = effort.shares()
    effort.restart()
    until = time.process_time() + 0.2
    while time.process_time() < until:
        pass
    used, waited = effort.shares()
    assert idle < 0.5 < used + waited
