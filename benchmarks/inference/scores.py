"""How often guesses are right: confusion tables, and what they come to."""

from collections.abc import Iterable
from typing import Any, NamedTuple


class Confusion(NamedTuple):
    """Guesses by what they say and what is true."""

    true_positive: int
    false_positive: int
    true_negative: int
    false_negative: int

    @property
    def total(self) -> int:
        """All that was judged."""
        return sum(self)

    @property
    def accuracy(self) -> float:
        """Share of what was guessed right."""
        return (self.true_positive + self.true_negative) / self.total

    @property
    def balanced(self) -> float:
        """The mean of how many of the ones and how many of the others were: 0.5 knows nothing."""
        return (
            self.true_positive / max(1, self.true_positive + self.false_negative)
            + self.true_negative / max(1, self.true_negative + self.false_positive)
        ) / 2

    @property
    def base(self) -> float:
        """What whoever always says the more frequent thing gets right."""
        positive = self.true_positive + self.false_negative
        return max(positive, self.total - positive) / self.total

    def told(self) -> dict[str, Any]:
        """For the JSON."""
        return {
            **self._asdict(),
            "accuracy": round(self.accuracy, 3),
            "balanced_accuracy": round(self.balanced, 3),
            "base_rate": round(self.base, 3),
        }


def confusion(pairs: Iterable[tuple[bool, bool]]) -> Confusion:
    """Of guesses, each with what is true."""
    counts = [0, 0, 0, 0]
    for guess, truth in pairs:
        counts[(0 if truth else 1) if guess else (3 if truth else 2)] += 1
    return Confusion(*counts)


class Found(NamedTuple):
    """Events that were found, missed, and found where there was none."""

    hits: int
    misses: int
    false: int

    @property
    def recall(self) -> float:
        """Share of the events that were found."""
        return self.hits / max(1, self.hits + self.misses)

    @property
    def precision(self) -> float:
        """Share of what was found that was an event."""
        return self.hits / max(1, self.hits + self.false)

    @property
    def harmonic(self) -> float:
        """The harmonic mean of both."""
        return 2 * self.hits / max(1, 2 * self.hits + self.misses + self.false)

    def told(self) -> dict[str, Any]:
        """For the JSON."""
        return {
            **self._asdict(),
            "recall": round(self.recall, 3),
            "precision": round(self.precision, 3),
        }


def match(guesses: Iterable[float], events: Iterable[float], *, slack: float) -> Found:
    """Each event with the first guess at most `slack` seconds from it, each guess once."""
    free = sorted(guesses)
    hits = misses = 0
    for event in sorted(events):
        near = next((guess for guess in free if abs(guess - event) <= slack), None)
        if near is None:
            misses += 1
        else:
            hits += 1
            free.remove(near)
    return Found(hits, misses, len(free))
