"""LayerTag: what forwarding needs to know about a packet, whatever the codec."""

from typing import Final

SPATIAL_LAYERS: Final = 4
"""Most spatial layers a stream may have (the dependency descriptor's limit)."""

TEMPORAL_LAYERS: Final = 8
"""Most temporal layers a stream may have (RFC 9628 has three bits for them)."""


def target_bit(spatial: int, temporal: int) -> int:
    """The bit of the decode target `S{spatial}T{temporal}` in a mask of targets.

    Every decode target is written as the highest layer that it shows, so a mask has the same
    meaning in all codecs and whatever the structure in force.
    """
    return 1 << (spatial * TEMPORAL_LAYERS + temporal)


class LayerTag:
    """All that forwarding needs to know about a packet, whatever the codec.

    One instance per publisher, filled again for every packet: nobody may keep it. `frame` and
    `references` are 64-bit frame numbers of the stream (absolute, not differences); `needed_by`,
    `switch_to` and `discardable_for` are masks of `target_bit`.
    """

    __slots__ = (
        "discardable_for",
        "ends_frame",
        "frame",
        "key_frame",
        "needed_by",
        "picture",
        "references",
        "references_arrived",
        "spatial",
        "starts_frame",
        "switch_to",
        "temporal",
    )

    def __init__(self) -> None:
        self.frame = 0
        self.picture = 0  # 64-bit timestamp: all spatial layers of one instant share it
        self.spatial = 0
        self.temporal = 0
        self.needed_by = 0  # targets this frame belongs to
        self.switch_to = 0  # targets that decode from here on, if this frame decodes
        self.discardable_for = 0  # targets in which no later frame refers to this one
        self.references: tuple[int, ...] = ()
        self.references_arrived = False  # all packets of those frames came before this packet
        self.starts_frame = False
        self.ends_frame = False
        self.key_frame = False  # the first frame of a coded video sequence
