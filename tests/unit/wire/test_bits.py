"""BitReader: fields of any width, and never beyond the end."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.errors import MalformedPacket
from sfu.wire.bits import BitReader
from tests.support.packets import BitWriter


def test_reads_across_byte_boundaries() -> None:
    """Fields follow each other without gaps, the most significant bit first."""
    bits = BitReader(bytes([0xFF, 0b1_0110_011, 0b0_1000000]), 1, 2)
    assert (bits.flag(), bits.read(4), bits.read(4), bits.read(0)) == (True, 6, 6, 0)
    assert bits.left == 7
    assert bits.read(7) == 64


def test_refuses_to_read_beyond_the_end() -> None:
    """A field that does not fit raises, wherever the surrounding bytes end."""
    bits = BitReader(bytes(3), 1, 1)
    bits.read(7)
    with pytest.raises(MalformedPacket):
        bits.read(2)


@pytest.mark.parametrize(("offset", "length"), [(0, 4), (3, 1), (9, 1)])
def test_refuses_a_window_outside_the_data(offset: int, length: int) -> None:
    """An announced length is not believed."""
    with pytest.raises(MalformedPacket):
        BitReader(bytes(3), offset, length)


def test_nonsymmetric_codes_are_those_of_the_specification() -> None:
    """AV1 section 4.10.7 lists the codes of ns(5): two bits for 0 to 2, three for 3 and 4."""
    bits = BitReader(bytes([0b00_01_10_11, 0b0_111_0000]), 0, 2)
    assert [bits.nonsymmetric(5) for _ in range(5)] == [0, 1, 2, 3, 4]
    assert bits.left == 4


@given(
    st.lists(
        st.integers(0, 70).flatmap(lambda w: st.tuples(st.just(w), st.integers(0, (1 << w) - 1)))
    ),
    st.integers(1, 40).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n - 1))),
)
def test_reads_what_was_written(fields: list[tuple[int, int]], coded: tuple[int, int]) -> None:
    """Any sequence of fields comes back."""
    writer = BitWriter()
    for width, value in fields:
        writer.put(value, width)
    writer.put_nonsymmetric(coded[1], coded[0])
    data = writer.to_bytes()
    bits = BitReader(data, 0, len(data))
    assert [(width, bits.read(width)) for width, _ in fields] == fields
    assert bits.nonsymmetric(coded[0]) == coded[1]
