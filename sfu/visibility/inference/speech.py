"""Whether somebody speaks, from the sizes of a stream of sound.

An encoder of variable rate makes larger packets of speech than of silence, and packets that differ
more from each other (RFC 6562). How much larger depends on codec, rate and room: so each stream
is measured by its own quantiles.
"""

from __future__ import annotations

import math
from collections import deque
from statistics import fmean
from typing import TYPE_CHECKING, Final

from sfu.visibility.inference.models import SPEECH
from sfu.visibility.inference.quantiles import Quantiles
from sfu.visibility.inference.spread import spread

if TYPE_CHECKING:
    from sfu.visibility.inference.window import Window

BEFORE: Final = 4
AFTER: Final = 2
"""Windows before and after the one that is judged: a guess is 0.2 s late."""

MEMORY: Final = 600
"""Windows: with half of that, people who listen for half a minute look like talkers."""

ENOUGH: Final = 30
"""Windows with packets before the first guess."""

FLAT: Final = 0.01
"""Sizes that differ by less, as part of the middle one, are constant, and tell nothing."""

_LEAST, _MOST = -1.0, 2.0  # places are cut to this: loss and probes are no speech
_MOST_SPREAD: Final = 2.0


class SpeechFeatures:
    """What the model looks at, window by window."""

    def __init__(self) -> None:
        self._means: deque[float] = deque(maxlen=BEFORE + 1 + AFTER)
        self._sizes = Quantiles(MEMORY)

    def feed(self, window: Window) -> tuple[float, ...] | None:
        """The features of the window AFTER windows ago; None if there are none to judge by."""
        mean = window.mean
        self._means.append(mean)
        if window.packets:
            self._sizes.note(mean)
        if len(self._sizes) < ENOUGH or len(self._means) < BEFORE + 1 + AFTER:
            return None
        low, middle, high = self._sizes.low, self._sizes.middle, self._sizes.high
        if not low or high - low < FLAT * middle or self._padded(middle, high):
            return None
        return self._features(low, middle, high)

    def _padded(self, middle: float, high: float) -> bool:
        """The largest packets are not all of one size, unless somebody pads them."""
        least, most = min(self._means), max(self._means)
        return least >= high and most - least < FLAT * middle

    def _features(self, low: float, middle: float, high: float) -> tuple[float, ...]:
        span = max(high - low, 2 * FLAT * middle)
        places = [min(_MOST, max(_LEAST, (mean - low) / span)) for mean in self._means]
        around = list(self._means)[BEFORE - AFTER :]
        apart, width = spread(around), math.log(high / low)
        return (
            *places,
            fmean(places),
            min(_MOST_SPREAD, apart / span),
            min(_MOST_SPREAD, apart / middle),
            width,
            math.log(middle / low),
            places[BEFORE] * width,
        )


class Speech:
    """Guesses as windows come."""

    def __init__(self) -> None:
        self.speaking: bool | None = None
        """None before there is enough, and where sizes are constant."""
        self._features = SpeechFeatures()

    def feed(self, window: Window) -> None:
        """Take the next window."""
        features = self._features.feed(window)
        self.speaking = None if features is None else SPEECH.likelihood(features) > 0.5  # noqa: PLR2004
