"""RTCP: bytes of the RFCs' figures, round trips, and any bytes."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.errors import MalformedPacket
from sfu.wire.rtcp import (
    BitrateLimit,
    FullIntraRequest,
    GenericNack,
    Goodbye,
    PictureLoss,
    ReceiverReport,
    ReportBlock,
    RtcpPacket,
    SenderReport,
    describe,
    join,
    parse_rtcp,
)
from sfu.wire.transport_cc import TransportFeedback

BLOCK = ReportBlock(0xAABBCCDD, 64, -2, 0x00010203, 17, 0x11112222, 65536)
BLOCK_BYTES = bytes.fromhex("aabbccdd 40fffffe 00010203 00000011 11112222 00010000")

EXAMPLES = [
    pytest.param(
        SenderReport(1, 0x0102030405060708, 9, 10, 11, (BLOCK,)),
        bytes.fromhex("81c8000c 00000001 0102030405060708 00000009 0000000a 0000000b")
        + BLOCK_BYTES,
        id="SR with a block",
    ),
    pytest.param(
        ReceiverReport(1, (BLOCK, BLOCK)),
        bytes.fromhex("82c9000d 00000001") + 2 * BLOCK_BYTES,
        id="RR with two blocks",
    ),
    pytest.param(ReceiverReport(1), bytes.fromhex("80c90001 00000001"), id="empty RR"),
    pytest.param(
        GenericNack(1, 2, (5, 6, 21, 22, 0xFFFF, 0)),
        bytes.fromhex("81cd0005 00000001 00000002 0005 8001 0016 0000 ffff 0001"),
        id="NACK over the wrap",
    ),
    pytest.param(PictureLoss(1, 2), bytes.fromhex("81ce0002 00000001 00000002"), id="PLI"),
    pytest.param(
        FullIntraRequest(1, ((2, 7), (3, 8))),
        bytes.fromhex("84ce0006 00000001 00000000 00000002 07000000 00000003 08000000"),
        id="FIR for two",
    ),
    pytest.param(
        TransportFeedback(1, 2, 3, 1, 4, 5, ((0, 6),)),
        bytes.fromhex("8fcd0005 00000001 00000002 0003 0001 000004 05 2001 06 00"),
        id="transport feedback",
    ),
]


@pytest.mark.parametrize(("packet", "data"), EXAMPLES)
def test_builds_and_reads(packet: SenderReport, data: bytes) -> None:
    """Each packet looks like the figure of its specification, and is read back."""
    assert packet.encode() == data
    assert parse_rtcp(data) == [packet]


@pytest.mark.parametrize(
    ("data", "packet"),
    [
        pytest.param("82cb0002 00000001 00000002", Goodbye((1, 2)), id="BYE"),
        pytest.param("81cb0003 00000001 03616263 00000000", Goodbye((1,)), id="BYE and a reason"),
        pytest.param(
            "8fce0006 00000001 00000000 52454d42 020fffff 00000002 00000003",
            BitrateLimit(1, 0x3FFFF << 3, (2, 3)),
            id="REMB",
        ),
        pytest.param(
            "81c90008 00000001" + BLOCK_BYTES.hex() + "deadbeef",
            ReceiverReport(1, (BLOCK,)),
            id="RR with a profile's extension",
        ),
        pytest.param(
            "a1ce0003 00000001 00000002 00000004", PictureLoss(1, 2), id="padding is taken off"
        ),
        pytest.param(
            "81cd0003 00000001 00000002 fffe 0003",
            GenericNack(1, 2, (0xFFFE, 0xFFFF, 0)),
            id="NACK with a mask",
        ),
    ],
)
def test_reads_what_we_never_send(data: str, packet: RtcpPacket) -> None:
    """What only browsers say is understood too."""
    assert parse_rtcp(bytes.fromhex(data)) == [packet]


@pytest.mark.parametrize(
    "data",
    [
        pytest.param("80cc0000", id="an application's packet"),
        pytest.param("80cf0001 00000001", id="XR"),
        pytest.param("83cd0002 00000001 00000002", id="an unknown transport layer feedback"),
        pytest.param("82ce0002 00000001 00000002", id="an unknown payload-specific feedback"),
        pytest.param("8fce0003 00000001 00000002 41424344", id="other application feedback"),
        pytest.param("81ca0003 00000001 01036162 63000000", id="SDES"),
    ],
)
def test_skips_what_it_does_not_know(data: str) -> None:
    """Unknown packets of a compound are no reason to refuse the others."""
    pli = PictureLoss(1, 2)
    assert parse_rtcp(bytes.fromhex(data) + pli.encode()) == [pli]


@pytest.mark.parametrize(
    "data",
    [
        pytest.param("80c9", id="half a header"),
        pytest.param("40c90001 00000001", id="version 1"),
        pytest.param("80c90002 00000001", id="longer than the datagram"),
        pytest.param("80c90000", id="RR without SSRC"),
        pytest.param("81c90001 00000001", id="RR without its block"),
        pytest.param("80c80001 00000001", id="SR without sender info"),
        pytest.param("82cb0001 00000001", id="BYE without its second SSRC"),
        pytest.param("81cd0001 00000001", id="NACK without media SSRC"),
        pytest.param("8fce0003 00000001 00000000 52454d42", id="REMB without bitrate"),
        pytest.param("8fce0004 00000001 00000000 52454d42 01000000", id="REMB without its SSRC"),
        pytest.param("8fcd0002 00000001 00000002", id="transport feedback without base"),
        pytest.param("a0c90001 00000000", id="padding of no bytes"),
        pytest.param("a0cc0001 00000000", id="padding of no bytes, of an unknown type"),
        pytest.param("a0c90001 00000005", id="padding longer than the packet"),
    ],
)
def test_refuses_what_is_cut_off(data: str) -> None:
    """A datagram with one broken packet is refused as a whole."""
    with pytest.raises(MalformedPacket):
        parse_rtcp(PictureLoss(1, 2).encode() + bytes.fromhex(data))


@pytest.mark.parametrize(
    ("lost", "said"), [(-0x800001, -0x800000), (0x800000, 0x7FFFFF), (-1, -1), (0, 0)]
)
def test_cumulative_loss_has_24_signed_bits(lost: int, said: int) -> None:
    """Cumulative loss is negative with duplicates, and stays at its ends."""
    block = ReportBlock(1, 0, lost, 0, 0, 0, 0)
    (report,) = parse_rtcp(ReceiverReport(1, (block,)).encode())
    assert isinstance(report, ReceiverReport)
    assert report.blocks[0].lost == said


@pytest.mark.parametrize("name", ["", "a", "ab", "abcde", "abcdef", "ü" * 200])
def test_describes_sources_in_whole_words(name: str) -> None:
    """An SDES chunk ends with one to four nulls at a word boundary (RFC 3550 section 6.5)."""
    text = name.encode()[:255]
    packet = describe(7, name)
    assert packet[:8] == bytes((0x81, 202, 0, len(packet) // 4 - 1, 0, 0, 0, 7))
    assert packet[8:].rstrip(b"\0") == bytes((1, len(text))).rstrip(b"\0") + text
    assert len(packet) == 8 + (2 + len(text)) // 4 * 4 + 4


def test_joins_units_up_to_a_limit() -> None:
    """Datagrams are filled in order, a unit is never split, and nothing makes no datagram."""
    units = [b"a" * 5, b"b" * 5, b"c", b"d" * 30, b"e"]
    assert list(join(units, 10)) == [b"aaaaabbbbb", b"c", b"d" * 30, b"e"]
    assert list(join([])) == []


@given(st.sets(st.integers(0, 65535), max_size=300))
def test_any_losses_survive_a_nack(numbers: set[int]) -> None:
    """Numbers, in order, come back in order."""
    lost = tuple(sorted(numbers))
    assert parse_rtcp(GenericNack(1, 2, lost).encode()) == [GenericNack(1, 2, lost)]


def rtcp_like() -> st.SearchStrategy[bytes]:
    """Packets with a true length and a known type, and anything inside."""
    return st.builds(
        lambda first, kind, body: (
            bytes((0x80 | first, kind))
            + (len(body) // 4).to_bytes(2, "big")
            + body[: len(body) // 4 * 4]
        ),
        st.integers(0, 0x3F),
        st.sampled_from([200, 201, 202, 203, 204, 205, 206, 207]),
        st.binary(max_size=120),
    )


@given(st.binary(max_size=300) | st.lists(rtcp_like(), max_size=5).map(b"".join))
def test_any_bytes_parse_or_are_refused(data: bytes) -> None:
    """A datagram becomes a bounded list of packets or raises MalformedPacket, nothing else."""
    with contextlib.suppress(MalformedPacket):
        assert len(parse_rtcp(data)) <= len(data) / 4
