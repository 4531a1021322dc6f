"""Reader: what all ways of reading layers have in common."""

from typing import Final, Protocol

from sfu.media.packet import Packet
from sfu.wire.payload.tag import SPATIAL_LAYERS, TEMPORAL_LAYERS, target_bit

_TARGETS: Final = SPATIAL_LAYERS * TEMPORAL_LAYERS


class Reader(Protocol):
    """Reads what one publisher's packets say about layers, one after the other."""

    def read(self, packet: Packet) -> None:
        """Fill the tag; of `picture` the 64-bit timestamp is there. Raises MalformedPacket."""
        ...


def _from(spatial: int, temporal: int, spatial_end: int) -> int:
    bits = 0
    for layer in range(spatial, spatial_end):
        for above in range(temporal, TEMPORAL_LAYERS):
            bits |= target_bit(layer, above)
    return bits


WITHIN: Final = tuple(
    tuple(_from(spatial, temporal, spatial + 1) for temporal in range(TEMPORAL_LAYERS))
    for spatial in range(SPATIAL_LAYERS)
)
"""`WITHIN[s][t]`: the targets of spatial layer s with temporal layer t or more."""

UPWARDS: Final = tuple(
    tuple(_from(spatial, temporal, SPATIAL_LAYERS) for temporal in range(TEMPORAL_LAYERS))
    for spatial in range(SPATIAL_LAYERS)
)
"""`UPWARDS[s][t]`: the targets with spatial layer s or more and temporal layer t or more."""

UNKNOWN_FRAME: Final = -1
"""A reference to a frame that did not arrive: no frame has this number."""
