"""AV1 payload: the aggregation header and OBU extensions, and any bytes."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.errors import MalformedPacket
from sfu.wire.payload.av1 import MAX_ELEMENTS, Av1Payload, parse_av1

SEQUENCE_HEADER = bytes.fromhex("08 00 00 00")
METADATA = bytes.fromhex("28 04")
FRAME = bytes.fromhex("30 aa bb")
FRAME_S1T2 = bytes.fromhex("34 48 aa bb")


def parse(payload: bytes) -> Av1Payload:
    """Parse a payload that lies between other bytes, after a packet that said everything."""
    into = Av1Payload()
    into.continues = into.continued = into.starts_sequence = into.layered = True
    into.temporal = into.spatial = 3
    parse_av1(b"\xff\xff" + payload + b"\xff" * 9, 2, 2 + len(payload), into)
    return into


def payload(*elements: bytes, counted: bool = True, flags: int = 0) -> bytes:
    """Pack OBU elements (section 4.5); counted, the last one has no size."""
    sized = [bytes([len(element)]) + element for element in elements]
    if counted:
        sized[-1] = elements[-1]
    return bytes([flags | (len(elements) << 4 if counted else 0)]) + b"".join(sized)


@pytest.mark.parametrize(
    ("head", "said"),
    [
        pytest.param(0x10, (False, False, False), id="whole OBUs"),
        pytest.param(0x18, (False, False, True), id="N: a sequence starts"),
        pytest.param(0x50, (False, True, False), id="Y: goes on"),
        pytest.param(0x90, (True, False, False), id="Z: goes on from before"),
        pytest.param(0xD0, (True, True, False), id="Z and Y: the middle of an OBU"),
    ],
)
def test_reads_the_aggregation_header(head: int, said: tuple[bool, bool, bool]) -> None:
    """Bits are where section 4.4 draws them."""
    found = parse(bytes([head]) + FRAME)
    assert (found.continues, found.continued, found.starts_sequence) == said


@pytest.mark.parametrize(
    ("data", "layer"),
    [
        pytest.param(payload(FRAME_S1T2), (1, 2), id="one OBU"),
        pytest.param(payload(FRAME), None, id="no layers"),
        pytest.param(payload(SEQUENCE_HEADER, FRAME_S1T2), (1, 2), id="after a sequence header"),
        pytest.param(payload(METADATA, FRAME_S1T2, counted=False), (1, 2), id="sizes for all"),
        pytest.param(payload(b"", FRAME_S1T2), (1, 2), id="after an empty element"),
        pytest.param(payload(FRAME, FRAME_S1T2), None, id="the frame decides"),
        pytest.param(payload(SEQUENCE_HEADER), None, id="nothing but a sequence header"),
        pytest.param(
            payload(*[METADATA] * (MAX_ELEMENTS - 1), FRAME_S1T2, counted=False),
            (1, 2),
            id="the last one looked at",
        ),
        pytest.param(
            payload(*[METADATA] * MAX_ELEMENTS, FRAME_S1T2, counted=False),
            None,
            id="too far behind",
        ),
        pytest.param(payload(METADATA, counted=False), None, id="fewer than could be"),
        pytest.param(payload(FRAME_S1T2, flags=0x80), None, id="the middle of an OBU"),
        pytest.param(b"\x00\x82\x00\x34\x48", (1, 2), id="size in two bytes"),
    ],
)
def test_reads_the_layer(data: bytes, layer: tuple[int, int] | None) -> None:
    """The first OBU that has to name its layer does, or the packet has none."""
    found = parse(data)
    assert found.layered is (layer is not None)
    assert (found.spatial, found.temporal) == (layer or (0, 0))


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(payload(FRAME, flags=0x88), id="sequence starts inside an OBU"),
        pytest.param(b"\x00\x05" + FRAME, id="element cut off"),
        pytest.param(b"\x20\x05" + FRAME, id="counted element cut off"),
        pytest.param(b"\x00\x80", id="size cut off"),
        pytest.param(b"\x00\x80\x80\x80\x00" + FRAME, id="size in four bytes"),
        pytest.param(b"\x10\x34", id="OBU extension cut off"),
    ],
)
def test_refuses(data: bytes) -> None:
    """What breaks off is refused, whatever follows the payload."""
    with pytest.raises(MalformedPacket):
        parse(data)


@given(st.binary(max_size=40))
def test_any_bytes_parse_or_are_refused(data: bytes) -> None:
    """A payload is understood or raises MalformedPacket, nothing else."""
    into = Av1Payload()
    with contextlib.suppress(MalformedPacket):
        parse_av1(data, 0, len(data), into)
    assert 0 <= into.spatial < 4
    assert 0 <= into.temporal < 8


@given(st.integers(0, 3), st.integers(0, 7), st.integers(0, 2), st.booleans())
def test_reads_what_was_written(spatial: int, temporal: int, before: int, counted: bool) -> None:  # noqa: FBT001
    """Any layer comes back, whatever stands in front and however it is packed."""
    frame = bytes([0x34, temporal << 5 | spatial << 3]) + b"media"
    found = parse(payload(*[SEQUENCE_HEADER] * before, frame, counted=counted, flags=0x08))
    assert (found.layered, found.starts_sequence) == (True, True)
    assert (found.spatial, found.temporal) == (spatial, temporal)
