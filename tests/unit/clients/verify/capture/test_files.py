"""Capture files: every format tells the same, and any bytes are read or refused in a sentence."""

import io
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu_clients.errors import ClientError
from sfu_clients.verify.capture.files import Capture, records
from sfu_clients.verify.capture.network import Network
from sfu_clients.verify.capture.records import MalformedCapture, Record
from tests.support.captures import ANA, SERVER, block, pcap, pcapng, tcp, udp, written

PACKETS = [(1_700_000_000.25 + number, udp(ANA, SERVER, bytes([number]))) for number in range(5)]


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(pcap(PACKETS), id="pcap"),
        pytest.param(pcap(PACKETS, order=">"), id="pcap, big-endian"),
        pytest.param(pcap(PACKETS, nano=True), id="pcap, nanoseconds"),
        pytest.param(pcap(PACKETS, order=">", nano=True), id="pcap, both"),
        pytest.param(pcapng(PACKETS), id="pcapng"),
        pytest.param(pcapng(PACKETS, order=">"), id="pcapng, big-endian"),
        pytest.param(pcapng(PACKETS, resolution=9), id="pcapng, nanoseconds"),
        pytest.param(pcapng(PACKETS[:2]) + pcapng(PACKETS[2:], order=">"), id="two sections"),
    ],
)
def test_formats_tell_the_same(data: bytes) -> None:
    """Times and packets, whoever wrote the file."""
    found = list(records(io.BytesIO(data)))
    assert [record.data for record in found] == [frame for _, frame in PACKETS]
    assert [record.time for record in found] == pytest.approx([at for at, _ in PACKETS])
    assert not any(record.cut for record in found)


@pytest.mark.parametrize("write", [pcap, pcapng])
def test_a_file_that_ends_early_is_refused(tmp_path: Path, write: object) -> None:
    """Wherever it is cut, other than between two packets."""
    assert callable(write)
    data = write(PACKETS)
    whole = [len(write(PACKETS[:count])) for count in range(len(PACKETS) + 1)]
    path = tmp_path / "cut.pcap"
    for length in range(whole[0] + 1, len(data)):
        path.write_bytes(data[:length])
        if length not in whole:
            with pytest.raises(MalformedCapture, match=r"cut\.pcap: the capture is cut off"):
                list(Capture(str(path)).datagrams())


@pytest.mark.parametrize(
    ("data", "words"),
    [
        pytest.param(b"", "no capture", id="empty"),
        pytest.param(b"RIFF and so on", "no capture", id="another format"),
        pytest.param(pcap([])[:20], "cut off", id="a header without its end"),
        pytest.param(pcap([]) + b"\xff" * 16, "no possible length", id="a packet without bounds"),
        pytest.param(pcap([])[:4] + b"\x09" * 20, "version", id="another version"),
        pytest.param(pcapng([])[:8] + bytes(40), "byte order", id="a section without an order"),
        pytest.param(pcapng([]) + b"\6\0\0\0\xff\xff\xff\xff", "length", id="a huge block"),
        pytest.param(pcapng([]) + block(6, bytes(4)), "damaged", id="a packet without a header"),
        pytest.param(pcapng([]) + block(6, b"\7" * 20), "damaged", id="an unknown interface"),
        pytest.param(pcapng([]) + block(3, bytes(8)), "without times", id="packets without times"),
        pytest.param(pcapng([]) + block(1, bytes(8)) * 1024, "interfaces", id="interfaces galore"),
        pytest.param(pcapng([]) + block(9, b"")[:-1] + b"!", "lengths", id="lengths that differ"),
    ],
)
def test_damage_is_told_in_a_sentence(data: bytes, words: str) -> None:
    """That names what is wrong."""
    with pytest.raises(MalformedCapture, match=words) as raised:
        list(records(io.BytesIO(data)))
    assert str(raised.value).endswith(".")


@given(
    st.sampled_from([b"", pcap(PACKETS)[:40], pcapng(PACKETS)[:60], pcapng(PACKETS, order=">")]),
    st.binary(max_size=300),
)
def test_any_bytes_are_read_or_refused(beginning: bytes, rest: bytes) -> None:
    """MalformedCapture, and nothing else."""
    network = Network()
    with suppress(MalformedCapture):
        for record in records(io.BytesIO(beginning + rest)):
            network.datagram(record)


@given(
    st.sampled_from([0, 1, 12, 101, 108, 113, 228, 229, 276, 147]),
    st.sampled_from([b"", udp(ANA, SERVER, b"x" * 9), udp(("::1", 1), ("::2", 2), b"y")]),
    st.binary(max_size=60),
    st.booleans(),
)
def test_any_frame_is_taken_apart_or_counted(
    link: int,
    packet: bytes,
    noise: bytes,
    cut: bool,  # noqa: FBT001 - hypothesis passes it so
) -> None:
    """Whatever is in it."""
    for data in (noise + packet, packet + noise, packet[: len(noise)]):
        network = Network()
        found = network.datagram(Record(0.0, link, data, cut))
        assert (found is None) == (network.skipped.total() == 1)


def test_datagrams_over_tcp_are_found(tmp_path: Path) -> None:
    """As those over UDP, in the order of the capture."""
    stream = b"\x00\x03\x80ab\x00\x02\x90c"
    packets = [
        (1.0, tcp(ANA, SERVER, 7, stream[:4])),
        (2.0, udp(ANA, SERVER, b"\x80between")),
        (3.0, tcp(ANA, SERVER, 11, stream[4:])),
    ]
    capture = Capture(written(tmp_path / "tcp.pcap", packets))
    found = [(one.time, one.flow.protocol, one.data) for one in capture.datagrams()]
    assert found == [
        (2.0, "udp", b"\x80between"),
        (3.0, "tcp", b"\x80ab"),
        (3.0, "tcp", b"\x90c"),
    ]
    assert capture.packets == 3


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    """In one sentence."""
    with pytest.raises(ClientError, match="cannot be read"):
        list(Capture(str(tmp_path / "none.pcap")).datagrams())
