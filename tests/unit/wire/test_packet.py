"""Packets: what is written is read again, and any bytes are a packet or refused."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.errors import MalformedPacket
from sfu.wire.extensions import Extension, ExtensionIds
from sfu.wire.packet import Packet, read_packet, write_packet

IDS = {Extension.MID: 4, Extension.TRANSPORT_CC: 3, Extension.DEPENDENCY_DESCRIPTOR: 13}


@given(
    payload=st.binary(max_size=1200),
    sequence=st.integers(0, 0xFFFF),
    timestamp=st.integers(0, 0xFFFFFFFF),
    ssrc=st.integers(0, 0xFFFFFFFF),
    marker=st.booleans(),
    values=st.dictionaries(st.sampled_from(sorted(IDS)), st.binary(min_size=1, max_size=40)),
)
def test_reads_what_it_writes(  # noqa: PLR0913 - the fields
    *,
    payload: bytes,
    sequence: int,
    timestamp: int,
    ssrc: int,
    marker: bool,
    values: dict[Extension, bytes],
) -> None:
    """Short and long extensions, everything comes back."""
    packet = Packet(payload, 96, sequence, timestamp, ssrc, marker, values)
    data = write_packet(packet, [(IDS[kind], value) for kind, value in values.items()])
    assert read_packet(data, ExtensionIds(IDS)) == packet


@given(st.binary(max_size=1500))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    """MalformedPacket, and nothing else."""
    with contextlib.suppress(MalformedPacket):
        read_packet(data, ExtensionIds(IDS))


@pytest.mark.parametrize("length", [16, 255])
def test_long_values_need_two_byte_headers(length: int) -> None:
    """What does not fit a one-byte header (RFC 8285) is written in the other form."""
    packet = Packet(b"x", 96, 1, 2, 3, marker=False)
    data = write_packet(packet, [(4, bytes(length))])
    assert read_packet(data, ExtensionIds(IDS)).extensions == {Extension.MID: bytes(length)}
