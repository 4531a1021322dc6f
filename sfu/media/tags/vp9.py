"""Tags from the VP9 payload descriptor (RFC 9628), for streams without dependency descriptor."""

from typing import Final

from sfu.media.layers import Ladder
from sfu.media.packet import Packet
from sfu.media.tags.frames import Counter, FrameNumbers
from sfu.media.tags.implied import ImpliedReferences
from sfu.media.tags.reader import UPWARDS, WITHIN
from sfu.wire.payload.tag import SPATIAL_LAYERS, target_bit
from sfu.wire.payload.vp9 import GroupPicture, ScalabilityStructure, Vp9Descriptor, parse_vp9

SILENT_PICTURES: Final = 15
"""So many pictures without a frame of a spatial layer, and the layer counts as not being sent."""


class Vp9Reader:
    """Tells full SVC, K-SVC and single layers apart by the descriptor's bits alone.

    A layer frame has the number of its picture times SPATIAL_LAYERS, plus its layer. Encoders
    let no frame of a higher temporal layer refer to anything before the last T0 frame, though
    nothing obliges them: as long as none was seen to, a T0 frame counts as a point to switch up.
    """

    __slots__ = (
        "_bases",
        "_count",
        "_crossing",
        "_descriptor",
        "_frame",
        "_implied",
        "_ladder",
        "_picture",
        "_pictures",
        "_references",
        "_seen",
        "_sizes",
        "_temporal_layers",
        "_unnumbered",
        "_width",
    )

    def __init__(self, ladder: Ladder, *, after: int = -1) -> None:
        """Describe the stream to `ladder`; number frames above `after`."""
        self._ladder = ladder
        self._descriptor = Vp9Descriptor()
        self._width = 15  # bits of a picture id
        self._pictures = Counter(15, after=after // SPATIAL_LAYERS)
        self._unnumbered = FrameNumbers(after=after // SPATIAL_LAYERS)
        self._temporal_layers: list[int] = []  # of each spatial layer
        self._sizes: tuple[tuple[int, int], ...] = ()
        self._implied = [ImpliedReferences(crossing=False) for _ in range(SPATIAL_LAYERS)]
        self._bases = [0] * SPATIAL_LAYERS  # the picture of each layer's last T0 frame
        self._crossing = False  # references across a T0 frame were seen
        self._frame = -1  # the last frame in order, and what it refers to
        self._references: tuple[int, ...] = ()
        self._picture = -1  # the last picture in order, and how many there were
        self._count = 0
        self._seen = [0] * SPATIAL_LAYERS  # by layer: how many pictures there were at its last

    def read(self, packet: Packet) -> None:
        """Fill the tag; MalformedPacket if the descriptor is cut off."""
        view, tag, descriptor = packet.view, packet.tag, self._descriptor
        parse_vp9(view.data, view.payload_offset, view.payload_end, descriptor)
        spatial, temporal = descriptor.spatial, descriptor.temporal
        picture = self._number(packet, descriptor)
        tag.frame = frame = picture * SPATIAL_LAYERS + spatial
        tag.spatial = spatial
        tag.temporal = temporal
        tag.starts_frame = descriptor.starts
        tag.ends_frame = descriptor.ends
        tag.key_frame = not descriptor.inter_predicted and spatial == 0
        alone = descriptor.not_inter_layer_reference
        tag.needed_by = (WITHIN if alone else UPWARDS)[spatial][temporal]
        tag.discardable_for = 0  # nothing says so
        tag.references = ()
        if packet.in_order:
            if not packet.follows:
                for implied in self._implied:
                    implied.interrupt()
            if frame != self._frame:
                self._begin(descriptor, picture, frame)
            tag.references = self._references
        tag.switch_to = self._switch_to(descriptor, tag.needed_by)

    def _number(self, packet: Packet, descriptor: Vp9Descriptor) -> int:
        if descriptor.picture_id < 0:
            return self._unnumbered.number(packet)
        if descriptor.picture_id_bits != self._width:
            self._width = descriptor.picture_id_bits
            self._pictures = Counter(self._width, after=self._pictures.highest)
        return self._pictures.extend(descriptor.picture_id, in_order=packet.in_order)

    def _begin(self, descriptor: Vp9Descriptor, picture: int, frame: int) -> None:
        """Learn from the next frame in order."""
        self._frame = frame
        structure = descriptor.scalability_structure
        if structure is not None:
            self._take(structure)
        self._describe(descriptor.spatial, descriptor.temporal)
        self._listen(descriptor.spatial, picture)
        if not descriptor.inter_predicted and descriptor.spatial == 0:
            self._crossing = structure is not None and crosses(structure.group)
        self._references = self._references_of(descriptor, picture, frame)

    def _take(self, structure: ScalabilityStructure) -> None:
        for layer in range(len(self._temporal_layers), SPATIAL_LAYERS):
            self._seen[layer] = self._count  # until shown otherwise; the others are only announced
        grouped = max((picture.temporal + 1 for picture in structure.group), default=1)
        known = (*self._temporal_layers, *[1] * SPATIAL_LAYERS)
        self._temporal_layers = [max(n, grouped) for n in known[: structure.spatial_layers]]
        self._sizes = structure.sizes
        self._ladder.describe(self._temporal_layers, self._sizes)

    def _describe(self, spatial: int, temporal: int) -> None:
        """Tell the ladder about a layer that was not known before."""
        layers = self._temporal_layers
        if spatial < len(layers) and temporal < layers[spatial]:
            return
        layers.extend([1] * (spatial + 1 - len(layers)))
        layers[spatial] = max(layers[spatial], temporal + 1)
        self._ladder.describe(layers, self._sizes)

    def _listen(self, spatial: int, picture: int) -> None:
        """Tell the ladder which layers are being sent."""
        if picture != self._picture:
            self._picture = picture
            self._count += 1
        self._seen[spatial] = self._count
        active = 0
        for layer in range(len(self._temporal_layers)):
            if self._count - self._seen[layer] < SILENT_PICTURES:
                active |= WITHIN[layer][0]
        self._ladder.activate(active)

    def _references_of(
        self, descriptor: Vp9Descriptor, picture: int, frame: int
    ) -> tuple[int, ...]:
        spatial, temporal = descriptor.spatial, descriptor.temporal
        references: tuple[int, ...] = ()
        implied = self._implied[spatial]
        if not descriptor.inter_predicted:
            implied.begin(frame, descriptor.tl0picidx)
        elif descriptor.flexible:
            pictures = [picture - diff for diff in descriptor.picture_diffs]
            if temporal and min(pictures, default=picture) < self._bases[spatial]:
                self._crossing = True
            references = tuple([number * SPATIAL_LAYERS + spatial for number in pictures])
        else:
            implied.crossing = self._crossing
            sync = descriptor.switching_up
            references = implied.follow(frame, temporal, descriptor.tl0picidx, sync=sync)
        if temporal == 0:
            self._bases[spatial] = picture
        if descriptor.inter_layer_dependent and spatial:
            references = (*references, frame - 1)
        return references

    def _switch_to(self, descriptor: Vp9Descriptor, needed_by: int) -> int:
        spatial, temporal = descriptor.spatial, descriptor.temporal
        if temporal == 0:
            if not descriptor.inter_predicted:
                return needed_by
            return target_bit(spatial, 0) if self._crossing else WITHIN[spatial][0]
        return WITHIN[spatial][temporal] if descriptor.switching_up else 0


def crosses(group: tuple[GroupPicture, ...]) -> bool:
    """Whether a picture of a higher temporal layer refers to one before the last T0 picture.

    `group` repeats for ever (section 4.2.1), so what is before its first picture is its end.
    """
    since_base = 0
    for picture in (*group, *group):
        since_base = since_base + 1 if picture.temporal else 0
        if picture.temporal and max(picture.picture_diffs, default=0) > since_base:
            return True
    return False
