"""Timeline: the stream's clock, as long as it agrees with the arrivals."""

import pytest

from sfu.wire.timeline import Timeline


@pytest.mark.parametrize(
    ("arrivals", "shown"),
    [
        pytest.param([(0, 5), (3000, 60), (6000, 65)], [5, 38, 72], id="jitter does not show"),
        pytest.param(
            [(0, 0), (3000, 33), (6000, 60_000), (9000, 60_040)],
            [0, 33, 60_000, 60_033],
            id="after a pause that the stream's clock did not count, arrival decides",
        ),
        pytest.param([(0, 0), (900_000, 33)], [0, 33], id="a clock that leaps is not believed"),
        pytest.param([(0, 0), (0, 0), (45, 1)], [0, 1, 2], id="times rise"),
    ],
)
def test_places(arrivals: list[tuple[int, int]], shown: list[int]) -> None:
    """Pairs of an RTP timestamp at 90 kHz and an arrival, as milliseconds to show them at."""
    timeline = Timeline(90_000)
    assert [timeline.place(timestamp, at) for timestamp, at in arrivals] == shown
