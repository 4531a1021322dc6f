"""Whether a stream is sound or pictures: from how large and how regular its packets are."""

from __future__ import annotations

import math
from collections import deque
from statistics import fmean
from typing import TYPE_CHECKING, Final, Literal

from sfu.visibility.inference.models import AUDIO
from sfu.visibility.inference.spread import spread

if TYPE_CHECKING:
    from sfu.visibility.inference.window import Window

Kind = Literal["audio", "video"]

MEMORY: Final = 30
"""Windows that are looked at: what a stream was before that does not matter."""

ENOUGH: Final = 10
"""Windows, of which half have packets: less is no stream yet."""

REST: Final = 5
"""Windows between two looks."""

USUAL: Final = 50.0
"""Packets of sound in a second, if each has 20 ms."""

SURE: Final = 0.9
"""How likely a kind has to be; between, nothing is said."""


class KindFeatures:
    """What the model looks at."""

    def __init__(self) -> None:
        self._windows: deque[Window] = deque(maxlen=MEMORY)
        self._fed = 0

    def feed(self, window: Window) -> tuple[float, ...] | None:
        """The features of the last windows, now and then; None if too little came in them."""
        self._windows.append(window)
        self._fed += 1
        if self._fed % REST:
            return None
        filled = [one for one in self._windows if one.packets]
        if len(self._windows) < ENOUGH or 2 * len(filled) < len(self._windows):
            return None
        counts = [float(one.packets) for one in self._windows]
        means = [one.mean for one in filled]
        pace = math.log(sum(counts) / sum(one.seconds for one in self._windows) / USUAL)
        return (
            math.log(1 + fmean(means)),
            math.log(1 + max(means)),
            pace,
            abs(pace),
            min(2.0, spread(counts) / fmean(counts)),
            min(2.0, spread(means) / max(1.0, fmean(means))),
        )


class KindGuess:
    """Guesses as windows come, and keeps to its word while nothing speaks against it."""

    def __init__(self) -> None:
        self.kind: Kind | None = None
        """None before there is enough."""
        self._features = KindFeatures()

    def feed(self, window: Window) -> None:
        """Take the next window."""
        features = self._features.feed(window)
        if features is None:
            return
        audio = AUDIO.likelihood(features)
        if audio > SURE:
            self.kind = "audio"
        elif audio < 1 - SURE:
            self.kind = "video"
