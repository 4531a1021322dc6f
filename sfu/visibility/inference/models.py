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
        0.2692,
        0.8635,
        1.085,
        1.99,
        1.341,
        1.507,
        0.8161,
        1.572,
        -3.667,
        38.2,
        -21.28,
        -4.211,
        19.29,
    ),
    bias=-4.087,
)
"""Of `SpeechFeatures`."""

AUDIO: Final = Model(
    weights=(
        -4.203,
        -3.268,
        1.214,
        -3.135,
        -2.831,
        -6.947,
    ),
    bias=47.71,
)
"""Of `KindFeatures`: how likely it is sound."""

BURST_RISE: Final = 2.0
"""Times what is usual: a window with more belongs to a burst."""

BURST_EXCESS: Final = 25.0
"""Windows full of what is usual: a burst with more beside them is a key frame."""

CHANGE: Final = 2.6
"""Times what was usual before, or that part of it."""
