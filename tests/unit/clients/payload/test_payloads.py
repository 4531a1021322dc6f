"""Payload formats: what is cut is put together again, and any payloads parse or are refused."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.errors import MalformedPacket
from sfu.wire.frames.av1 import TEMPORAL_DELIMITER, obus
from sfu.wire.frames.h264 import START_CODE, nal_units
from sfu_clients.payload import (
    CLOCK_RATES,
    MAX_PAYLOAD_BYTES,
    EncodedFrame,
    packetizer,
    unwrap,
)

CODECS = tuple(CLOCK_RATES)
SIZES = [1, 2, 100, 1000, MAX_PAYLOAD_BYTES - 2, MAX_PAYLOAD_BYTES, 3 * MAX_PAYLOAD_BYTES, 50_000]


def frame(codec: str, size: int, *, key_frame: bool) -> bytes:
    """What an encoder of this codec might make, with so many bytes of media."""
    media = bytes(1 + number % 250 for number in range(size))
    if codec == "H264":
        units = (
            [b"\x67" + media[:10], b"\x68abc", b"\x65" + media] if key_frame else [b"\x41" + media]
        )
        return b"".join(START_CODE + unit for unit in units)
    if codec == "AV1":
        return TEMPORAL_DELIMITER + b"\x0a\x03abc" + _obu(b"\x32", media)
    return media


def _obu(header: bytes, data: bytes) -> bytes:
    size, length = bytearray(), len(data)
    while length > 0x7F:
        size.append(length & 0x7F | 0x80)
        length >>= 7
    return header + bytes((*size, length)) + data


@pytest.mark.parametrize(
    ("codec", "size"),
    [
        (codec, size)
        for codec in CODECS
        for size in SIZES
        if codec != "opus" or size <= MAX_PAYLOAD_BYTES  # whose packets are never cut (RFC 7587)
    ],
)
@pytest.mark.parametrize("key_frame", [True, False])
def test_comes_back_as_it_was(codec: str, size: int, *, key_frame: bool) -> None:
    """In payloads that are not too long; several frames after each other."""
    cutter = packetizer(codec)
    for temporal in (0, 2):
        data = frame(codec, size, key_frame=key_frame)
        payloads = cutter.packetize(
            EncodedFrame(data, 0, key_frame=key_frame, temporal=temporal, width=64, height=48)
        )
        assert all(0 < len(payload) <= MAX_PAYLOAD_BYTES for payload in payloads)
        assert unwrap(codec, payloads) == data


@pytest.mark.parametrize("codec", CODECS)
@given(st.lists(st.binary(max_size=60), max_size=6))
def test_any_payloads_parse_or_are_refused(codec: str, payloads: list[bytes]) -> None:
    """MalformedPacket, and nothing else."""
    with contextlib.suppress(MalformedPacket):
        unwrap(codec, payloads)


@pytest.mark.parametrize(
    ("codec", "payloads"),
    [
        pytest.param("H264", [b""], id="empty"),
        pytest.param("H264", [b"\x78\x00\xffx"], id="an aggregate that ends early"),
        pytest.param("H264", [b"\x7c\x85"], id="a fragment of nothing"),
        pytest.param("H264", [b"\x7e1234"], id="an unknown structure"),
        pytest.param("AV1", [b""], id="an empty one of AV1"),
        pytest.param("AV1", [b"\x80\x01a"], id="the middle of an OBU without its beginning"),
        pytest.param("AV1", [b"\x00\x7fa"], id="an OBU that ends early"),
        pytest.param("AV1", [b"\x00" + b"\xff" * 9], id="a size without end"),
        pytest.param("AV1", [b"\x10\x04"], id="an OBU header without its extension"),
        pytest.param("VP8", [b""], id="no descriptor"),
        pytest.param("VP9", [b"\xff"], id="a descriptor that ends early"),
    ],
)
def test_damage_is_noticed(codec: str, payloads: list[bytes]) -> None:
    """Instead of being handed to a decoder."""
    with pytest.raises(MalformedPacket):
        unwrap(codec, payloads)


@given(st.binary(max_size=200))
def test_any_bytes_are_split_or_refused(data: bytes) -> None:
    """What an encoder returns is ours, but a file may have made it."""
    assert b"".join(nal_units(data)).count(b"\0\0\0\1") == 0
    with contextlib.suppress(MalformedPacket):
        list(obus(data))


def test_a_truncated_obu_is_refused() -> None:
    """Rather than sent."""
    with pytest.raises(MalformedPacket):
        list(obus(b"\x0a\x7fabc"))
