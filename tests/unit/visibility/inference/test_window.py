"""A window is what came in a tenth of a second, or in what a busy loop made of it."""

from sfu.visibility.inference.window import Window


def test_rates_are_by_time_and_sizes_by_packet() -> None:
    """A late look is a longer window, no louder one."""
    assert Window(0.1, 5, 500).rate == Window(0.2, 10, 1000).rate == 5000
    assert Window(0.1, 5, 500).mean == Window(0.2, 10, 1000).mean == 100
    assert Window(0.1, 0, 0).mean == 0
