"""The numbers that the guesses are made by; `make bench-inference` finds them on its train calls.

    .venv/bin/python -m benchmarks.inference fit
"""

from __future__ import annotations

from typing import Final

from sfu.visibility.inference.logistic import Model

SPEECH: Final = Model(weights=(0.0,) * 13, bias=0.0)
AUDIO: Final = Model(weights=(-1.0, -1.0, 1.0, -1.0, -1.0), bias=8.0)
BURST_RISE: Final = 2.0
BURST_EXCESS: Final = 3.0
CHANGE: Final = 1.6
