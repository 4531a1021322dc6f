"""Samples and findings between two processes of which neither believes the other."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.errors import MalformedPacket
from sfu.visibility.samples import (
    BANDS,
    LOUDEST,
    MAX_COLUMNS,
    MAX_PICTURE,
    MOST_BYTES,
    SILENCE,
    Excerpt,
    Finding,
    Glimpse,
    Incoming,
    write,
)

EXCERPT = Excerpt(7, "VP8", 1 << 40, (b"abc", None, b""))
LARGEST = Glimpse(bytes(MAX_PICTURE), (SILENCE,) * MAX_COLUMNS, ((LOUDEST,) * BANDS,) * MAX_COLUMNS)
FINDINGS = [Finding(7, "opaque", "figures"), Finding(8, "readable", "ä" * 400, LARGEST)]


def glimpsed(**found: object) -> Finding:
    """As only somebody writes it who has broken into the witness."""
    return Finding(1, "readable", "", Glimpse(**found))  # type: ignore[arg-type]


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
    assert [Incoming(Finding).feed(write(one)) for one in FINDINGS] == [[one] for one in FINDINGS]


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
        Incoming(Finding).feed((MOST_BYTES[Finding] + 1).to_bytes(4, "big"))


@pytest.mark.parametrize(
    "finding",
    [
        pytest.param(Finding(1, "readable", "x" * 401), id="figures"),
        pytest.param(glimpsed(picture=bytes(MAX_PICTURE + 1)), id="picture"),
        pytest.param(glimpsed(picture="text"), id="a picture of text"),
        pytest.param(glimpsed(loudness=(0,) * (MAX_COLUMNS + 1)), id="loudness too long"),
        pytest.param(glimpsed(loudness=(1,)), id="louder than can be"),
        pytest.param(glimpsed(loudness=(float("nan"),)), id="no number"),
        pytest.param(glimpsed(spectrogram=((0,) * BANDS,) * (MAX_COLUMNS + 1)), id="columns"),
        pytest.param(glimpsed(spectrogram=((0,) * (BANDS + 1),)), id="bands"),
        pytest.param(glimpsed(spectrogram=((0,) * (BANDS - 1),)), id="too few bands"),
        pytest.param(glimpsed(spectrogram=((LOUDEST + 1,) * BANDS,)), id="level"),
    ],
)
def test_a_finding_is_bounded(finding: Finding) -> None:
    """It goes to people as it is, and comes from a process that may have been broken into."""
    with pytest.raises(MalformedPacket):
        Incoming(Finding).feed(write(finding))
