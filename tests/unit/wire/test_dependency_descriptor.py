"""Dependency descriptor: the specification's structures, and any bytes."""

import contextlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.errors import MalformedPacket, StructureMissing
from sfu.wire.dependency_descriptor import (
    MAX_REFERENCES,
    MAX_TEMPLATES,
    DependencyDescriptor,
    Dti,
    Structure,
    parse_descriptor,
)
from sfu.wire.payload.tag import target_bit
from tests.support.packets import (
    L1T1,
    L1T2,
    L1T3,
    L3T3,
    L3T3_KEY,
    BitWriter,
    DdStructure,
    DdTemplate,
    descriptor,
    frames,
)


def parse(data: bytes, structure: Structure | None = None) -> DependencyDescriptor:
    """Parse all of `data`."""
    return parse_descriptor(data, 0, len(data), structure)


def received(structure: DdStructure) -> Structure:
    """Return `structure` as a receiver knows it after a key frame."""
    template_id = structure.template_id_offset
    parsed = parse(descriptor(template_id=template_id, structure=structure)).structure
    assert parsed is not None
    return parsed


def mask(*targets: str) -> int:
    """Unite target bits, written like S1T2."""
    return sum(target_bit(int(target[1]), int(target[3])) for target in targets)


def symbols(dtis: tuple[int, ...]) -> str:
    """Write indications as table A.1 does."""
    return "".join("-DSR"[dti] for dti in dtis)


# A structure as A.8.2 orders its fields, bit by bit: two temporal layers, one chain.
SPELLED_OUT = (
    "1 0 000101  0000000000101010"  # starts, template 5, frame 42
    "1 0 0 0 0"  # a structure, no active targets, nothing custom
    "000101 00001"  # template ids from 5, two decode targets
    "00 01 11"  # the next template: same layer; next temporal layer; no more
    "10 10  10 10  00 01"  # indications SS, SS, -D
    "0  1 0001 0  1 0000 0"  # frame differences: none; 2; 1
    "10 "  # one chain: ns(3)
    "0000 0010 0001"  # chain differences; what protects a target takes ns(1), no bits
    "1 0000001001111111 0000000010110011"  # 640x180
)


def test_reads_a_structure_spelled_out_in_bits() -> None:
    """Fields come in the order and with the widths of A.8.2."""
    bits = SPELLED_OUT.replace(" ", "")
    data = int(bits.ljust(-(-len(bits) // 8) * 8, "0"), 2).to_bytes(-(-len(bits) // 8), "big")
    found = parse(data)
    assert (found.starts_frame, found.ends_frame, found.frame_number) == (True, False, 42)
    assert found.structure is not None
    assert found.structure.template_id_offset == 5
    assert found.structure.target_layers == ((0, 0), (0, 1))
    assert [symbols(template.dtis) for template in found.structure.templates] == ["SS", "SS", "-D"]
    assert [template.frame_diffs for template in found.structure.templates] == [(), (2,), (1,)]
    assert [template.chain_diffs for template in found.structure.templates] == [(0,), (2,), (1,)]
    assert (found.structure.chains, found.structure.protected_by) == (1, (0, 0))
    assert found.structure.resolutions == ((640, 180),)
    assert found.resolution == (640, 180)


def test_indications_have_the_values_of_table_a1() -> None:
    """The two bits on the wire are the number of the indication."""
    assert [dti.name[0] for dti in (Dti(0), Dti(1), Dti(2), Dti(3))] == ["N", "D", "S", "R"]


@pytest.mark.parametrize(
    ("structure", "length"),
    [
        pytest.param(L3T3, 95, id="L3T3"),
        pytest.param(L3T3_KEY, 90, id="L3T3_KEY"),
        pytest.param(replace(L1T3, resolutions=((1280, 720),)), 20, id="L1T3"),
        pytest.param(L1T2, 11, id="L1T2"),
        pytest.param(L1T1, 9, id="L1T1"),
        pytest.param(replace(L3T3, template_id_offset=60), 95, id="template ids wrap"),
        pytest.param(
            DdStructure((DdTemplate(0, 0, "S"),), protected_by=(), cycle=((0,),)), 6, id="no chains"
        ),
    ],
)
def test_reads_the_structures_that_browsers_send(structure: DdStructure, length: int) -> None:
    """All that a structure says comes back; the lengths are those measured in Chromium."""
    data = descriptor(template_id=structure.template_id_offset, structure=structure)
    found = parse(data).structure
    assert len(data) == length
    assert found is not None
    assert found.template_id_offset == structure.template_id_offset
    assert (found.chains, found.protected_by) == (structure.chains, structure.protected_by)
    assert found.resolutions == structure.resolutions
    assert found.decode_targets == len(structure.templates[0].dtis)
    for read, sent in zip(found.templates, structure.templates, strict=True):
        assert (read.spatial, read.temporal) == (sent.spatial, sent.temporal)
        assert symbols(read.dtis) == sent.dtis
        assert (read.frame_diffs, read.chain_diffs) == (sent.frame_diffs, sent.chain_diffs)


@pytest.mark.parametrize("structure", [L1T3, L3T3, L3T3_KEY])
def test_three_bytes_name_a_template(structure: DdStructure) -> None:
    """Packets without extended fields take all from the structure in force."""
    known = received(structure)
    for frame in frames(structure, 6, first_frame_number=65530):
        found = parse(frame.descriptor(ends=False), known)
        sent = structure.templates[frame.template]
        assert (found.starts_frame, found.ends_frame) == (True, False)
        assert found.frame_number == frame.frame_number % 65536
        assert (found.spatial, found.temporal) == (sent.spatial, sent.temporal)
        assert symbols(found.dtis) == sent.dtis
        assert (found.frame_diffs, found.chain_diffs) == (sent.frame_diffs, sent.chain_diffs)
        if frame.picture:
            assert (found.structure, found.active) == (None, None)


def test_decode_targets_are_named_by_their_highest_layer() -> None:
    """Target i of libwebrtc's L3T3 shows S{i // 3}T{i % 3}; the mask has them all."""
    structure = received(L3T3)
    assert structure.target_layers == tuple((i // 3, i % 3) for i in range(9))
    assert structure.all_targets == mask(*(f"S{i // 3}T{i % 3}" for i in range(9)))


def test_targets_keep_their_meaning_in_another_order() -> None:
    """The example L1T3 of A.10.2.1 lists the highest frame rate first."""
    example = replace(L1T3, templates=tuple(replace(t, dtis=t.dtis[::-1]) for t in L1T3.templates))
    found = parse(descriptor(template_id=2), received(example))
    assert found.needed_by == mask("S0T1", "S0T2")
    assert (found.switch_to, found.discardable_for) == (mask("S0T2"), mask("S0T1"))


@pytest.mark.parametrize(
    ("structure", "template", "needed_by", "switch_to", "discardable_for"),
    [
        pytest.param(
            L3T3,
            2,
            mask("S0T1", "S0T2", "S1T1", "S1T2", "S2T1", "S2T2"),
            mask("S0T2"),
            mask("S0T1"),
            id="full SVC: S0T1 is needed above",
        ),
        pytest.param(
            L3T3_KEY, 2, mask("S0T1", "S0T2"), mask("S0T2"), mask("S0T1"), id="K-SVC: it is not"
        ),
        pytest.param(
            L3T3_KEY,
            5,
            mask("S1T0", "S1T1", "S1T2", "S2T0", "S2T1", "S2T2"),
            mask("S1T0", "S1T1", "S1T2", "S2T0", "S2T1", "S2T2"),
            0,
            id="K-SVC: S1 of a key picture",
        ),
        pytest.param(L3T3, 13, mask("S2T2"), 0, mask("S2T2"), id="the topmost frame"),
    ],
)
def test_indications_become_masks(
    structure: DdStructure, template: int, needed_by: int, switch_to: int, discardable_for: int
) -> None:
    """A frame tells who needs it, who may enter there and who could do without it later."""
    found = parse(descriptor(template_id=template), received(structure))
    assert found.needed_by == needed_by
    assert found.switch_to == switch_to
    assert found.discardable_for == discardable_for


@pytest.mark.parametrize(
    ("dtis", "needed_by", "switch_to", "discardable_for"),
    [
        ("--", 0, 0, 0),
        ("-S", 1, 1, 0),
        ("DS", 1, 1, 0),
        ("DR", 1, 0, 0),
        ("SR", 1, 0, 0),
        ("DD", 1, 0, 1),
    ],
)
def test_the_more_careful_of_two_indications_counts(
    dtis: str, needed_by: int, switch_to: int, discardable_for: int
) -> None:
    """Two decode targets with the same highest layer share a bit of the masks."""
    twins = DdStructure((DdTemplate(0, 0, "RR"),), protected_by=(), cycle=((0,),))
    found = parse(descriptor(dtis=dtis), received(twins))
    assert (found.needed_by, found.switch_to) == (needed_by, switch_to)
    assert found.discardable_for == discardable_for


def test_a_structure_activates_all_its_targets() -> None:
    """A.4: without a bitmask, the packet with a structure says that all are being sent."""
    assert parse(descriptor(template_id=1, structure=L1T2)).active == mask("S0T0", "S0T1")


@pytest.mark.parametrize("attached", [False, True])
def test_active_targets_are_named_by_layer(*, attached: bool) -> None:
    """The bitmask's lowest bit is decode target 0; other fields follow it."""
    data = descriptor(
        structure=L3T3_KEY if attached else None, active="111110000", frame_diffs=[300]
    )
    found = parse(data, received(L3T3))
    assert found.active == mask("S0T0", "S0T1", "S0T2", "S1T0", "S1T1")
    assert found.frame_diffs == (300,)


def test_a_frame_may_differ_from_its_template() -> None:
    """Custom indications, frame and chain differences replace the template's, the rest stays."""
    found = parse(
        descriptor(
            template_id=2,
            dtis="RS-------",
            frame_diffs=[1, 16, 17, 256, 257, 4096],
            chain_diffs=[255, 0, 7],
        ),
        received(L3T3),
    )
    assert (found.spatial, found.temporal, found.resolution) == (0, 1, (320, 180))
    assert symbols(found.dtis) == "RS-------"
    assert (found.needed_by, found.switch_to) == (mask("S0T0", "S0T1"), mask("S0T1"))
    assert found.discardable_for == 0
    assert found.frame_diffs == (1, 16, 17, 256, 257, 4096)
    assert found.chain_diffs == (255, 0, 7)


def test_reads_at_an_offset() -> None:
    """A descriptor is read where the extension lies in the packet, and no further."""
    data = descriptor(structure=L1T2, template_id=1, frame_number=9)
    found = parse_descriptor(b"\xff" * 7 + data + b"\xff" * 7, 7, len(data), None)
    assert (found.frame_number, found.active) == (9, 3)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(descriptor(template_id=3), id="three bytes"),
        pytest.param(descriptor(template_id=3, active="11"), id="extended"),
        pytest.param(descriptor(template_id=3, structure=L1T2), id="not in its own structure"),
    ],
)
def test_a_template_that_is_not_known_is_told_apart(data: bytes) -> None:
    """A lost or late structure is no broken packet: the tagger asks for a key frame instead."""
    with pytest.raises(StructureMissing):
        parse(data, received(L1T2))


@pytest.mark.parametrize("data", [descriptor(), descriptor(active="1")])
def test_nothing_is_known_before_the_first_structure(data: bytes) -> None:
    """A packet before the first key frame raises the same error."""
    with pytest.raises(StructureMissing):
        parse(data)


def structure_bits(*steps: int) -> bytes:
    """Begin a structure of one decode target whose templates follow these next_layer_idc."""
    bits = BitWriter()
    bits.put(0, 24)
    bits.put(0b10000, 5)
    bits.put(0, 11)
    for step in steps:
        bits.put(step, 2)
    return bits.to_bytes() + bytes(99)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"\xc0\x00", id="two bytes"),
        pytest.param(descriptor(structure=L3T3)[:-1], id="cut off"),
        pytest.param(structure_bits(*[1] * 8, 3), id="nine temporal layers"),
        pytest.param(structure_bits(*[2] * 4, 3), id="five spatial layers"),
        pytest.param(structure_bits(*[0] * MAX_TEMPLATES, 3), id="65 templates"),
        pytest.param(
            descriptor(
                structure=replace(L1T1, templates=(DdTemplate(0, 0, "S", (0,), (1,) * 17),))
            ),
            id="a template with 17 references",
        ),
        pytest.param(descriptor(frame_diffs=[1] * 17), id="a frame with 17 references"),
        pytest.param(descriptor(frame_diffs=[1] * 16)[:-1], id="endless references"),
    ],
)
def test_refuses(data: bytes) -> None:
    """What breaks off, or exceeds the limits of the format or of codecs, is refused."""
    with pytest.raises(MalformedPacket) as refused:
        parse(data, received(L1T1))
    assert type(refused.value) is MalformedPacket


def test_allows_as_much_as_there_can_be() -> None:
    """The limits themselves are within the limits."""
    deep = tuple(DdTemplate(s, t, "S") for s in range(4) for t in range(8))
    wide = tuple(DdTemplate(0, 0, "S") for _ in range(MAX_TEMPLATES))
    for templates in (deep, wide):
        found = received(DdStructure(templates, protected_by=(), cycle=((0,),)))
        assert len(found.templates) == len(templates)
    found_frame = parse(descriptor(frame_diffs=range(1, MAX_REFERENCES + 1)), received(L1T1))
    assert len(found_frame.frame_diffs) == MAX_REFERENCES


@given(
    st.binary(max_size=255) | st.binary(max_size=255).map(lambda tail: b"\xc0\x00\x07" + tail),
    st.sampled_from([None, L1T3, L3T3, L3T3_KEY]),
)
def test_any_bytes_parse_or_are_refused(data: bytes, in_force: DdStructure | None) -> None:
    """Bytes become a bounded descriptor or raise MalformedPacket, nothing else."""
    structure = None if in_force is None else received(in_force)
    with contextlib.suppress(MalformedPacket):
        found = parse(data, structure)
        used = found.structure or structure
        assert used is not None
        assert len(used.templates) <= MAX_TEMPLATES
        assert len(found.dtis) == used.decode_targets <= 32
        assert len(found.chain_diffs) == used.chains <= 32
        assert len(found.frame_diffs) <= MAX_REFERENCES
        assert found.needed_by | used.all_targets == used.all_targets
        assert (found.switch_to | found.discardable_for) & ~found.needed_by == 0


@st.composite
def structures(draw: st.DrawFn) -> DdStructure:
    """Draw any structure that a descriptor can hold."""
    layers = [(0, 0)]
    for step in draw(st.lists(st.integers(0, 2), max_size=9)):
        spatial, temporal = layers[-1]
        following = ((spatial, temporal), (spatial, temporal + 1), (spatial + 1, 0))[step]
        if following[0] < 4 and following[1] < 8:
            layers.append(following)
    targets = draw(st.integers(1, 32))
    chain = st.integers(0, targets - 1)
    protected_by = tuple(
        draw(st.just([]) | st.lists(chain, min_size=targets, max_size=targets)),
    )
    chains = max(protected_by, default=-1) + 1
    diffs = st.lists(st.integers(0, 15), min_size=chains, max_size=chains).map(tuple)
    dtis = st.text("-DSR", min_size=targets, max_size=targets)
    references = st.lists(st.integers(1, 16), max_size=4).map(tuple)
    templates = tuple(
        DdTemplate(*layer, draw(dtis), draw(diffs), draw(references)) for layer in layers
    )
    size = st.integers(1, 65536)
    sizes = [(draw(size), draw(size)) for _ in range(layers[-1][0] + 1)]
    return DdStructure(
        templates,
        protected_by,
        cycle=((0,),),
        resolutions=tuple(sizes) if draw(st.booleans()) else (),
        template_id_offset=draw(st.integers(0, 63)),
    )


@given(structures(), st.integers(0, 65535), st.data())
def test_reads_what_was_written(structure: DdStructure, number: int, data: st.DataObject) -> None:
    """Any structure comes back, and any of its templates is found by its id, modulo 64."""
    index = data.draw(st.integers(0, len(structure.templates) - 1))
    template_id = structure.template_id_offset + index
    found = parse(descriptor(template_id=template_id, frame_number=number, structure=structure))
    sent = structure.templates[index]
    assert found.frame_number == number
    assert (found.spatial, found.temporal) == (sent.spatial, sent.temporal)
    assert symbols(found.dtis) == sent.dtis
    assert (found.frame_diffs, found.chain_diffs) == (sent.frame_diffs, sent.chain_diffs)
    assert found.structure is not None
    assert found.structure.protected_by == structure.protected_by
    assert found.structure.resolutions == structure.resolutions
    assert found.resolution == dict(enumerate(structure.resolutions)).get(sent.spatial)
