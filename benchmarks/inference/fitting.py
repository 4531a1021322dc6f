"""Logistic regression without a library: what is frequent counts no more than what is rare."""

import math
from collections.abc import Sequence
from random import Random
from statistics import fmean, pstdev
from typing import Final

from sfu.visibility.inference.logistic import Model

ROUNDS: Final = 30
STEP: Final = 0.05
DECAY: Final = 0.3
SMALL: Final = 1e-4
"""How much weights are pulled to 0."""

Features = Sequence[float]


def fit(rows: Sequence[Features], truths: Sequence[bool], *, rounds: int = ROUNDS) -> Model:
    """The model that tells these rows apart best, both kinds weighing the same."""
    columns = list(zip(*rows, strict=True))
    means = [fmean(column) for column in columns]
    spreads = [max(1e-6, pstdev(column)) for column in columns]
    scaled = [
        [(value - mean) / spread for value, mean, spread in zip(row, means, spreads, strict=True)]
        for row in rows
    ]
    weights, bias = _descend(scaled, truths, rounds)
    found = [weight / spread for weight, spread in zip(weights, spreads, strict=True)]
    shift = sum(weight * mean for weight, mean in zip(found, means, strict=True))
    return Model(tuple(found), bias - shift)


def _descend(
    rows: Sequence[Features], truths: Sequence[bool], rounds: int
) -> tuple[list[float], float]:
    """Stochastic gradient descent, in the same order each time."""
    weights, bias = [0.0] * len(rows[0]), 0.0
    share = min(0.99, max(0.01, fmean(truths)))
    costs = {True: 0.5 / share, False: 0.5 / (1 - share)}
    order, random = list(range(len(rows))), Random(1)  # noqa: S311
    for number in range(rounds):
        random.shuffle(order)
        step = STEP / (1 + number * DECAY)
        for place in order:
            row, truth = rows[place], truths[place]
            score = bias + sum(weight * value for weight, value in zip(weights, row, strict=True))
            likely = 1 / (1 + math.exp(-min(30.0, max(-30.0, score))))
            slope = (likely - truth) * costs[truth] * step
            bias -= slope
            for column, value in enumerate(row):
                weights[column] -= slope * value + step * SMALL * weights[column]
    return weights, bias
