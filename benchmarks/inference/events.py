"""How well kinds, key frames and changes of pictures are told."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, Literal

from benchmarks.inference.observed import Observed, slots
from benchmarks.inference.scores import Confusion, Found, confusion, match
from sfu.visibility.inference.bursts import Bursts
from sfu.visibility.inference.changes import Changes
from sfu.visibility.inference.kind import KindFeatures, KindGuess
from sfu.visibility.inference.window import WINDOW_SECONDS

Event = Literal["key_frames", "changes"]

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


def told(observed: Observed, event: Event) -> Iterator[float]:
    """When each of them was, going by sizes and times; a guess is given the time it is about."""
    detector = Bursts() if event == "key_frames" else Changes()
    begins: list[float] = []
    for slot in slots(observed):
        begins.append(slot.begins)
        ago = detector.feed(slot.window)
        if ago:
            yield begins[-1 - ago] + WINDOW_SECONDS / 2


def found(streams: Iterable[Observed], event: Event) -> Found:
    """Events that were told, missed and made up."""
    slack = KEY_FRAME_SLACK if event == "key_frames" else CHANGE_SLACK
    total = Found(0, 0, 0)
    for observed in streams:
        begins, ends = observed.packets[0].time + _BEGINNING, observed.packets[-1].time - _BEGINNING
        truth = observed.key_frames if event == "key_frames" else observed.changes
        guesses = [at for at in told(observed, event) if begins < at < ends]
        total += match(guesses, [at for at in truth if begins < at < ends], slack=slack)
    return total
