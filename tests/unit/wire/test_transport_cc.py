"""Transport-wide feedback: the draft's examples, a reader of its own, and any bytes."""

import contextlib
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.errors import MalformedPacket
from sfu.wire.transport_cc import (
    RUN_MAX,
    TransportFeedback,
    feedback_fits,
    parse_transport_feedback,
)

HEAD = bytes.fromhex("8fcd0000 00000001 00000002")


def feedback(count: int, *arrivals: tuple[int, int], reference: int = 7) -> TransportFeedback:
    return TransportFeedback(1, 2, 0xFFF0, count, reference, 200, arrivals)


def body_of(encoded: bytes) -> bytes:
    return encoded[20:]


def read_bits(encoded: bytes) -> dict[int, int]:
    """Arrivals by offset, read from the packet as a string of bits, as the draft draws it."""
    count = int.from_bytes(encoded[14:16], "big")
    symbols: list[int] = []
    position = 20
    while len(symbols) < count:
        bits = f"{int.from_bytes(encoded[position : position + 2], 'big'):016b}"
        position += 2
        if bits[0] == "0":
            symbols += [int(bits[1:3], 2)] * int(bits[3:], 2)
        elif bits[1] == "0":
            symbols += [int(bit) for bit in bits[2:]]
        else:
            symbols += [int(bits[at : at + 2], 2) for at in range(2, 16, 2)]
    arrivals, ticks = {}, 0
    for offset, symbol in enumerate(symbols[:count]):
        if symbol == 1:
            ticks += encoded[position]
        elif symbol == 2:
            ticks += int.from_bytes(encoded[position : position + 2], "big", signed=True)
        if symbol:
            position += symbol
            arrivals[offset] = ticks
    assert len(encoded) % 4 == 0
    assert position <= len(encoded) < position + 4
    return arrivals


@pytest.mark.parametrize(
    ("count", "chunks", "received"),
    [
        pytest.param(221, "00dd", [], id="run length: 221 not received (3.1.3, example 1)"),
        pytest.param(24, "6018", [], id="run length: 24 of a reserved symbol (3.1.3, example 2)"),
        pytest.param(14, "9f1c", [1, 2, 3, 4, 5, 9, 10, 11], id="vector of bits (3.1.4, 1)"),
        pytest.param(7, "cd50", [2, 3, 4], id="vector of pairs of bits (3.1.4, 2)"),
        pytest.param(3, "9f1c", [1, 2], id="the last vector may say more than the count"),
        pytest.param(2, "2005", [0, 1], id="the last run may be longer than the count"),
        pytest.param(0, "", [], id="about nothing"),
    ],
)
def test_reads_the_chunks_of_the_draft(count: int, chunks: str, received: list[int]) -> None:
    """Status chunks mean what sections 3.1.3 and 3.1.4 of the draft say."""
    deltas = bytes(range(1, 1 + len(received)))
    packet = HEAD + count.to_bytes(4, "big") + bytes(4) + bytes.fromhex(chunks) + deltas
    arrivals = parse_transport_feedback(packet).arrivals
    assert [offset for offset, _ in arrivals] == received
    assert [ticks for _, ticks in arrivals] == [sum(range(n + 2)) for n in range(len(received))]


@pytest.mark.parametrize(
    ("built", "body"),
    [
        pytest.param(feedback(1, (0, 3)), "2001 03 00", id="one packet"),
        pytest.param(feedback(2, (0, 3), (1, 258)), "2002 03 ff", id="the longest small delta"),
        pytest.param(feedback(2, (0, 3), (1, 259)), "d800 03 0100 000000", id="a large delta"),
        pytest.param(feedback(2, (0, 3), (1, 1)), "d800 03 fffe 000000", id="a negative delta"),
        pytest.param(feedback(3, (0, 0), (2, 0)), "a800 0000", id="bits where they suffice"),
        pytest.param(feedback(21, (0, 0), (20, 9)), "a000 8080 0009 0000", id="two vectors"),
        pytest.param(feedback(15, *((n, 0) for n in range(15))), "200f" + 30 * "0" + "000000",
                     id="a run"),
        pytest.param(
            feedback(32, (0, 0), (31, 9)), "a000 0011 2001 0009", id="a run between two vectors"
        ),
        pytest.param(feedback(RUN_MAX + 2, (0, 0)), "a000 1ff3 00 000000", id="a long run"),
    ],
)  # fmt: skip
def test_builds_short_chunks(built: TransportFeedback, body: str) -> None:
    """A run takes one chunk, mixed symbols one chunk per 14, or per 7 with a large delta."""
    assert body_of(built.encode()) == bytes.fromhex(body)


def test_reference_time_is_signed_and_24_bits() -> None:
    """The reference time wraps into negative numbers, and the packet count into a byte."""
    built = TransportFeedback(1, 2, 3, 1, 0x800000, 256 + 5, ((0, 0),))
    read = parse_transport_feedback(built.encode())
    assert (read.reference, read.number) == (-0x800000, 5)
    assert parse_transport_feedback(feedback(1, (0, 0), reference=-1).encode()).reference == -1


@pytest.mark.parametrize(
    ("delta", "fits"), [(-32769, False), (-32768, True), (32767, True), (32768, False)]
)
def test_tells_which_deltas_fit(delta: int, *, fits: bool) -> None:
    """A receive delta has 16 signed bits."""
    assert feedback_fits(delta) is fits


@st.composite
def feedbacks(draw: st.DrawFn) -> TransportFeedback:
    """Anything that can be said: gaps, runs, reordering."""
    offset, ticks, arrivals = -1, 0, []
    for gap, delta in draw(
        st.lists(
            st.tuples(
                st.integers(1, 3) | st.integers(1, 40),
                st.integers(0, 255) | st.integers(-0x8000, 0x7FFF),
            ),
            max_size=80,
        )
    ):
        offset, ticks = offset + gap, ticks + delta
        arrivals.append((offset, ticks))
    return TransportFeedback(
        sender_ssrc=draw(st.integers(0, 2**32 - 1)),
        media_ssrc=draw(st.integers(0, 2**32 - 1)),
        base=draw(st.integers(0, 65535)),
        count=offset + 1 + draw(st.integers(0, 20)),
        reference=draw(st.integers(-(2**23), 2**23 - 1)),
        number=draw(st.integers(0, 255)),
        arrivals=tuple(arrivals),
    )


@given(feedbacks())
def test_what_is_built_can_be_read(built: TransportFeedback) -> None:
    """Building and parsing are inverse, and a second reader agrees."""
    encoded = built.encode()
    assert parse_transport_feedback(encoded) == built
    assert read_bits(encoded) == dict(built.arrivals)
    assert len(encoded) == 4 * (1 + int.from_bytes(encoded[2:4], "big"))


@pytest.mark.parametrize(
    "packet",
    [
        pytest.param(HEAD, id="without a base"),
        pytest.param(HEAD + bytes.fromhex("00000001 00000000"), id="without chunks"),
        pytest.param(HEAD + bytes.fromhex("00000001 00000000 20"), id="half a chunk"),
        pytest.param(HEAD + bytes.fromhex("00000001 00000000 2001"), id="without a delta"),
        pytest.param(HEAD + bytes.fromhex("00000001 00000000 4001 00"), id="half a delta"),
        pytest.param(HEAD + bytes.fromhex("0000ffff 00000000") + 8 * b"\x3f\xff", id="run claims"),
    ],
)
def test_refuses_what_is_cut_off(packet: bytes) -> None:
    """Chunks and deltas must be there for all that the packet says it is about."""
    with pytest.raises(MalformedPacket):
        parse_transport_feedback(packet)


def test_a_claim_costs_nothing() -> None:
    """A run of received packets without their deltas is refused before it is believed."""
    packet = HEAD + bytes.fromhex("0000ffff 00000000") + 8 * b"\x3f\xff"
    tracemalloc.start()
    with pytest.raises(MalformedPacket):
        parse_transport_feedback(packet)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 20_000


@given(st.binary(max_size=200))
def test_any_bytes_parse_or_are_refused(data: bytes) -> None:
    """Nothing but MalformedPacket escapes, and what is read is bounded by the bytes."""
    with contextlib.suppress(MalformedPacket):
        read = parse_transport_feedback(HEAD + data)
        assert len(read.arrivals) <= len(data)
