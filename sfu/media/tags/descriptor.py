"""Tags from the dependency descriptor, the same for every codec."""

from typing import Final

from sfu.media.layers import Ladder
from sfu.media.packet import Packet
from sfu.media.tags.frames import Counter
from sfu.wire.dependency_descriptor import Structure, parse_descriptor
from sfu.wire.extensions import Extension
from sfu.wire.payload.tag import SPATIAL_LAYERS

_DESCRIPTOR: Final = Extension.DEPENDENCY_DESCRIPTOR


class DescriptorReader:
    """Keeps the structure of the last two key frames, and the numbers of their frames.

    A late packet of before a key frame is read with the structure of before.
    """

    __slots__ = (
        "_active_since",
        "_before",
        "_frames",
        "_key_frame",
        "_ladder",
        "_since",
        "_structure",
    )

    def __init__(self, ladder: Ladder, *, after: int = -1) -> None:
        """Describe the stream to `ladder`; number frames above `after`."""
        self._ladder = ladder
        self._frames = Counter(16, after=after)
        self._structure: Structure | None = None
        self._before: Structure | None = None
        self._since = -1  # sequence number of the packet that carried the structure
        self._key_frame = -1  # number of the frame that did
        self._active_since = -1  # number of the frame that told which targets are active

    def read(self, packet: Packet) -> None:
        """Fill the tag; MalformedPacket, or StructureMissing if no structure came yet."""
        found, tag = packet.found, packet.tag
        structure = self._structure if packet.sequence >= self._since else self._before
        descriptor = parse_descriptor(
            packet.view.data, found.offset[_DESCRIPTOR], found.length[_DESCRIPTOR], structure
        )
        frame = self._frames.extend(descriptor.frame_number, in_order=packet.in_order)
        if descriptor.structure is not None and packet.sequence > self._since:
            self._take(descriptor.structure, packet.sequence, frame)
        if descriptor.active is not None and frame >= self._active_since:
            self._active_since = frame
            self._ladder.activate(descriptor.active)
        tag.frame = frame
        tag.spatial = descriptor.spatial
        tag.temporal = descriptor.temporal
        tag.needed_by = descriptor.needed_by
        tag.switch_to = descriptor.switch_to
        tag.discardable_for = descriptor.discardable_for
        tag.references = tuple([frame - diff for diff in descriptor.frame_diffs])
        tag.starts_frame = descriptor.starts_frame
        tag.ends_frame = descriptor.ends_frame
        tag.key_frame = frame == self._key_frame

    def _take(self, structure: Structure, sequence: int, frame: int) -> None:
        """A coded video sequence begins here (section A.8.2)."""
        self._before, self._structure = self._structure, structure
        self._since = sequence
        self._key_frame = frame
        temporal_layers = [0] * SPATIAL_LAYERS
        for spatial, temporal in structure.target_layers:
            temporal_layers[spatial] = max(temporal_layers[spatial], temporal + 1)
        while not temporal_layers[-1]:
            temporal_layers.pop()
        self._ladder.describe(temporal_layers, structure.resolutions[: len(temporal_layers)])
