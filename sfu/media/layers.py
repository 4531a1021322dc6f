"""Ladder: the spatial and temporal layers of a stream, their sizes, and which are being sent."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from sfu.wire.payload.tag import TEMPORAL_LAYERS, target_bit

Target = tuple[int, int]
"""A decode target: the highest spatial and temporal layer that it shows."""

ASSUMED_LINES: Final = 180
"""Short side of S0 where a stream does not tell its sizes; each layer above doubles it."""

ALL_TARGETS: Final = -1


@dataclass(frozen=True, slots=True)
class Layer:
    """A spatial layer, with the temporal layers that it comes in."""

    spatial: int
    temporal_layers: int
    width: int  # pixels; 0: the stream does not tell
    height: int
    active: bool  # the publisher is sending it now

    @property
    def lines(self) -> int:
        """What a wish is compared with: the shorter side, since a phone may stand upright."""
        return min(self.width, self.height) or ASSUMED_LINES << self.spatial


class Ladder:
    """What a published stream offers, as far as its packets have told.

    The tagger writes it. `version` rises with every change, so that looking for one is cheap.
    """

    __slots__ = ("_active", "_layers", "version")

    def __init__(self) -> None:
        self.version = 0
        self._active = ALL_TARGETS  # mask of target_bit
        self._layers: tuple[Layer, ...] = ()

    def layers(self) -> tuple[Layer, ...]:
        """Return the spatial layers, lowest first; empty before the first packet."""
        return self._layers

    def describe(self, temporal_layers: Sequence[int], sizes: Sequence[tuple[int, int]]) -> None:
        """Say how many temporal layers each spatial layer has, and its (width, height).

        `sizes` may be shorter than `temporal_layers`: what is missing is not known.
        """
        known = (*sizes, *[(0, 0)] * (len(temporal_layers) - len(sizes)))
        self._replace(
            Layer(spatial, count, *known[spatial], active=self._is_active(spatial))
            for spatial, count in enumerate(temporal_layers)
        )

    def activate(self, targets: int) -> None:
        """Say which targets are being sent, as a mask of `target_bit`."""
        if targets == self._active:
            return
        self._active = targets
        self._replace(
            Layer(
                layer.spatial,
                layer.temporal_layers,
                layer.width,
                layer.height,
                active=self._is_active(layer.spatial),
            )
            for layer in self._layers
        )
        self.version += 1  # temporal layers may have changed alone

    def target_for(self, lines: int) -> Target | None:
        """Return what to show somebody who wishes at most `lines` lines; None for nothing.

        The largest layer that fits, with all its temporal layers; the smallest if none fits. Only
        layers that are being sent count, unless none is.
        """
        if lines <= 0 or not self._layers:
            return None
        offered = [layer for layer in self._layers if layer.active] or self._layers[:1]
        fitting = [layer for layer in offered if layer.lines <= lines] or offered[:1]
        best = fitting[-1]
        return best.spatial, self._highest_temporal(best)

    def _is_active(self, spatial: int) -> bool:
        every = target_bit(spatial, TEMPORAL_LAYERS) - target_bit(spatial, 0)
        return self._active & every != 0

    def _highest_temporal(self, layer: Layer) -> int:
        for temporal in reversed(range(layer.temporal_layers)):
            if self._active & target_bit(layer.spatial, temporal):
                return temporal
        return 0

    def _replace(self, layers: Iterable[Layer]) -> None:
        changed = tuple(layers)
        if changed != self._layers:
            self._layers = changed
            self.version += 1
