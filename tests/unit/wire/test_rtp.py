"""RTP headers: read with their bounds, written, and their counters made 64-bit."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.errors import MalformedPacket
from sfu.wire.rtp import HEADER_BYTES, RtpView, extend, parse_rtp, write_header
from tests.support.packets import rtp

# Version 2, padding, extension, 1 CSRC; marker, type 111; an extension of one word; 3 of padding.
SPELLED_OUT = bytes.fromhex(
    "b1 ef 1234 89abcdef 01020304 0a0b0c0d bede0001 10aa0000 6d65646961 000003"
)


def parsed(data: bytes) -> RtpView:
    """Parse all of `data`."""
    view = RtpView()
    parse_rtp(data, len(data), view)
    return view


def test_reads_every_field() -> None:
    """Fields and offsets are where RFC 3550 section 5.1 draws them."""
    view = parsed(SPELLED_OUT)
    assert (view.marker, view.payload_type) == (True, 111)
    assert (view.sequence_number, view.timestamp, view.ssrc) == (0x1234, 0x89ABCDEF, 0x01020304)
    assert view.extension_profile == 0xBEDE
    assert SPELLED_OUT[view.extension_offset : view.extension_end].hex() == "10aa0000"
    assert SPELLED_OUT[view.payload_offset : view.payload_end] == b"media"
    assert (view.padding, view.length) == (3, len(SPELLED_OUT))


def test_reads_no_further_than_the_packet() -> None:
    """A packet may lie in a larger buffer: only its own bytes count."""
    packet = rtp(b"media", padding=2)
    view = RtpView()
    parse_rtp(memoryview(packet + b"\xff" * 9), len(packet), view)
    assert (view.payload_offset, view.payload_end) == (12, 17)


def test_forgets_the_packet_before() -> None:
    """A reused view has no extension, marker or padding of an earlier packet."""
    view = parsed(SPELLED_OUT)
    parse_rtp(rtp(b""), 12, view)
    assert (view.extension_profile, view.extension_offset, view.extension_end) == (0, 0, 0)
    assert (view.marker, view.padding, view.payload_offset, view.payload_end) == (False, 0, 12, 12)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(rtp()[:11], id="11 bytes"),
        pytest.param(b"\x40" + rtp()[1:], id="version 1"),
        pytest.param(b"\xc0" + rtp()[1:], id="version 3"),
        pytest.param(rtp(b"", csrcs=[1, 2])[:-1], id="CSRCs cut off"),
        pytest.param(b"\x90" + rtp(b"abc")[1:], id="extension header cut off"),
        pytest.param(rtp(b"", extensions={1: b"a"})[:-1], id="extension cut off"),
        pytest.param(b"\xa0" + rtp(b"ab\x04")[1:], id="padding longer than payload"),
        pytest.param(b"\xa0" + rtp(b"ab\x00")[1:], id="padding of no bytes"),
        pytest.param(b"\xa0" + rtp(b"")[1:], id="padding without payload"),
    ],
)
def test_refuses(data: bytes) -> None:
    """A header that promises more than the packet holds is refused, and the view left alone."""
    view = parsed(rtp(sequence_number=77))
    with pytest.raises(MalformedPacket):
        parse_rtp(data, len(data), view)
    assert view.sequence_number == 77


def test_refuses_a_length_beyond_the_data() -> None:
    """A caller that overstates the length gets the same error as a short packet."""
    with pytest.raises(MalformedPacket):
        parse_rtp(rtp(), 100, RtpView())


def test_a_packet_may_be_all_padding() -> None:
    """Probes have no payload: nothing is left between the offsets."""
    view = parsed(rtp(b"", padding=255))
    assert (view.payload_offset, view.payload_end, view.padding) == (12, 12, 255)


@given(st.binary(max_size=80) | st.binary(max_size=80).map(lambda tail: b"\xb1" + tail))
def test_any_bytes_parse_or_are_refused(data: bytes) -> None:
    """A datagram becomes ordered offsets within itself or raises MalformedPacket, nothing else."""
    view = RtpView()
    with contextlib.suppress(MalformedPacket):
        parse_rtp(data, len(data), view)
    assert view.extension_offset <= view.extension_end <= max(view.payload_offset, 12)
    assert view.payload_offset <= view.payload_end <= len(data)


@given(
    marker=st.booleans(),
    payload_type=st.integers(0, 127),
    sequence_number=st.integers(0, 1 << 63),
    timestamp=st.integers(0, 1 << 63),
    ssrc=st.integers(0, 0xFFFFFFFF),
)
def test_a_written_header_is_read_again(
    *, marker: bool, payload_type: int, sequence_number: int, timestamp: int, ssrc: int
) -> None:
    """Counters are cut to the width of their field, all else comes back."""
    slot = bytearray(40)
    written = write_header(
        slot,
        marker=marker,
        payload_type=payload_type,
        sequence_number=sequence_number,
        timestamp=timestamp,
        ssrc=ssrc,
        extension=False,
    )
    assert written == HEADER_BYTES
    view = parsed(bytes(slot))
    assert (view.marker, view.payload_type, view.ssrc) == (marker, payload_type, ssrc)
    assert view.sequence_number == sequence_number % (1 << 16)
    assert view.timestamp == timestamp % (1 << 32)
    assert (view.payload_offset, view.payload_end) == (12, 40)


def test_a_written_header_can_announce_an_extension() -> None:
    """The X bit is the caller's word that an extension follows."""
    slot = bytearray(16)
    write_header(
        slot,
        marker=False,
        payload_type=0,
        sequence_number=0,
        timestamp=0,
        ssrc=0,
        extension=True,
    )
    assert slot[0] == 0x90


@pytest.mark.parametrize(
    ("value", "highest", "bits", "extended"),
    [
        pytest.param(5, 3, 16, 5, id="a little later"),
        pytest.param(3, 5, 16, 3, id="a little earlier"),
        pytest.param(0, 65535, 16, 65536, id="wraps"),
        pytest.param(65535, 65536, 16, 65535, id="older than a wrap"),
        pytest.param(2, 3 * 65536 + 1, 16, 3 * 65536 + 2, id="in a later round"),
        pytest.param(32768, 0, 16, -32768, id="half way round is older"),
        pytest.param(65535, 0, 16, -1, id="before the beginning"),
        pytest.param(1, 127, 7, 129, id="seven bits"),
        pytest.param(0, 0xFFFFFFFF, 32, 1 << 32, id="thirty-two bits"),
    ],
)
def test_extends(value: int, highest: int, bits: int, extended: int) -> None:
    """A wrapped counter becomes the number nearest to the highest so far."""
    assert extend(value, highest, bits) == extended


@given(st.integers(0, 1 << 60), st.integers(-32767, 32767))
def test_extending_undoes_the_cut_to_sixteen_bits(highest: int, step: int) -> None:
    """Whatever the round, up to half of it in either direction is told apart."""
    number = highest + step
    assert extend(number % 65536, highest, 16) == number
