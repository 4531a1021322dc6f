"""RFC 4571 framing: the same datagrams come out, however the stream is cut."""

import contextlib
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.errors import MalformedPacket
from sfu.transport.framing import MAX_FRAME_BYTES, FrameReader, frame

CUTS = st.lists(st.integers(0, 500), max_size=10)


def pieces(stream: bytes, cuts: list[int]) -> list[bytes]:
    """The stream, cut there."""
    return [stream[a:b] for a, b in pairwise([0, *sorted(cuts), max(500, len(stream))])]


@given(st.lists(st.binary(max_size=60), max_size=8), CUTS)
def test_datagrams_come_out_as_they_went_in(datagrams: list[bytes], cuts: list[int]) -> None:
    """Pieces of any size add up to the same datagrams."""
    reader = FrameReader()
    stream = b"".join(map(frame, datagrams))
    found = [each for piece in pieces(stream, cuts) for each in reader.feed(piece)]
    assert found == datagrams


@given(st.lists(st.binary(max_size=60), max_size=40), st.integers(1, 5))
def test_hands_out_so_many_at_a_time(datagrams: list[bytes], most: int) -> None:
    """What is asked for piece by piece is as much as asked for, and all of it in the end."""
    reader = FrameReader()
    found = batch = reader.feed(b"".join(map(frame, datagrams)), most=most)
    while batch:
        assert len(batch) <= most
        batch = reader.feed(b"", most=most)
        found = [*found, *batch]
    assert found == datagrams


@given(st.binary(max_size=500), CUTS)
def test_any_stream_is_read_or_refused(stream: bytes, cuts: list[int]) -> None:
    """A stream becomes frames or raises MalformedPacket, nothing else."""
    reader = FrameReader()
    with contextlib.suppress(MalformedPacket):
        for piece in pieces(stream, cuts):
            for datagram in reader.feed(piece):
                assert len(datagram) <= MAX_FRAME_BYTES


def test_a_frame_is_a_length_and_a_datagram() -> None:
    """The length has two bytes and does not count itself."""
    assert frame(b"abc") == b"\x00\x03abc"


def test_refuses_a_long_frame_at_its_length() -> None:
    """A frame that nobody sends is not waited for."""
    reader = FrameReader()
    assert reader.feed(frame(bytes(MAX_FRAME_BYTES))) == [bytes(MAX_FRAME_BYTES)]
    with pytest.raises(MalformedPacket):
        reader.feed((MAX_FRAME_BYTES + 1).to_bytes(2, "big"))
