"""Speech is told from sizes alone, and nothing is told where sizes tell nothing."""

from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.visibility.inference.speech import AFTER, ENOUGH, MEMORY, Speech
from sfu.visibility.inference.window import WINDOW_SECONDS, Window
from tests.support.observed import Labelled, labelled

Verdicts = list[tuple[bool | None, bool]]

GOOD = 0.85
"""Balanced accuracy; who knows nothing has 0.5."""


def listen(windows: list[Window], truth: str) -> Verdicts:
    """What is said of each window, and what is true."""
    speech, truths = Speech(), deque[bool](maxlen=AFTER + 1)
    verdicts: Verdicts = []
    for window, label in zip(windows, truth, strict=True):
        truths.append(label == "1")
        speech.feed(window)
        verdicts.append((speech.speaking, truths[0]))
    return verdicts


def balanced(verdicts: Verdicts) -> float:
    """How many of the ones and how many of the others are right; "don't know" says silence."""
    rights = [
        [bool(guess) == truth for guess, truth in verdicts if truth is what]
        for what in (True, False)
    ]
    return sum(sum(right) / len(right) for right in rights) / 2


def of_all(streams: list[Labelled], factor: float = 1.0) -> Verdicts:
    return [
        verdict
        for one in streams
        for verdict in listen(one.fed(factor=factor), one.speech)[ENOUGH + AFTER :]
    ]


@pytest.mark.parametrize("mode", ["hop", "e2ee-passphrase"])
def test_speech_is_told_in_calls_that_it_was_not_fitted_on(mode: str) -> None:
    """Sealed or not: far better than by chance, and better than saying always the same."""
    verdicts = of_all([one for one in labelled("audio") if one.mode == mode])
    silence = sum(not truth for _, truth in verdicts) / len(verdicts)
    right = sum(bool(guess) == truth for guess, truth in verdicts) / len(verdicts)
    assert balanced(verdicts) > GOOD
    assert right > silence + 0.1


@pytest.mark.parametrize("factor", [0.5, 2.0, 4.0])
def test_another_rate_of_the_codec_is_no_matter(factor: float) -> None:
    """A stream is measured by its own sizes."""
    assert balanced(of_all(labelled("audio"), factor)) > GOOD


def test_a_rate_that_changes_in_the_middle_is_measured_anew() -> None:
    """Within the minute that is remembered."""
    (first, *_) = labelled("audio")
    windows = [*first.fed(), *first.fed(factor=0.6), *first.fed(factor=0.6)]
    last = listen(windows, first.speech * 3)[-len(first.windows) :]
    assert balanced(last) > GOOD


def test_a_constant_rate_tells_nothing() -> None:
    """No better than whoever always says the same: nearly all is "don't know"."""
    verdicts = of_all(labelled("audio", "constant rate"))
    assert balanced(verdicts) == pytest.approx(0.5, abs=0.05)


def test_nothing_is_said_before_there_is_enough() -> None:
    """Three seconds of packets."""
    (first, *_) = labelled("audio")
    verdicts = listen(first.fed(), first.speech)
    assert {guess for guess, _ in verdicts[: ENOUGH - 1]} == {None}
    assert verdicts[-1][0] is not None


@given(
    st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 3_000_000)), min_size=1, max_size=60)
)
def test_any_windows_are_taken(windows: list[tuple[int, int]]) -> None:
    """Whatever somebody sends, there is an answer."""
    speech = Speech()
    for packets, size in windows * 3:
        speech.feed(Window(WINDOW_SECONDS, packets, size))
        assert speech.speaking in {True, False, None}


def test_a_minute_is_remembered_and_no_more() -> None:
    """However long a call lasts."""
    speech = Speech()
    for number in range(3 * MEMORY):
        speech.feed(Window(WINDOW_SECONDS, 5, 500 + number % 7))
    features = speech._features  # noqa: SLF001 - what it keeps
    assert len(features._sizes) == MEMORY  # noqa: SLF001
