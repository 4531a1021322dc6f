"""The rtpdump format: what is written is read again, and what is broken is refused."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu_clients.errors import ClientError
from sfu_clients.recordings import rtpdump
from sfu_clients.recordings.rtpdump import MalformedRecording, read_rtpdump, write_rtpdump

LINE = b"#!rtpplay1.0 10.1.2.3/5004\n"
HEADER = bytes.fromhex("3a5fc0de 00012345 0a010203 138c 0000")
FIRST = bytes.fromhex("000b 0003 00000000") + b"one"
CONTROL = bytes.fromhex("000a 0000 00000005") + b"rr"
SECOND = bytes.fromhex("000b 0003 000005dc") + b"two"


def test_reads_what_rtptools_wrote() -> None:
    """Offsets are milliseconds; a packet that had no length of its own was RTCP."""
    assert read_rtpdump(LINE + HEADER + FIRST + CONTROL + SECOND) == [(0.0, b"one"), (1.5, b"two")]


def test_writes_what_rtptools_reads() -> None:
    """The text, the header and each packet's own are where rtpplay and Wireshark expect them."""
    line, _, rest = write_rtpdump([(0.0, b"one"), (1.5, b"two")]).partition(b"\n")
    assert line == b"#!rtpplay1.0 127.0.0.1/5004"
    assert rest[16:] == FIRST + SECOND


@given(
    st.lists(
        st.tuples(st.integers(0, 2**32 - 1), st.binary(min_size=1, max_size=1500)), max_size=20
    )
)
def test_what_is_written_is_read_again(packets: list[tuple[int, bytes]]) -> None:
    """To the millisecond."""
    told = [(milliseconds / 1000, packet) for milliseconds, packet in packets]
    assert read_rtpdump(write_rtpdump(told)) == told


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"\xd4\xc3\xb2\xa1" + bytes(40), id="another format"),
        pytest.param(b"#!rtpplay2.0 10.1.2.3/5004\n" + HEADER, id="another version"),
        pytest.param(b"#!rtpplay1.0 " + b"1" * 200 + b"\n" + HEADER, id="an endless line"),
        pytest.param(LINE + HEADER[:-1], id="cut off in its header"),
        pytest.param(LINE + HEADER + FIRST[:7], id="cut off in a packet's header"),
        pytest.param(LINE + HEADER + FIRST[:-1], id="cut off in a packet"),
        pytest.param(LINE + HEADER + bytes(8), id="a packet without its header"),
        pytest.param(LINE + HEADER + FIRST[:2] + b"\x05\x00" + FIRST[4:], id="part of a packet"),
    ],
)
def test_refuses(data: bytes) -> None:
    """One error for all, which the command shows to people."""
    with pytest.raises(MalformedRecording) as caught:
        read_rtpdump(data)
    assert isinstance(caught.value, ClientError)


def test_refuses_what_is_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that fills the memory is no recording of a few seconds."""
    data = LINE + HEADER + FIRST
    monkeypatch.setattr(rtpdump, "MAX_BYTES", len(data))
    read_rtpdump(data)
    with pytest.raises(MalformedRecording):
        read_rtpdump(data + SECOND)


@given(st.binary(max_size=200), st.booleans())
def test_any_bytes_are_read_or_refused(data: bytes, begins_well: bool) -> None:  # noqa: FBT001
    """Nothing but MalformedRecording ever escapes."""
    with contextlib.suppress(MalformedRecording):
        read_rtpdump(LINE + HEADER + data if begins_well else data)
