"""Builders of packets as publishers send them: RTP, dependency descriptors, VP9, VP8."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise


def rtp(  # noqa: PLR0913 - the fields of an RTP header
    payload: bytes = b"media",
    *,
    sequence_number: int = 1,
    timestamp: int = 0,
    ssrc: int = 0x11223344,
    payload_type: int = 96,
    marker: bool = False,
    csrcs: Sequence[int] = (),
    extensions: Mapping[int, bytes] | None = None,
    two_byte: bool | None = None,
    padding: int = 0,
) -> bytes:
    """Build an RTP packet; `extensions` by id, in one-byte form if they fit and nobody objects."""
    block = b"" if extensions is None else extension_block(extensions, two_byte=two_byte)
    first = 0x80 | (0x20 if padding else 0) | (0x10 if block else 0) | len(csrcs)
    header = bytes([first, marker << 7 | payload_type]) + b"".join(
        value.to_bytes(width, "big")
        for value, width in ((sequence_number & 0xFFFF, 2), (timestamp & 0xFFFFFFFF, 4), (ssrc, 4))
    )
    tail = bytes(padding - 1) + bytes([padding]) if padding else b""
    return header + b"".join(csrc.to_bytes(4, "big") for csrc in csrcs) + block + payload + tail


def extension_block(extensions: Mapping[int, bytes], *, two_byte: bool | None = None) -> bytes:
    """Build a whole header extension, its own four bytes included (RFC 8285)."""
    if two_byte is None:
        two_byte = any(i > 14 or not 0 < len(value) <= 16 for i, value in extensions.items())
    body = b"".join(
        (bytes([i, len(value)]) if two_byte else bytes([i << 4 | len(value) - 1])) + value
        for i, value in extensions.items()
    )
    body += bytes(-len(body) % 4)
    return (b"\x10\x00" if two_byte else b"\xbe\xde") + (len(body) // 4).to_bytes(2, "big") + body


class BitWriter:
    """Writes fields of any width, most significant bit first."""

    def __init__(self) -> None:
        self._bits = ""

    def put(self, value: int, width: int) -> None:
        """Append the `width` low bits of `value`."""
        if width:
            self._bits += f"{value:0{width}b}"

    def put_nonsymmetric(self, value: int, count: int) -> None:
        """Append ns(count)."""
        width = count.bit_length()
        short_codes = (1 << width) - count
        if value < short_codes:
            self.put(value, width - 1)
        else:
            self.put(value + short_codes, width)

    def to_bytes(self) -> bytes:
        """Return all, with zero bits to fill the last byte."""
        bits = self._bits + "0" * (-len(self._bits) % 8)
        return bytes(int(bits[i : i + 8], 2) for i in range(0, len(bits), 8))


@dataclass(frozen=True)
class DdTemplate:
    """A frame dependency template, its indications written as in the specification: "S-RD"."""

    spatial: int
    temporal: int
    dtis: str
    chain_diffs: tuple[int, ...] = ()
    frame_diffs: tuple[int, ...] = ()


@dataclass(frozen=True)
class DdStructure:
    """A template dependency structure, and the order in which an encoder uses its templates.

    `cycle[0]` are the templates of a key picture, one per spatial layer; `cycle[1:]` those of the
    pictures that follow it, again and again.
    """

    templates: tuple[DdTemplate, ...]
    protected_by: tuple[int, ...]
    cycle: tuple[tuple[int, ...], ...]
    resolutions: tuple[tuple[int, int], ...] = ()
    template_id_offset: int = 0

    @property
    def chains(self) -> int:
        """How many chains there are."""
        return max(self.protected_by, default=-1) + 1


@dataclass(frozen=True)
class Frame:
    """One layer frame of a stream with a dependency structure; `frame_number` is not wrapped."""

    structure: DdStructure
    frame_number: int
    picture: int
    key_picture: bool
    template: int  # index into structure.templates

    @property
    def spatial(self) -> int:
        """Its spatial layer."""
        return self.structure.templates[self.template].spatial

    @property
    def temporal(self) -> int:
        """Its temporal layer."""
        return self.structure.templates[self.template].temporal

    @property
    def references(self) -> list[int]:
        """The numbers of the frames that it refers to."""
        diffs = self.structure.templates[self.template].frame_diffs
        return [self.frame_number - diff for diff in diffs]

    @property
    def picture_diffs(self) -> list[int]:
        """How many pictures back the frames of its own layer are that it refers to."""
        layers = 1 + self.structure.templates[-1].spatial
        diffs = self.structure.templates[self.template].frame_diffs
        return [diff // layers for diff in diffs if diff % layers == 0]

    def descriptor(self, *, starts: bool = True, ends: bool = True) -> bytes:
        """Build the descriptor of one of its packets; the key picture's first has the structure."""
        attach = starts and self.key_picture and self.template == self.structure.cycle[0][0]
        return descriptor(
            starts=starts,
            ends=ends,
            template_id=self.template + self.structure.template_id_offset,
            frame_number=self.frame_number,
            structure=self.structure if attach else None,
        )


def frames(
    structure: DdStructure,
    pictures: int,
    *,
    first_frame_number: int = 1,
    key_every: int | None = None,
) -> Iterator[Frame]:
    """Yield the layer frames of `pictures` pictures in the order that libwebrtc sends them."""
    frame_number = first_frame_number
    for picture in range(pictures):
        place = picture if key_every is None else picture % key_every
        following = structure.cycle[1:]
        used = following[(place - 1) % len(following)] if place else structure.cycle[0]
        for template in used:
            yield Frame(structure, frame_number, picture, place == 0, template)
            frame_number += 1


def descriptor(  # noqa: PLR0913 - the fields of a dependency descriptor
    *,
    starts: bool = True,
    ends: bool = True,
    template_id: int = 0,
    frame_number: int = 0,
    structure: DdStructure | None = None,
    active: str | None = None,
    dtis: str | None = None,
    frame_diffs: Sequence[int] | None = None,
    chain_diffs: Sequence[int] | None = None,
) -> bytes:
    """Build a dependency descriptor; three bytes long if it has nothing but mandatory fields.

    `active` has a "1" or "0" per decode target, beginning with target 0.
    """
    bits = BitWriter()
    bits.put(starts, 1)
    bits.put(ends, 1)
    bits.put(template_id % 64, 6)
    bits.put(frame_number & 0xFFFF, 16)
    extended = (structure, active, dtis, frame_diffs, chain_diffs)
    if all(field is None for field in extended):
        return bits.to_bytes()
    for field in extended:
        bits.put(field is not None, 1)
    if structure is not None:
        _put_structure(bits, structure)
    for target in reversed(active or ""):
        bits.put(int(target), 1)
    _put_dtis(bits, dtis or "")
    if frame_diffs is not None:
        for diff in frame_diffs:
            size = (max(diff - 1, 1).bit_length() + 3) // 4
            bits.put(size, 2)
            bits.put(diff - 1, 4 * size)
        bits.put(0, 2)
    for diff in chain_diffs or ():
        bits.put(diff, 8)
    return bits.to_bytes()


def _put_structure(bits: BitWriter, structure: DdStructure) -> None:
    templates = structure.templates
    bits.put(structure.template_id_offset, 6)
    bits.put(len(templates[0].dtis) - 1, 5)
    for this, following in pairwise(templates):
        same = (this.spatial, this.temporal) == (following.spatial, following.temporal)
        bits.put(0 if same else 1 if this.spatial == following.spatial else 2, 2)
    bits.put(3, 2)
    for template in templates:
        _put_dtis(bits, template.dtis)
    for template in templates:
        for diff in template.frame_diffs:
            bits.put(1, 1)
            bits.put(diff - 1, 4)
        bits.put(0, 1)
    bits.put_nonsymmetric(structure.chains, len(templates[0].dtis) + 1)
    for chain in structure.protected_by:
        bits.put_nonsymmetric(chain, structure.chains)
    for template in templates:
        for diff in template.chain_diffs:
            bits.put(diff, 4)
    bits.put(bool(structure.resolutions), 1)
    for width, height in structure.resolutions:
        bits.put(width - 1, 16)
        bits.put(height - 1, 16)


def _put_dtis(bits: BitWriter, dtis: str) -> None:
    for dti in dtis:
        bits.put("-DSR".index(dti), 2)


def vp9(  # noqa: PLR0913 - the fields of a VP9 payload descriptor
    payload: bytes = b"media",
    *,
    picture_id: int | None = 1,
    wide: bool = True,
    inter_predicted: bool = False,
    flexible: bool = True,
    starts: bool = True,
    ends: bool = True,
    not_inter_layer_reference: bool = False,
    layers: tuple[int, int] | None = (0, 0),
    switching_up: bool = False,
    inter_layer_dependent: bool = False,
    tl0picidx: int = 0,
    picture_diffs: Sequence[int] = (),
    scalability_structure: bytes = b"",
) -> bytes:
    """Build a VP9 payload; `layers` are its (spatial, temporal) id (RFC 9628 section 4.2)."""
    flags = (
        picture_id is not None,
        inter_predicted,
        layers is not None,
        flexible,
        starts,
        ends,
        scalability_structure != b"",
        not_inter_layer_reference,
    )
    built = bytes([sum(flag << 7 - place for place, flag in enumerate(flags))])
    if picture_id is not None:
        built += _picture_id(picture_id, wide=wide)
    if layers is not None:
        spatial, temporal = layers
        built += bytes([temporal << 5 | switching_up << 4 | spatial << 1 | inter_layer_dependent])
        built += b"" if flexible else bytes([tl0picidx])
    for left, diff in zip(reversed(range(len(picture_diffs))), picture_diffs, strict=True):
        built += bytes([diff << 1 | (left > 0)])
    return built + scalability_structure + payload


def vp9_scalability_structure(
    spatial_layers: int,
    sizes: Sequence[tuple[int, int]] = (),
    group: Sequence[tuple[int, bool, Sequence[int]]] = (),
) -> bytes:
    """Build a scalability structure; `group` has (temporal id, switching up, picture diffs)."""
    built = bytes([spatial_layers - 1 << 5 | bool(sizes) << 4 | bool(group) << 3])
    for width, height in sizes:
        built += width.to_bytes(2, "big") + height.to_bytes(2, "big")
    if group:
        built += bytes([len(group)])
    for temporal, switching_up, diffs in group:
        built += bytes([temporal << 5 | switching_up << 4 | len(diffs) << 2, *diffs])
    return built


def vp8(  # noqa: PLR0913 - the fields of a VP8 payload descriptor
    payload: bytes | None = None,
    *,
    picture_id: int | None = 1,
    wide: bool = True,
    tl0picidx: int | None = None,
    temporal: int | None = None,
    layer_sync: bool = False,
    starts_frame: bool = True,
    key_frame: bool = False,
    non_reference: bool = False,
) -> bytes:
    """Build a VP8 payload (RFC 7741 section 4.2) whose first media byte says if it is a key."""
    if payload is None:
        payload = bytes([0x10 | (not key_frame)]) + b"media"
    extended = (picture_id is not None, tl0picidx is not None, temporal is not None)
    built = bytes([any(extended) << 7 | non_reference << 5 | starts_frame << 4])
    if any(extended):
        built += bytes([sum(flag << 7 - place for place, flag in enumerate(extended))])
    if picture_id is not None:
        built += _picture_id(picture_id, wide=wide)
    if tl0picidx is not None:
        built += bytes([tl0picidx])
    if temporal is not None:
        built += bytes([temporal << 6 | layer_sync << 5])
    return built + payload


def _picture_id(picture_id: int, *, wide: bool) -> bytes:
    return (picture_id | 0x8000).to_bytes(2, "big") if wide else bytes([picture_id])


L1T1 = DdStructure(
    templates=(DdTemplate(0, 0, "S", (0,)), DdTemplate(0, 0, "S", (1,), (1,))),
    protected_by=(0,),
    cycle=((0,), (1,)),
)
L1T2 = DdStructure(
    templates=(
        DdTemplate(0, 0, "SS", (0,)),
        DdTemplate(0, 0, "SS", (2,), (2,)),
        DdTemplate(0, 1, "-D", (1,), (1,)),
    ),
    protected_by=(0, 0),
    cycle=((0,), (2,), (1,)),
)
L1T3 = DdStructure(
    templates=(
        DdTemplate(0, 0, "SSS", (0,)),
        DdTemplate(0, 0, "SSS", (4,), (4,)),
        DdTemplate(0, 1, "-DS", (2,), (2,)),
        DdTemplate(0, 2, "--D", (1,), (1,)),
        DdTemplate(0, 2, "--D", (3,), (1,)),
    ),
    protected_by=(0, 0, 0),
    cycle=((0,), (3,), (2,), (4,), (1,)),
)
L3T3 = DdStructure(
    templates=(
        DdTemplate(0, 0, "SSSRRRRRR", (12, 11, 10), (12,)),
        DdTemplate(0, 0, "SSSSSSSSS", (0, 0, 0)),
        DdTemplate(0, 1, "-DS-RR-RR", (6, 5, 4), (6,)),
        DdTemplate(0, 2, "--D--R--R", (3, 2, 1), (3,)),
        DdTemplate(0, 2, "--D--R--R", (9, 8, 7), (3,)),
        DdTemplate(1, 0, "---SSSRRR", (1, 1, 1), (12, 1)),
        DdTemplate(1, 0, "---SSSSSS", (1, 1, 1), (1,)),
        DdTemplate(1, 1, "----DS-RR", (7, 6, 5), (6, 1)),
        DdTemplate(1, 2, "-----D--R", (4, 3, 2), (3, 1)),
        DdTemplate(1, 2, "-----D--R", (10, 9, 8), (3, 1)),
        DdTemplate(2, 0, "------SSS", (2, 1, 1), (12, 1)),
        DdTemplate(2, 0, "------SSS", (2, 1, 1), (1,)),
        DdTemplate(2, 1, "-------DS", (8, 7, 6), (6, 1)),
        DdTemplate(2, 2, "--------D", (5, 4, 3), (3, 1)),
        DdTemplate(2, 2, "--------D", (11, 10, 9), (3, 1)),
    ),
    protected_by=(0, 0, 0, 1, 1, 1, 2, 2, 2),
    cycle=((1, 6, 11), (3, 8, 13), (2, 7, 12), (4, 9, 14), (0, 5, 10)),
    resolutions=((320, 180), (640, 360), (1280, 720)),
)
"""Full SVC as in A.10.2.2 of the AV1 RTP specification, its targets in libwebrtc's order."""

L3T3_KEY = DdStructure(
    templates=(
        DdTemplate(0, 0, "SSSSSSSSS", (0, 0, 0)),
        DdTemplate(0, 0, "SSS------", (12, 11, 10), (12,)),
        DdTemplate(0, 1, "-DS------", (6, 5, 4), (6,)),
        DdTemplate(0, 2, "--D------", (3, 2, 1), (3,)),
        DdTemplate(0, 2, "--D------", (9, 8, 7), (3,)),
        DdTemplate(1, 0, "---SSSSSS", (1, 1, 1), (1,)),
        DdTemplate(1, 0, "---SSS---", (1, 12, 11), (12,)),
        DdTemplate(1, 1, "----DS---", (7, 6, 5), (6,)),
        DdTemplate(1, 2, "-----D---", (4, 3, 2), (3,)),
        DdTemplate(1, 2, "-----D---", (10, 9, 8), (3,)),
        DdTemplate(2, 0, "------SSS", (2, 1, 1), (1,)),
        DdTemplate(2, 0, "------SSS", (2, 1, 12), (12,)),
        DdTemplate(2, 1, "-------DS", (8, 7, 6), (6,)),
        DdTemplate(2, 2, "--------D", (5, 4, 3), (3,)),
        DdTemplate(2, 2, "--------D", (11, 10, 9), (3,)),
    ),
    protected_by=(0, 0, 0, 1, 1, 1, 2, 2, 2),
    cycle=((0, 5, 10), (3, 8, 13), (2, 7, 12), (4, 9, 14), (1, 6, 11)),
    resolutions=((320, 180), (640, 360), (1280, 720)),
)
"""Spatial layers that depend on each other in key pictures only, as libwebrtc sends it."""
