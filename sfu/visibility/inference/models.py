"""The numbers that the guesses are made by, as found on train calls.

    python -m benchmarks.inference --fit

wrote this file: speech and kinds by logistic regression, the others by trying, each with
the most right. Test calls have other voices, words and pictures.
"""

from __future__ import annotations

from typing import Final

from sfu.visibility.inference.logistic import Model

SPEECH: Final = Model(
    weights=(
        0.09964,
        0.8289,
        0.9799,
        2.129,
        1.837,
        1.423,
        1.055,
        1.623,
        -1.236,
        29.63,
        -14.7,
        -2.048,
        16.59,
    ),
    bias=-6.714,
)
"""Of `SpeechFeatures`."""

AUDIO: Final = Model(
    weights=(
        -3.961,
        -3.466,
        -1.305,
        -3.895,
        -1.724,
        -7.74,
    ),
    bias=46.59,
)
"""Of `KindFeatures`: how likely it is sound."""

BURST_RISE: Final = 1.5
"""Times what is usual: a window with more belongs to a burst."""

BURST_EXCESS: Final = 12.0
"""Windows full of what is usual: a burst with more beside them is a key frame."""

CHANGE: Final = 2.0
"""Times what was usual before, or that part of it."""
