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
        0.2857,
        0.7158,
        1.015,
        1.731,
        1.488,
        1.407,
        0.9081,
        1.532,
        -2.949,
        23.05,
        -11.72,
        -5.584,
        12.7,
    ),
    bias=-4.927,
)
"""Of `SpeechFeatures`."""

AUDIO: Final = Model(
    weights=(
        -3.63,
        -2.884,
        2.474,
        -5.55,
        -2.841,
        -4.401,
    ),
    bias=41.73,
)
"""Of `KindFeatures`: how likely it is sound."""

BURST_RISE: Final = 1.5
"""Times what is usual: a window with more belongs to a burst."""

BURST_EXCESS: Final = 25.0
"""Windows full of what is usual: a burst with more beside them is a key frame."""

CHANGE: Final = 2.3
"""Times what was usual before, or that part of it."""
