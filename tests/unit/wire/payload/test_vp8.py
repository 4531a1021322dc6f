"""VP8 payload descriptor: the figures of RFC 7741, and any bytes."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.errors import MalformedPacket
from sfu.wire.payload.vp8 import Vp8Descriptor, parse_vp8
from tests.support.packets import vp8

EVERYTHING = bytes.fromhex("b0 f0 9234 07 a5")


def parse(payload: bytes, into: Vp8Descriptor | None = None) -> Vp8Descriptor:
    """Parse a payload that lies between other bytes."""
    into = into or Vp8Descriptor()
    parse_vp8(b"\xff\xff" + payload + b"\xff" * 9, 2, 2 + len(payload), into)
    return into


def test_reads_every_field() -> None:
    """Fields are where RFC 7741 section 4.2 draws them."""
    found = parse(EVERYTHING + b"\x10media")
    assert (found.non_reference, found.starts_frame, found.key_frame) == (True, True, True)
    assert (found.picture_id, found.picture_id_bits) == (0x1234, 15)
    assert found.picture_id_offset == 2
    assert found.tl0picidx == 7
    assert (found.temporal, found.layer_sync) == (2, True)
    assert found.length == len(EVERYTHING)


@pytest.mark.parametrize(
    ("payload", "starts", "key", "length"),
    [
        pytest.param("10 00", True, True, 1, id="key frame"),
        pytest.param("90 80 11 00", True, True, 3, id="section 4.5.1: key frame with picture id"),
        pytest.param("00 00", False, False, 1, id="a later packet of a partition"),
        pytest.param("11 00", False, False, 1, id="section 4.5.3: another partition"),
        pytest.param("10 01", True, False, 1, id="section 4.5.2: interframe"),
        pytest.param("90 10 e0 01", True, False, 3, id="key index alone"),
    ],
)
def test_tells_where_frames_start(payload: str, starts: bool, key: bool, length: int) -> None:  # noqa: FBT001
    """A frame starts with partition 0, and only there its first byte tells a key frame."""
    found = parse(bytes.fromhex(payload))
    assert (found.starts_frame, found.key_frame, found.length) == (starts, key, length)


def test_the_key_index_is_not_a_temporal_layer() -> None:
    """With K but not T the byte is there, and its first three bits mean nothing."""
    found = parse(bytes.fromhex("90 10 e0 01"))
    assert (found.temporal, found.layer_sync) == (0, False)


def test_forgets_the_packet_before() -> None:
    """A reused descriptor has no field of an earlier packet that this one lacks."""
    found = parse(EVERYTHING + b"\x10media")
    parse(b"\x00media", found)
    fresh = Vp8Descriptor()
    fresh.length = 1
    assert all(getattr(found, name) == getattr(fresh, name) for name in Vp8Descriptor.__slots__)


@pytest.mark.parametrize("length", range(len(EVERYTHING) + 1))
def test_refuses_a_descriptor_that_breaks_off(length: int) -> None:
    """Wherever the payload ends, the bytes that follow it are not taken for its own."""
    with pytest.raises(MalformedPacket):
        parse(EVERYTHING[:length])
    with pytest.raises(MalformedPacket):
        parse_vp8(EVERYTHING[:length], 0, length, Vp8Descriptor())


@given(st.binary(max_size=12))
def test_any_bytes_parse_or_are_refused(data: bytes) -> None:
    """A payload becomes a descriptor shorter than itself or raises MalformedPacket."""
    found = Vp8Descriptor()
    with contextlib.suppress(MalformedPacket):
        parse(data, found)
        assert 0 < found.length < len(data)


@given(
    picture_id=st.none() | st.integers(0, 127),
    tl0picidx=st.none() | st.integers(0, 255),
    temporal=st.none() | st.integers(0, 3),
    flags=st.tuples(*[st.booleans()] * 5),
)
def test_reads_what_was_written(
    picture_id: int | None,
    tl0picidx: int | None,
    temporal: int | None,
    flags: tuple[bool, ...],
) -> None:
    """Any descriptor comes back, and its picture id is where it says."""
    wide, layer_sync, starts_frame, key_frame, non_reference = flags
    payload = vp8(
        picture_id=picture_id,
        wide=wide,
        tl0picidx=tl0picidx,
        temporal=temporal,
        layer_sync=layer_sync,
        starts_frame=starts_frame,
        key_frame=key_frame,
        non_reference=non_reference,
    )
    found = parse(payload)
    assert payload[found.length + 1 :] == b"media"
    assert (found.starts_frame, found.non_reference) == (starts_frame, non_reference)
    assert found.key_frame == (starts_frame and key_frame)
    assert found.tl0picidx == (-1 if tl0picidx is None else tl0picidx)
    assert found.temporal == (temporal or 0)
    assert found.layer_sync == (layer_sync and temporal is not None)
    if picture_id is None:
        assert (found.picture_id, found.picture_id_bits, found.picture_id_offset) == (-1, 0, -1)
    else:
        assert (found.picture_id, found.picture_id_bits) == (picture_id, 15 if wide else 7)
        place, width = found.picture_id_offset, 2 if wide else 1
        written = int.from_bytes(payload[place : place + width], "big")
        assert written & (1 << found.picture_id_bits) - 1 == picture_id
