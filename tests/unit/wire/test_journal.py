"""Sealed recordings: what is written is read again, and nothing else."""

import contextlib
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.errors import MalformedPacket
from sfu.wire import journal
from sfu.wire.journal import (
    MAGIC,
    MAX_RECORD_BYTES,
    Begun,
    Ended,
    Person,
    Record,
    SealedKeys,
    SealedPicture,
    Track,
)

BEGUN = Begun("0a1b2c3d4e5f", "hall", "e2ee-passphrase", 1_700_000_000_000, bytes(range(32)))
RECORDS: list[Record] = [
    BEGUN,
    Person("p1", "Änne", "aGVsbG8"),
    Track(1, "p1", "q1", "screen_audio", "opus"),
    SealedPicture(1, 20, 2**40, follows=True, frames=(b"low", b"", b"high")),
    SealedKeys("p1", bytes(109)),
    Ended("stopped"),
]


def file_of(*records: Record) -> bytes:
    """What these records are on a disk."""
    return MAGIC + b"".join(map(journal.write, records))


def read(data: bytes) -> list[Record]:
    """All records, or MalformedPacket."""
    return list(journal.read(BytesIO(data)))


def test_records_come_back() -> None:
    """In their order, and equal."""
    assert read(file_of(*RECORDS)) == RECORDS


@pytest.mark.parametrize("missing", range(1, 40))
def test_what_was_broken_off_is_read_up_to_there(missing: int) -> None:
    """The server may have died; what it wrote before is worth something."""
    data = file_of(*RECORDS)
    found = []
    with contextlib.suppress(MalformedPacket):
        for record in journal.read(BytesIO(data[:-missing])):
            found.append(record)  # noqa: PERF402 - what came before the end counts
    whole = len(RECORDS) - (1 if missing <= len(journal.write(RECORDS[-1])) else 2)
    assert found == RECORDS[:whole]


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"\x1a\x45\xdf\xa3" + bytes(40), id="a WebM file"),
        pytest.param(file_of(*RECORDS[1:]), id="no beginning"),
        pytest.param(file_of(BEGUN, BEGUN), id="two beginnings"),
        pytest.param(file_of(BEGUN) + b"\x07" + bytes(4), id="a record of no kind"),
        pytest.param(file_of(BEGUN) + b"\x06\xff\xff\xff\xff", id="a record without end"),
        pytest.param(file_of(BEGUN) + b"\x06" + bytes(3) + b"\x01x", id="a part that is cut off"),
        pytest.param(
            file_of(BEGUN) + b"\x06" + bytes(3) + b"\x05" + bytes(5), id="more than its parts"
        ),
        pytest.param(
            file_of(BEGUN) + b"\x06" + bytes(3) + b"\x05" + bytes(3) + b"\x01\xff", id="no text"
        ),
        pytest.param(
            file_of(BEGUN) + b"\x04\x00\x00\x00\x10" + bytes(15) + b"\x11", id="too many frames"
        ),
        pytest.param(
            file_of(BEGUN) + b"\x03\x00\x00\x00\x0c" + bytes(3) + b"\x09" + bytes(8),
            id="a codec that there is not",
        ),
    ],
)
def test_what_is_refused(data: bytes) -> None:
    """One error for all of it."""
    with pytest.raises(MalformedPacket):
        read(data)


def test_a_record_is_bounded() -> None:
    """Its length is looked at before anything is read."""
    head = b"\x06" + (MAX_RECORD_BYTES + 1).to_bytes(4, "big")
    with pytest.raises(MalformedPacket, match="too long"):
        read(file_of(BEGUN) + head)


@given(st.binary(max_size=200), st.booleans())
def test_any_bytes_are_read_or_refused(data: bytes, begun: bool) -> None:  # noqa: FBT001
    """Nothing but MalformedPacket ever comes out."""
    with contextlib.suppress(MalformedPacket):
        read((file_of(BEGUN) if begun else MAGIC) + data)


@given(st.integers(0, 6), st.binary(max_size=200))
def test_any_record_is_read_or_refused(kind: int, body: bytes) -> None:
    """Whatever is in it."""
    head = bytes((kind,)) + len(body).to_bytes(4, "big")
    with contextlib.suppress(MalformedPacket):
        read(file_of(BEGUN) + head + body)
