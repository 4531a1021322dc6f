"""VP9 payload descriptor: the figures of RFC 9628, and any bytes."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.errors import MalformedPacket
from sfu.wire.payload.vp9 import (
    GroupPicture,
    ScalabilityStructure,
    Vp9Descriptor,
    parse_vp9,
)
from tests.support.packets import vp9, vp9_scalability_structure

SIZES = ((320, 180), (640, 360), (1280, 720))
# Every optional field at once: wide picture id 0x1234, S2T1, two references, three sizes.
EVERYTHING = bytes.fromhex("ff 9234 35 0308 50 014000b4 02800168 050002d0")


def parse(payload: bytes, into: Vp9Descriptor | None = None) -> Vp9Descriptor:
    """Parse a payload that lies between other bytes."""
    into = into or Vp9Descriptor()
    parse_vp9(b"\xff\xff" + payload + b"\xff" * 600, 2, 2 + len(payload), into)
    return into


def test_reads_every_field_of_flexible_mode() -> None:
    """Fields are where RFC 9628 section 4.2 draws them for F=1."""
    found = parse(EVERYTHING + b"media")
    assert (found.picture_id, found.picture_id_bits) == (0x1234, 15)
    assert (found.inter_predicted, found.layered, found.flexible) == (True, True, True)
    assert (found.starts, found.ends, found.not_inter_layer_reference) == (True, True, True)
    assert (found.temporal, found.switching_up) == (1, True)
    assert (found.spatial, found.inter_layer_dependent) == (2, True)
    assert found.tl0picidx == -1
    assert found.picture_diffs == (1, 4)
    assert found.scalability_structure == ScalabilityStructure(3, SIZES, ())
    assert found.length == len(EVERYTHING)


def test_reads_every_field_of_non_flexible_mode() -> None:
    """For F=0 the layer indices bring TL0PICIDX, and references are in a picture group."""
    found = parse(bytes.fromhex("aa 45 40 07 08 02 00 5401") + b"media")
    assert (found.picture_id, found.picture_id_bits) == (0x45, 7)
    assert (found.inter_predicted, found.flexible) == (False, False)
    assert (found.temporal, found.switching_up, found.spatial) == (2, False, 0)
    assert found.tl0picidx == 7
    assert found.picture_diffs == ()
    first = GroupPicture(temporal=0, switching_up=False, picture_diffs=())
    second = GroupPicture(temporal=2, switching_up=True, picture_diffs=(1,))
    assert found.scalability_structure == ScalabilityStructure(1, (), (first, second))
    assert found.length == 9


def test_forgets_the_packet_before() -> None:
    """A reused descriptor has no field of an earlier packet that this one lacks."""
    found = parse(EVERYTHING + b"media")
    parse(bytes([0]) + b"media", found)
    fresh = Vp9Descriptor()
    fresh.length = 1
    assert all(getattr(found, name) == getattr(fresh, name) for name in Vp9Descriptor.__slots__)


@pytest.mark.parametrize("length", range(len(EVERYTHING) + 1))
def test_refuses_a_descriptor_that_breaks_off(length: int) -> None:
    """Wherever the payload ends, the bytes that follow it are not taken for its own."""
    with pytest.raises(MalformedPacket):
        parse(EVERYTHING[:length])


@pytest.mark.parametrize("length", range(len(EVERYTHING) + 1))
def test_refuses_a_descriptor_at_the_end_of_the_data(length: int) -> None:
    """The same without bytes that follow."""
    with pytest.raises(MalformedPacket):
        parse_vp9(EVERYTHING[:length], 0, length, Vp9Descriptor())


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(
            vp9(inter_predicted=True, picture_diffs=[1, 2, 3, 4]), id="four reference pictures"
        ),
        pytest.param(vp9(inter_predicted=True, picture_diffs=[0]), id="refers to itself"),
        pytest.param(
            vp9(scalability_structure=vp9_scalability_structure(1, group=[(0, False, [0])])),
            id="refers to itself in the group",
        ),
        pytest.param(vp9(layers=(4, 0)), id="fifth spatial layer"),
        pytest.param(
            vp9(scalability_structure=vp9_scalability_structure(5)), id="five spatial layers"
        ),
    ],
)
def test_refuses(payload: bytes) -> None:
    """References that cannot be, and layers that we do not route, are refused."""
    with pytest.raises(MalformedPacket):
        parse(payload)


@given(st.binary(max_size=60))
def test_any_bytes_parse_or_are_refused(data: bytes) -> None:
    """A payload becomes a descriptor shorter than itself or raises MalformedPacket."""
    found = Vp9Descriptor()
    with contextlib.suppress(MalformedPacket):
        parse(data, found)
        assert 0 < found.length < len(data)
        assert len(found.picture_diffs) <= 3


@given(
    picture_id=st.none() | st.integers(0, 127),
    wide=st.booleans(),
    flags=st.tuples(*[st.booleans()] * 7),
    layers=st.none() | st.tuples(st.integers(0, 3), st.integers(0, 7)),
    tl0picidx=st.integers(0, 255),
    diffs=st.lists(st.integers(1, 127), min_size=1, max_size=3),
    sizes=st.just([]) | st.lists(st.tuples(*[st.integers(0, 65535)] * 2), min_size=2, max_size=2),
    group=st.lists(
        st.tuples(
            st.integers(0, 7), st.booleans(), st.lists(st.integers(1, 255), max_size=3).map(tuple)
        ),
        max_size=9,
    ),
)
def test_reads_what_was_written(  # noqa: PLR0913 - the fields of a VP9 payload descriptor
    *,
    picture_id: int | None,
    wide: bool,
    flags: tuple[bool, ...],
    layers: tuple[int, int] | None,
    tl0picidx: int,
    diffs: list[int],
    sizes: list[tuple[int, int]],
    group: list[tuple[int, bool, tuple[int, ...]]],
) -> None:
    """Any descriptor comes back."""
    inter_predicted, flexible, starts, ends, not_reference, switching_up, dependent = flags
    payload = vp9(
        picture_id=picture_id,
        wide=wide,
        inter_predicted=inter_predicted,
        flexible=flexible,
        starts=starts,
        ends=ends,
        not_inter_layer_reference=not_reference,
        layers=layers,
        switching_up=switching_up,
        inter_layer_dependent=dependent,
        tl0picidx=tl0picidx,
        picture_diffs=diffs if flexible and inter_predicted else [],
        scalability_structure=vp9_scalability_structure(2, sizes, group),
    )
    found = parse(payload)
    assert payload[found.length :] == b"media"
    assert found.picture_id == (-1 if picture_id is None else picture_id)
    assert found.picture_id_bits == (0 if picture_id is None else 15 if wide else 7)
    assert (found.inter_predicted, found.flexible) == (inter_predicted, flexible)
    assert (found.starts, found.ends) == (starts, ends)
    assert found.not_inter_layer_reference == not_reference
    assert found.layered == (layers is not None)
    assert (found.spatial, found.temporal) == (layers or (0, 0))
    assert found.switching_up == (switching_up and found.layered)
    assert found.inter_layer_dependent == (dependent and found.layered)
    assert found.tl0picidx == (tl0picidx if found.layered and not flexible else -1)
    assert found.picture_diffs == (tuple(diffs) if flexible and inter_predicted else ())
    assert found.scalability_structure == (2, tuple(sizes), tuple(group))
