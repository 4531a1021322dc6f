"""What the witness takes out of packets is their payload, of one stream and codec."""

from hypothesis import given
from hypothesis import strategies as st

from sfu.visibility.samples import Excerpt, Piece
from sfu.visibility.witness.unpacking import unpack
from tests.support.packets import rtp


def packet(number: int, payload: bytes = b"abc", *, ssrc: int = 1, payload_type: int = 96) -> bytes:
    return rtp(
        payload,
        sequence_number=number,
        timestamp=100 * number,
        ssrc=ssrc,
        payload_type=payload_type,
        marker=True,
    )


def test_headers_are_taken_off() -> None:
    """Numbers are those of the server, which do not wrap around."""
    first = (1 << 40) + 65_535
    sample = unpack(Excerpt(7, "VP8", first, (packet(65_535), None, packet(1, b"de"))))
    assert (sample.number, sample.codec) == (7, "VP8")
    assert sample.pieces == (Piece(first, 6_553_500, b"abc"), Piece(first + 2, 100, b"de"))


def test_another_stream_or_codec_is_left_out() -> None:
    """It began in the middle."""
    packets = (packet(1), packet(2, ssrc=2), packet(3, payload_type=98), packet(4))
    sample = unpack(Excerpt(7, "VP8", 1, packets))
    assert [piece.sequence for piece in sample.pieces] == [1, 4]


@given(st.lists(st.none() | st.binary(max_size=40), max_size=5))
def test_any_bytes_are_unpacked(packets: list[bytes | None]) -> None:
    """Into pieces or nothing: the witness believes nobody."""
    assert len(unpack(Excerpt(1, "opus", 0, tuple(packets))).pieces) <= len(packets)
