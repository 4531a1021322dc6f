"""Who listens at the way: the guesses that the server makes itself, and stronger attackers."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from statistics import fmean, pstdev
from typing import Final

from benchmarks.inference.fitting import fit
from benchmarks.inference.observed import Observed, Packet, Slot, slots
from benchmarks.inference.scores import Confusion, confusion
from sfu.visibility.inference.speech import AFTER, ENOUGH, Speech, SpeechFeatures

Rows = list[tuple[Sequence[float], bool]]
"""Features of windows, each with what is true of it."""

Reader = Callable[[Observed], Rows]

AROUND: Final = 5
"""Windows before and after the one that a strong attacker judges."""

SILENT: Final = 127


def built_in_rows(observed: Observed) -> Rows:
    """What the server's own model looks at."""
    features, truths, rows = SpeechFeatures(), deque[bool](maxlen=AFTER + 1), Rows()
    for slot in slots(observed):
        truths.append(slot.speech)
        found = features.feed(slot.window)
        if found is not None:
            rows.append((found, truths[0]))
    return rows


def built_in(streams: Iterable[Observed]) -> tuple[Confusion, float]:
    """How often the server's guesses are right, and how often it says that it does not know.

    Who has to guess then says the more frequent thing: silence.
    """
    pairs: list[tuple[bool | None, bool]] = []
    for observed in streams:
        speech, truths = Speech(), deque[bool](maxlen=AFTER + 1)
        for number, slot in enumerate(slots(observed)):
            truths.append(slot.speech)
            speech.feed(slot.window)
            if number >= ENOUGH + AFTER:
                pairs.append((speech.speaking, truths[0]))
    unknown = sum(guess is None for guess, _ in pairs) / len(pairs)
    return confusion((bool(guess), truth) for guess, truth in pairs), unknown


def strong_rows(observed: Observed) -> Rows:
    """Every window between others: mean, largest and smallest size, their spread, and times."""
    return _rows(observed, _measures)


def level_rows(observed: Observed) -> Rows:
    """The same of what a header extension says in clear: the id that looks most like loudness."""
    ident = level_id(observed.packets)
    return _rows(observed, lambda slot: _levels(slot, ident)) if ident is not None else []


def _measures(slot: Slot) -> list[float]:
    sizes = [packet.size for packet in slot.packets]
    if not sizes:
        return [0.0] * 6
    times = [packet.time - slot.begins for packet in slot.packets]
    gaps = [later - sooner for sooner, later in pairwise(times)] or [0.0]
    return [fmean(sizes), max(sizes), min(sizes), pstdev(sizes), max(gaps), pstdev(gaps)]


def level_id(packets: Iterable[Packet]) -> str | None:
    """The extension of one byte whose values change most: no name is needed for that."""
    values: dict[str, set[int]] = {}
    for packet in packets:
        for ident, value in packet.bytes_by_id.items():
            values.setdefault(ident, set()).add(value)
    changing = {ident: len(seen) for ident, seen in values.items() if len(seen) > 1}
    return max(changing, key=changing.__getitem__) if changing else None


def _levels(slot: Slot, ident: str) -> list[float]:
    levels = [packet.bytes_by_id.get(ident, SILENT) & 0x7F for packet in slot.packets]
    return [-fmean(levels), -min(levels), -max(levels)] if levels else [-SILENT] * 3


def _rows(observed: Observed, measure: Callable[[Slot], list[float]]) -> Rows:
    """Each number is measured by the whole stream: who records can wait for its end."""
    cut = list(slots(observed))
    measured = [measure(slot) for slot in cut]
    columns = [list(_placed(column)) for column in zip(*measured, strict=True)]
    return [
        (list(_neighbours(columns, place)), cut[place].speech)
        for place in range(ENOUGH + AFTER, len(cut) - AROUND)
    ]


def _placed(column: Sequence[float]) -> Iterator[float]:
    ordered = sorted(column)
    low, high = ordered[len(ordered) // 10], ordered[len(ordered) * 9 // 10]
    span = max(high - low, (ordered[-1] - ordered[0]) / 10, 1e-9)
    yield from (min(3.0, max(-2.0, (value - low) / span)) for value in column)


def _neighbours(columns: Sequence[Sequence[float]], place: int) -> Iterator[float]:
    for column in columns:
        around = column[place - AROUND : place + AROUND + 1]
        yield from around
        yield pstdev(around)
        yield fmean(around)
        yield column[place] ** 2


def adapted(train: Iterable[Observed], test: Iterable[Observed], read: Reader) -> Confusion | None:
    """Who has calls with the same mitigation to learn from; None if there is nothing to read."""
    known = [row for observed in train for row in read(observed)]
    asked = [row for observed in test for row in read(observed)]
    if not known or not asked:
        return None
    model = fit([row for row, _ in known], [truth for _, truth in known])
    return confusion((model.likelihood(row) > 0.5, truth) for row, truth in asked)  # noqa: PLR2004
