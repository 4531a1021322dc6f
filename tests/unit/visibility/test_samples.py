"""Samples and findings between two processes of which neither believes the other."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.errors import MalformedPacket
from sfu.visibility.samples import MAX_MESSAGE, Excerpt, Finding, Incoming, write

EXCERPT = Excerpt(7, "VP8", 1 << 40, (b"abc", None, b""))
FINDING = Finding(7, "opaque", "figures")


@given(st.integers(1, 40))
def test_what_is_written_is_read(size: int) -> None:
    """In whatever pieces it comes."""
    data = write(EXCERPT) + write(EXCERPT)
    incoming = Incoming(Excerpt)
    found = [
        excerpt
        for start in range(0, len(data), size)
        for excerpt in incoming.feed(data[start : start + size])
    ]
    assert found == [EXCERPT, EXCERPT]
    assert Incoming(Finding).feed(write(FINDING)) == [FINDING]


@pytest.mark.parametrize("kind", [Excerpt, Finding])
@given(data=st.binary(max_size=200), framed=st.booleans())
def test_any_bytes_are_read_or_refused(kind: type[Excerpt], data: bytes, framed: bool) -> None:  # noqa: FBT001
    """With MalformedPacket, and nothing else."""
    message = len(data).to_bytes(4, "big") + data if framed else data
    try:
        Incoming(kind).feed(message)
    except MalformedPacket:
        return


def test_what_could_fill_the_memory_is_refused() -> None:
    """By its length, before it has come."""
    with pytest.raises(MalformedPacket):
        Incoming(Finding).feed((MAX_MESSAGE + 1).to_bytes(4, "big"))


def test_a_finding_is_bounded() -> None:
    """Its figures go to people as they are."""
    with pytest.raises(MalformedPacket):
        Incoming(Finding).feed(write(Finding(1, "readable", "x" * 401)))
