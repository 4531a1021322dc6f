"""Masks of targets, from a layer on."""

import pytest

from sfu.media.layers import Target
from sfu.media.tags.reader import UPWARDS, WITHIN
from sfu.wire.payload.tag import SPATIAL_LAYERS, TEMPORAL_LAYERS, target_bit
from tests.support.tagging import targets


@pytest.mark.parametrize(
    ("layer", "within", "upwards"),
    [
        pytest.param((2, 2), {(2, 2)}, {(2, 2)}, id="the highest"),
        pytest.param((2, 1), {(2, 1), (2, 2)}, {(2, 1), (2, 2)}, id="of the highest spatial"),
        pytest.param((1, 2), {(1, 2)}, {(1, 2), (2, 2)}, id="of the highest temporal"),
        pytest.param(
            (1, 1), {(1, 1), (1, 2)}, {(1, 1), (1, 2), (2, 1), (2, 2)}, id="in the middle"
        ),
    ],
)
def test_masks_begin_with_their_layer(
    layer: Target, within: set[Target], upwards: set[Target]
) -> None:
    """Whoever shows a layer needs the lower ones: of its own picture size, or of all smaller."""
    spatial, temporal = layer
    assert targets(WITHIN[spatial][temporal]) == within
    assert targets(UPWARDS[spatial][temporal]) == upwards


def test_masks_cover_every_layer_that_there_can_be() -> None:
    """Four times eight."""
    every = range(SPATIAL_LAYERS * TEMPORAL_LAYERS)
    assert UPWARDS[0][0] == sum(1 << place for place in every)
    assert WITHIN[3][7] == UPWARDS[3][7] == target_bit(3, 7)
    united = 0
    for masks in WITHIN:
        united |= masks[0]
    assert united == UPWARDS[0][0]
