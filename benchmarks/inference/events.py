"""How well kinds, key frames and changes of pictures are told."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from benchmarks.inference.observed import Observed, slots
from benchmarks.inference.scores import Confusion, Found, confusion, match
from sfu.visibility.inference.bursts import Bursts
from sfu.visibility.inference.changes import Changes
from sfu.visibility.inference.kind import KindFeatures, KindGuess
from sfu.visibility.inference.window import WINDOW_SECONDS

KEY_FRAME_SLACK: Final = 0.3
"""Seconds between a key frame and a burst that stands for it."""

CHANGE_SLACK: Final = 2.5
"""Seconds between a change and when it is told, less the two that it has to last."""

_BEGINNING: Final = 3.0
"""Seconds in which nothing is known of what is usual."""


def kind_rows(streams: Iterable[Observed]) -> list[tuple[Sequence[float], bool]]:
    """What the model of kinds looks at, and whether it is sound."""
    rows: list[tuple[Sequence[float], bool]] = []
    for observed in streams:
        features = KindFeatures()
        for slot in slots(observed):
            found = features.feed(slot.window)
            if found is not None:
                rows.append((found, observed.kind == "audio"))
    return rows


def kinds(streams: Iterable[Observed]) -> tuple[Confusion, float]:
    """How often what is said each second is right (positive: sound), and how often nothing is."""
    pairs, unknown, asked = [], 0, 0
    for observed in streams:
        guess = KindGuess()
        for number, slot in enumerate(slots(observed)):
            guess.feed(slot.window)
            if number % 10 == 9:  # noqa: PLR2004 - once a second
                asked += 1
                unknown += guess.kind is None
                if guess.kind is not None:
                    pairs.append((guess.kind == "audio", observed.kind == "audio"))
    return confusion(pairs), unknown / asked


def told(observed: Observed, detector: Bursts | Changes) -> Iterator[float]:
    """When each of them was, going by sizes and times; a guess is given the time it is about."""
    begins: list[float] = []
    for slot in slots(observed):
        begins.append(slot.begins)
        ago = detector.feed(slot.window)
        if ago:
            yield begins[-1 - ago] + WINDOW_SECONDS / 2


def key_frames(streams: Iterable[Observed], detect: Callable[[], Bursts] = Bursts) -> Found:
    """Those that were told, missed and made up."""
    return _total(
        _found(one, told(one, detect()), one.key_frames, slack=KEY_FRAME_SLACK) for one in streams
    )


def changes(streams: Iterable[Observed], detect: Callable[[], Changes] = Changes) -> Found:
    """Those that were told, missed and made up."""
    return _total(
        _found(one, told(one, detect()), one.changes, slack=CHANGE_SLACK) for one in streams
    )


def _found(
    observed: Observed, guesses: Iterable[float], truth: Iterable[float], *, slack: float
) -> Found:
    begins, ends = observed.packets[0].time + _BEGINNING, observed.packets[-1].time - _BEGINNING
    inside = [[at for at in times if begins < at < ends] for times in (guesses, truth)]
    return match(*inside, slack=slack)


def _total(found: Iterable[Found]) -> Found:
    return Found(*map(sum, zip(*found, strict=True)))
