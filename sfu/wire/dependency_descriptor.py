"""AV1 dependency descriptor: template structure, frame dependencies, active decode targets.

"A" sections are those of appendix A of the AV1 RTP specification. All masks of decode targets are
written with `target_bit`, so that they mean the same whatever the structure.
"""

from collections.abc import Iterable, Sequence
from enum import IntEnum
from typing import Final

from sfu.errors import MalformedPacket, StructureMissing
from sfu.wire.bits import BitReader
from sfu.wire.payload.tag import SPATIAL_LAYERS, TEMPORAL_LAYERS, target_bit
from sfu.wire.rtp import Buffer

MANDATORY_BYTES: Final = 3
"""A descriptor of this length has no extended fields: nearly every packet's."""

MAX_TEMPLATES: Final = 64
"""Template ids have six bits."""

MAX_REFERENCES: Final = 16
"""Most frames that we let one frame refer to: no codec here keeps more than 16 (AV1 and VP9: 8)."""

_IDS: Final = 0x3F


class Dti(IntEnum):
    """Decode target indication: what a frame is to a decode target (table A.1)."""

    NOT_PRESENT = 0
    DISCARDABLE = 1
    SWITCH = 2
    REQUIRED = 3


class TargetMasks:
    """The indications of one frame as masks of `target_bit`.

    Should two decode targets show the same highest layer, the more careful indication counts.
    """

    __slots__ = ("discardable_for", "needed_by", "switch_to")

    def __init__(self, dtis: Sequence[int], target_bits: Sequence[int]) -> None:
        masks = [0, 0, 0, 0]
        for dti, bit in zip(dtis, target_bits, strict=True):
            masks[dti] |= bit
        _, discardable, switch, required = masks
        self.needed_by = discardable | switch | required
        self.switch_to = switch & ~required
        self.discardable_for = discardable & ~switch & ~required


class Template:
    """What the frames that name this template have in common (A.8.1), ready to be used."""

    __slots__ = ("chain_diffs", "dtis", "frame_diffs", "masks", "resolution", "spatial", "temporal")

    def __init__(  # noqa: PLR0913 - the fields of A.8.2
        self,
        *,
        spatial: int,
        temporal: int,
        dtis: tuple[int, ...],
        frame_diffs: tuple[int, ...],
        chain_diffs: tuple[int, ...],
        masks: TargetMasks,
        resolution: tuple[int, int] | None,
    ) -> None:
        self.spatial = spatial
        self.temporal = temporal
        self.dtis = dtis  # one Dti per decode target
        self.frame_diffs = frame_diffs  # frame numbers back to the frames it refers to
        self.chain_diffs = chain_diffs  # per chain, back to its previous frame; 0: none is needed
        self.masks = masks
        self.resolution = resolution  # largest width and height of its spatial layer, if told


class Structure:
    """A template dependency structure (A.8.2): valid for a whole coded video sequence."""

    __slots__ = (
        "all_targets",
        "chains",
        "decode_targets",
        "protected_by",
        "resolutions",
        "target_bits",
        "target_layers",
        "template_id_offset",
        "templates",
    )

    def __init__(  # noqa: PLR0913 - the fields of A.8.2
        self,
        *,
        template_id_offset: int,
        target_layers: tuple[tuple[int, int], ...],
        templates: tuple[Template, ...],
        chains: int,
        protected_by: tuple[int, ...],
        resolutions: tuple[tuple[int, int], ...],
    ) -> None:
        self.template_id_offset = template_id_offset
        self.decode_targets = len(target_layers)
        self.target_layers = target_layers  # (spatial, temporal) of each decode target
        self.target_bits = _bits_of(target_layers)
        self.all_targets = mask_of(self.target_bits)
        self.templates = templates
        self.chains = chains
        self.protected_by = protected_by  # per decode target the index of its chain, if chains
        self.resolutions = resolutions  # (width, height) per spatial layer, or empty


class DependencyDescriptor:
    """The descriptor of one packet: its own fields, then those of its template or its own instead.

    `frame_number` has 16 bits, as received; `frame_diffs` and `chain_diffs` count back from it.
    `active` is None when this packet does not change the set of active decode targets (A.4).
    """

    __slots__ = (
        "active",
        "chain_diffs",
        "discardable_for",
        "dtis",
        "ends_frame",
        "frame_diffs",
        "frame_number",
        "needed_by",
        "resolution",
        "spatial",
        "starts_frame",
        "structure",
        "switch_to",
        "temporal",
    )

    def __init__(self, first: int, frame_number: int, template: Template) -> None:
        masks = template.masks
        self.starts_frame = first >= 0x80  # noqa: PLR2004 - the topmost bit
        self.ends_frame = first & 0x40 != 0
        self.frame_number = frame_number
        self.spatial = template.spatial
        self.temporal = template.temporal
        self.dtis = template.dtis
        self.frame_diffs = template.frame_diffs
        self.chain_diffs = template.chain_diffs
        self.needed_by = masks.needed_by
        self.switch_to = masks.switch_to
        self.discardable_for = masks.discardable_for
        self.resolution = template.resolution
        self.structure: Structure | None = None  # the one that this packet carries
        self.active: int | None = None


def parse_descriptor(
    data: Buffer, offset: int, length: int, structure: Structure | None
) -> DependencyDescriptor:
    """Read a dependency descriptor of `length` bytes at `offset`, which must lie within `data`.

    `structure` is the one in force, needed unless the packet carries its own, which then is the
    result's `structure` and the one to pass from now on. Raises MalformedPacket; StructureMissing
    (a MalformedPacket) when the template cannot be known: its structure was lost, or is late.
    """
    if length < MANDATORY_BYTES:
        raise MalformedPacket("dependency descriptor is shorter than its mandatory fields")
    first = data[offset]
    frame_number = data[offset + 1] << 8 | data[offset + 2]
    if length == MANDATORY_BYTES:
        return DependencyDescriptor(first, frame_number, _template(structure, first))
    bits = BitReader(data, offset + MANDATORY_BYTES, length - MANDATORY_BYTES)
    attached = bits.flag()
    active_follows = bits.flag()
    custom = bits.read(3)
    if attached:
        structure = _read_structure(bits)
    template = _template(structure, first)
    assert structure is not None  # else there was no template
    active = structure.all_targets if attached else None
    if active_follows:
        active = _read_active(bits, structure)
    descriptor = DependencyDescriptor(first, frame_number, template)
    descriptor.structure = structure if attached else None
    descriptor.active = active
    if custom:
        _read_custom(bits, custom, structure, descriptor)
    return descriptor


def mask_of(bits: Iterable[int]) -> int:
    """Unite masks."""
    mask = 0
    for bit in bits:
        mask |= bit
    return mask


def _template(structure: Structure | None, first: int) -> Template:
    if structure is None:
        raise StructureMissing("no template dependency structure yet")
    index = (first - structure.template_id_offset) & _IDS
    if index >= len(structure.templates):
        raise StructureMissing("template is not in the structure in force")
    return structure.templates[index]


def _read_active(bits: BitReader, structure: Structure) -> int:
    """Read active_decode_targets_bitmask, whose lowest bit is decode target 0."""
    bitmask = bits.read(structure.decode_targets)
    return mask_of(bit for index, bit in enumerate(structure.target_bits) if bitmask >> index & 1)


def _read_custom(
    bits: BitReader, custom: int, structure: Structure, descriptor: DependencyDescriptor
) -> None:
    """Read the parts of frame_dependency_definition that replace the template's."""
    if custom & 0b100:
        dtis = _read_dtis(bits, structure.decode_targets)
        masks = TargetMasks(dtis, structure.target_bits)
        descriptor.dtis = dtis
        descriptor.needed_by = masks.needed_by
        descriptor.switch_to = masks.switch_to
        descriptor.discardable_for = masks.discardable_for
    if custom & 0b010:
        descriptor.frame_diffs = _read_frame_diffs(bits)
    if custom & 0b001:
        descriptor.chain_diffs = tuple(bits.read(8) for _ in range(structure.chains))


def _read_frame_diffs(bits: BitReader) -> tuple[int, ...]:
    diffs: list[int] = []
    while size := bits.read(2):
        diffs.append(bits.read(4 * size) + 1)
        _limit_references(diffs)
    return tuple(diffs)


def _read_structure(bits: BitReader) -> Structure:
    template_id_offset = bits.read(6)
    decode_targets = bits.read(5) + 1
    layers = _read_template_layers(bits)
    dtis = [_read_dtis(bits, decode_targets) for _ in layers]
    frame_diffs = [_read_template_diffs(bits) for _ in layers]
    chains = bits.nonsymmetric(decode_targets + 1)
    protected_by = tuple(bits.nonsymmetric(chains) for _ in range(decode_targets if chains else 0))
    chain_diffs = [tuple(bits.read(4) for _ in range(chains)) for _ in layers]
    spatial_layers = layers[-1][0] + 1
    resolutions = _read_resolutions(bits, spatial_layers) if bits.flag() else ()
    target_layers = _target_layers(layers, dtis)
    target_bits = _bits_of(target_layers)
    return Structure(
        template_id_offset=template_id_offset,
        target_layers=target_layers,
        templates=tuple(
            Template(
                spatial=layers[index][0],
                temporal=layers[index][1],
                dtis=dtis[index],
                frame_diffs=frame_diffs[index],
                chain_diffs=chain_diffs[index],
                masks=TargetMasks(dtis[index], target_bits),
                resolution=resolutions[layers[index][0]] if resolutions else None,
            )
            for index in range(len(layers))
        ),
        chains=chains,
        protected_by=protected_by,
        resolutions=resolutions,
    )


def _read_template_layers(bits: BitReader) -> list[tuple[int, int]]:
    """Read template_layers: the (spatial, temporal) id of each template."""
    spatial = temporal = 0
    layers = [(0, 0)]
    while (step := bits.read(2)) != 3:  # noqa: PLR2004 - table A.2: no more templates
        if step == 1:
            temporal += 1
        elif step:
            spatial, temporal = spatial + 1, 0
        if spatial >= SPATIAL_LAYERS or temporal >= TEMPORAL_LAYERS:
            raise MalformedPacket("dependency structure has more layers than there can be")
        layers.append((spatial, temporal))
        if len(layers) > MAX_TEMPLATES:
            raise MalformedPacket("dependency structure has more templates than there are ids")
    return layers


def _read_dtis(bits: BitReader, decode_targets: int) -> tuple[int, ...]:
    return tuple(bits.read(2) for _ in range(decode_targets))


def _read_template_diffs(bits: BitReader) -> tuple[int, ...]:
    diffs: list[int] = []
    while bits.flag():
        diffs.append(bits.read(4) + 1)
        _limit_references(diffs)
    return tuple(diffs)


def _limit_references(diffs: list[int]) -> None:
    if len(diffs) > MAX_REFERENCES:
        raise MalformedPacket("frame refers to more frames than a codec can keep")


def _read_resolutions(bits: BitReader, spatial_layers: int) -> tuple[tuple[int, int], ...]:
    return tuple((bits.read(16) + 1, bits.read(16) + 1) for _ in range(spatial_layers))


def _target_layers(
    layers: Sequence[tuple[int, int]], dtis: Sequence[tuple[int, ...]]
) -> tuple[tuple[int, int], ...]:
    """Tell the highest layer in each decode target: decode_target_layers of A.8.2."""
    targets = []
    for target in range(len(dtis[0])):
        present = [layer for layer, dti in zip(layers, dtis, strict=True) if dti[target]]
        targets.append(
            (
                max((spatial for spatial, _ in present), default=0),
                max((temporal for _, temporal in present), default=0),
            )
        )
    return tuple(targets)


def _bits_of(target_layers: Iterable[tuple[int, int]]) -> tuple[int, ...]:
    return tuple(target_bit(spatial, temporal) for spatial, temporal in target_layers)
