"""Finds the numbers that the server's guesses are made by, on train calls alone."""

from collections.abc import Iterable, Sequence
from functools import partial
from itertools import product
from pathlib import Path
from typing import Final

from benchmarks.inference import attackers, events
from benchmarks.inference.fitting import fit
from benchmarks.inference.observed import Observed, recorded
from sfu.visibility.inference import models
from sfu.visibility.inference.bursts import Bursts
from sfu.visibility.inference.changes import Changes
from sfu.visibility.inference.logistic import Model

FILE: Final = Path(models.__file__)

RECORDINGS: Final = ("vp8-simulcast", "h264-l1t3", "vp9-l3t3")
"""Of a browser, in which sound is told from pictures, too; the tests have others."""

RISES: Final = (1.5, 1.75, 2.0, 2.5, 3.0)
EXCESSES: Final = (2.0, 4.0, 6.0, 8.0, 10.0, 12.0)
"""Up to a second full: few cameras have larger key frames."""

CHANGES: Final = (1.3, 1.4, 1.5, 1.6, 1.8, 2.0, 2.3, 2.6)

TEXT: Final = '''"""The numbers that the guesses are made by, as found on train calls.

    python -m benchmarks.inference --fit

wrote this file: speech and kinds by logistic regression, the others by trying, each with
the most right. Test calls have other voices, words and pictures.
"""

from __future__ import annotations

from typing import Final

from sfu.visibility.inference.logistic import Model

SPEECH: Final = {speech}
"""Of `SpeechFeatures`."""

AUDIO: Final = {audio}
"""Of `KindFeatures`: how likely it is sound."""

BURST_RISE: Final = {rise}
"""Times what is usual: a window with more belongs to a burst."""

BURST_EXCESS: Final = {excess}
"""Windows full of what is usual: a burst with more beside them is a key frame."""

CHANGE: Final = {change}
"""Times what was usual before, or that part of it."""
'''


def refit(streams: Sequence[Observed]) -> None:
    """Write the file anew: the next run uses it."""
    train = [one for one in streams if one.split == "train"]
    plain = [one for one in train if one.mitigation == "none"]
    rows = [row for one in plain if one.kind == "audio" for row in attackers.built_in_rows(one)]
    browsers = [one for name in RECORDINGS for one in recorded(name)]
    kinds = events.kind_rows([*train, *browsers])
    rise, excess = _best_bursts([one for one in plain if one.key_frames])
    text = TEXT.format(
        speech=_written(_fitted(rows)),
        audio=_written(_fitted(kinds)),
        rise=rise,
        excess=excess,
        change=_best_change([one for one in plain if one.changes]),
    )
    FILE.write_text(text, encoding="utf-8")


def _fitted(rows: Iterable[tuple[Sequence[float], bool]]) -> Model:
    features, truths = zip(*rows, strict=True)
    return fit(features, truths)


def _written(model: Model) -> str:
    weights = "".join(f"        {weight:.4g},\n" for weight in model.weights)
    return f"Model(\n    weights=(\n{weights}    ),\n    bias={model.bias:.4g},\n)"


def _best_bursts(streams: Sequence[Observed]) -> tuple[float, float]:
    def right(pair: tuple[float, float]) -> float:
        detect = partial(Bursts, rise=pair[0], excess=pair[1])
        return events.key_frames(streams, detect).harmonic

    return max(product(RISES, EXCESSES), key=right)


def _best_change(streams: Sequence[Observed]) -> float:
    def right(factor: float) -> float:
        return events.changes(streams, partial(Changes, factor=factor)).harmonic

    return max(CHANGES, key=right)
