"""Demultiplexing: every first byte has one meaning."""

import pytest

from sfu.transport.demux import Datagram, classify, is_rtcp


@pytest.mark.parametrize("byte", range(256))
def test_first_bytes_mean_what_rfc_7983_says(byte: int) -> None:
    """The ranges of section 7 and their bounds; what they leave is unknown, TURN and ZRTP too."""
    expected = Datagram.UNKNOWN
    if byte <= 3:
        expected = Datagram.STUN
    elif 20 <= byte <= 63:
        expected = Datagram.DTLS
    elif 128 <= byte <= 191:
        expected = Datagram.MEDIA
    assert classify(bytes((byte, 0))) is expected


def test_nothing_is_unknown() -> None:
    """An empty datagram is possible in UDP."""
    assert classify(b"") is Datagram.UNKNOWN


@pytest.mark.parametrize(
    ("second_byte", "expected"),
    [
        pytest.param(191, False, id="below"),
        pytest.param(192, True, id="FIR of RFC 2032"),
        pytest.param(200, True, id="sender report"),
        pytest.param(223, True, id="the last"),
        pytest.param(224, False, id="payload type 96 with a marker"),
        pytest.param(96, False, id="payload type 96"),
    ],
)
def test_tells_rtcp_by_its_type(second_byte: int, expected: bool) -> None:  # noqa: FBT001
    """RFC 5761 section 4 leaves 64 to 95 to RTCP."""
    assert is_rtcp(bytes((0x80, second_byte))) is expected


def test_one_byte_is_no_rtcp() -> None:
    """Bytes that are not there are not read."""
    assert not is_rtcp(b"\x80")
