"""A rate that changes and stays so is another layer, size or scene."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.visibility.inference.changes import LASTING, Changes
from sfu.visibility.inference.window import WINDOW_SECONDS, Window
from tests.support.observed import labelled

LOW, HIGH = [3000] * 50, [12_000] * 50


def feed(sizes: list[int]) -> list[int]:
    """The windows in which changes began, as it says."""
    changes = Changes()
    begun = []
    for place, size in enumerate(sizes):
        ago = changes.feed(Window(WINDOW_SECONDS, size // 1000, size))
        if ago:
            begun.append(place - ago)
    assert changes.count == len(begun)
    return begun


@pytest.mark.parametrize(
    ("sizes", "places"),
    [
        pytest.param([*LOW, *HIGH], [50], id="up"),
        pytest.param([*HIGH, *LOW], [50], id="down"),
        pytest.param([*LOW, *HIGH, *LOW], [50, 100], id="up and down"),
        pytest.param([*LOW, 90_000, 90_000, *LOW], [], id="a key frame"),
        pytest.param([*LOW, *HIGH[:5], *LOW], [], id="half a second"),
        pytest.param([*LOW, *LOW], [], id="nothing"),
    ],
)
def test_what_stays_is_a_change(sizes: list[int], places: list[int]) -> None:
    """To a second."""
    begun = feed(sizes)
    assert len(begun) == len(places)
    assert all(abs(one - other) <= LASTING / 2 for one, other in zip(begun, places, strict=True))


def test_most_changes_of_test_calls_are_found() -> None:
    """Of layers for a viewer, and of scenes and sizes at a publisher."""
    found = true = hits = 0
    for one in labelled("video"):
        begun = feed([size for _, size in one.windows])
        known = [place for place in one.changes if LASTING < place < len(one.windows) - LASTING]
        hits += sum(any(abs(place - change) <= 25 for place in begun) for change in known)
        found, true = found + len(begun), true + len(known)
    assert hits > 0.6 * true
    assert hits > 0.5 * found


@given(st.lists(st.integers(0, 3_000_000), max_size=100))
def test_any_windows_are_taken(sizes: list[int]) -> None:
    """And none is counted more often than there is time for."""
    assert len(feed(sizes)) <= len(sizes) / LASTING
