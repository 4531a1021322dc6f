"""A logistic regression that was fitted before: numbers in, how likely it is out."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

_FAR = 30.0  # beyond, a float holds no more than 0 and 1


class Model(NamedTuple):
    """`fit` of benchmarks/inference finds these."""

    weights: tuple[float, ...]
    bias: float

    def likelihood(self, features: Sequence[float]) -> float:
        """Between 0 and 1."""
        pairs = zip(self.weights, features, strict=True)
        score = self.bias + sum(weight * feature for weight, feature in pairs)
        return 1 / (1 + math.exp(-min(_FAR, max(-_FAR, score))))
