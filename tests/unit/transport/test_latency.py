"""The histogram: every observation is in one bucket."""

import pytest

from sfu.transport.latency import BOUNDS, Histogram


@pytest.mark.parametrize(
    ("seconds", "bucket"),
    [
        pytest.param(0.0, 0, id="no time at all"),
        pytest.param(BOUNDS[0], 0, id="a bound belongs to its bucket"),
        pytest.param(BOUNDS[0] * 1.01, 1, id="above it, to the next"),
        pytest.param(BOUNDS[-1], len(BOUNDS) - 1, id="the last bound"),
        pytest.param(1000.0, len(BOUNDS), id="longer than any bound"),
    ],
)
def test_counts_each_once(seconds: float, bucket: int) -> None:
    """Buckets have upper bounds that belong to them, as in Prometheus."""
    histogram = Histogram()
    histogram.note(seconds)
    assert histogram.counts[bucket] == sum(histogram.counts) == 1
    assert histogram.total == seconds
