"""Key frames are bursts; movement and networks that stop for a moment are none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.visibility.inference.bursts import LONGEST, MEMORY, Bursts
from sfu.visibility.inference.window import WINDOW_SECONDS, Window
from tests.support.observed import labelled

USUAL = 2000
CALM = [USUAL] * MEMORY


def feed(sizes: list[int], bursts: Bursts) -> list[int]:
    """The windows in which bursts began."""
    begun = []
    for place, size in enumerate(sizes):
        ago = bursts.feed(Window(WINDOW_SECONDS, size // 1000, size))
        if ago:
            begun.append(place - ago)
    assert bursts.count == len(begun)
    return begun


@pytest.mark.parametrize(
    ("sizes", "begun"),
    [
        pytest.param([*CALM, 40_000, *CALM], [20], id="in one window"),
        pytest.param([*CALM, 20_000, 30_000, *CALM], [20], id="in two"),
        pytest.param([*CALM, 40_000, *CALM, 40_000, *CALM], [20, 41], id="two of them"),
        pytest.param([*CALM, 3000, *CALM], [], id="a little more"),
        pytest.param([*CALM, *[20_000] * 40], [], id="a change that stays"),
        pytest.param([*CALM, 0, 0, 0, 8000, *CALM], [], id="a network that stops, and catches up"),
        pytest.param([*CALM, *[0] * 40, *CALM], [], id="a pause"),
        pytest.param([40_000, *CALM], [], id="before anything is usual"),
    ],
)
def test_a_burst_is_a_key_frame(sizes: list[int], begun: list[int]) -> None:
    """If it is over soon, and more than what was held back."""
    assert feed(sizes, Bursts(rise=2.0, excess=5.0)) == begun


def test_key_frames_of_test_calls_are_found_now_and_then() -> None:
    """This encoder has other bursts as large (docs/inference.md); guesses may be a little late."""
    found = true = hits = 0
    for one in labelled("video"):
        if one.key_frames:
            begun = feed([size for _, size in one.windows], Bursts())
            known = [place for place in one.key_frames if place > MEMORY]
            hits += sum(any(-1 <= place - key <= 3 for place in begun) for key in known)
            found, true = found + len(begun), true + len(known)
    assert hits > 0.35 * true
    assert hits > 0.35 * found


@given(st.lists(st.integers(0, 3_000_000), max_size=100))
def test_any_windows_are_taken(sizes: list[int]) -> None:
    """No burst is longer than what is remembered of one."""
    bursts = Bursts()
    for size in sizes:
        assert 0 <= bursts.feed(Window(WINDOW_SECONDS, size // 1000, size)) <= LONGEST + 1
