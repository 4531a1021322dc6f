"""H.264 payload: the structures of RFC 6184, and any bytes."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.errors import MalformedPacket
from sfu.wire.payload.h264 import H264Payload, parse_h264


def parse(payload: bytes) -> H264Payload:
    """Parse a payload that lies between other bytes, after a packet that said everything."""
    into = H264Payload()
    into.continues = into.key_frame = into.non_reference = into.precedes = True
    parse_h264(b"\xff\xff" + payload + b"\xff" * 9, 2, 2 + len(payload), into)
    return into


def stap_a(*units: bytes) -> bytes:
    """Aggregate NAL units (section 5.7.1)."""
    return b"\x78" + b"".join(len(unit).to_bytes(2, "big") + unit for unit in units)


@pytest.mark.parametrize(
    ("payload", "key_frame"),
    [
        pytest.param(b"\x65\x88", True, id="IDR slice"),
        pytest.param(b"\x67\x42", True, id="sequence parameters"),
        pytest.param(b"\x67", True, id="nothing but a header"),
        pytest.param(b"\x68\xce", False, id="picture parameters"),
        pytest.param(b"\x06\x05", False, id="SEI"),
        pytest.param(b"\x41\x9a", False, id="slice"),
        pytest.param(b"\x37\x00", False, id="the last single type"),
        pytest.param(b"\x7c\x85\x88", True, id="IDR, first fragment"),
        pytest.param(b"\x7c\x45\x88", True, id="IDR, last fragment"),
        pytest.param(b"\x7c\x81\x9a", False, id="slice, first fragment"),
        pytest.param(stap_a(b"\x67\x42", b"\x68\xce"), True, id="aggregate of parameters"),
        pytest.param(stap_a(b"\x09\xf0", b"\x06\x05", b"\x65\x88"), True, id="IDR comes last"),
        pytest.param(stap_a(b"\x41\x9a", b"\x41\x9b"), False, id="aggregate of slices"),
        pytest.param(b"\x78", False, id="empty aggregate"),
    ],
)
def test_tells_key_frames(payload: bytes, key_frame: bool) -> None:  # noqa: FBT001
    """An IDR slice or a sequence parameter set, however packed, belongs to a key frame."""
    assert parse(payload).key_frame is key_frame


@pytest.mark.parametrize(
    ("payload", "continues"),
    [
        pytest.param(b"\x7c\x85\x88", False, id="first fragment"),
        pytest.param(b"\x7c\x05\x88", True, id="next fragment"),
        pytest.param(b"\x41\x9a", False, id="single"),
        pytest.param(stap_a(b"\x41\x9a"), False, id="aggregate"),
    ],
)
def test_tells_continuations(payload: bytes, continues: bool) -> None:  # noqa: FBT001
    """Only a fragment without its S bit goes on with an earlier NAL unit."""
    assert parse(payload).continues is continues


@pytest.mark.parametrize(
    ("payload", "precedes"),
    [
        pytest.param(b"\x09\xf0", True, id="delimiter"),
        pytest.param(b"\x06\x05", True, id="SEI"),
        pytest.param(b"\x67\x42", False, id="sequence parameters"),
        pytest.param(b"\x65\x88", False, id="IDR slice"),
        pytest.param(b"\x7c\x86\x88", False, id="fragment"),
        pytest.param(stap_a(b"\x09\xf0", b"\x65\x88"), False, id="aggregate"),
    ],
)
def test_tells_what_precedes_a_picture(payload: bytes, precedes: bool) -> None:  # noqa: FBT001
    """Alone in a packet: aggregated, it goes with the rest."""
    assert parse(payload).precedes is precedes


@pytest.mark.parametrize(("payload", "non_reference"), [(b"\x01\x9a", True), (b"\x41\x9a", False)])
def test_tells_what_nobody_refers_to(payload: bytes, non_reference: bool) -> None:  # noqa: FBT001
    """An NRI of 0 means that no other frame refers to this one (section 5.3)."""
    assert parse(payload).non_reference is non_reference


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"\x60\x00", id="type 0"),
        pytest.param(b"\x79\x00\x00\x00", id="STAP-B"),
        pytest.param(b"\x7d\x85\x00\x00", id="FU-B"),
        pytest.param(b"\x7f", id="type 31"),
        pytest.param(b"\x7c", id="fragment without header"),
        pytest.param(b"\x7c\x85", id="fragment without content"),
        pytest.param(b"\x78\x00", id="aggregate ends inside a length"),
        pytest.param(b"\x78\x00\x01", id="aggregate ends after a length"),
        pytest.param(b"\x78\x00\x00\x41", id="NAL unit of no bytes"),
        pytest.param(stap_a(b"\x41\x9a")[:-1], id="NAL unit cut off"),
    ],
)
def test_refuses(payload: bytes) -> None:
    """What was not negotiated, or breaks off, is refused, whatever follows the payload."""
    with pytest.raises(MalformedPacket):
        parse(payload)


@given(st.binary(max_size=40) | st.lists(st.binary(min_size=1)).map(lambda units: stap_a(*units)))
def test_any_bytes_parse_or_are_refused(data: bytes) -> None:
    """A payload is understood or raises MalformedPacket, nothing else."""
    with contextlib.suppress(MalformedPacket):
        parse_h264(data, 0, len(data), H264Payload())


@given(st.lists(st.integers(1, 23), min_size=1))
def test_an_aggregate_says_what_its_units_say(kinds: list[int]) -> None:
    """Packing NAL units together changes nothing about key frames."""
    units = [bytes([0x60 | kind, 0]) for kind in kinds]
    assert parse(stap_a(*units)).key_frame == any(parse(unit).key_frame for unit in units)
