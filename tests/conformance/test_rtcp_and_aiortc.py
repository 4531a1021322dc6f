"""RTCP packets mean the same to aiortc as to us."""

import pytest
from aiortc import rtp as theirs

from sfu.wire import rtcp as ours

BLOCK = ours.ReportBlock(0xAABBCCDD, 64, 1234, 0x00010203, 17, 0x11112222, 65536)
THEIR_BLOCK = theirs.RtcpReceiverInfo(
    ssrc=0xAABBCCDD,
    fraction_lost=64,
    packets_lost=1234,
    highest_sequence=0x00010203,
    jitter=17,
    lsr=0x11112222,
    dlsr=65536,
)

PAIRS = [
    pytest.param(
        ours.SenderReport(1, 2, 3, 4, 5, (BLOCK,)),
        theirs.RtcpSrPacket(
            ssrc=1,
            sender_info=theirs.RtcpSenderInfo(
                ntp_timestamp=2, rtp_timestamp=3, packet_count=4, octet_count=5
            ),
            reports=[THEIR_BLOCK],
        ),
        id="SR",
    ),
    pytest.param(
        ours.ReceiverReport(1, (BLOCK,)),
        theirs.RtcpRrPacket(ssrc=1, reports=[THEIR_BLOCK]),
        id="RR",
    ),
    pytest.param(
        ours.GenericNack(1, 2, (5, 6, 22, 65535)),
        theirs.RtcpRtpfbPacket(fmt=1, ssrc=1, media_ssrc=2, lost=[5, 6, 22, 65535]),
        id="NACK",
    ),
    pytest.param(
        ours.PictureLoss(1, 2),
        theirs.RtcpPsfbPacket(fmt=1, ssrc=1, media_ssrc=2),
        id="PLI",
    ),
]


@pytest.mark.parametrize(("ours_", "theirs_"), PAIRS)
def test_same_bytes(ours_: ours.PictureLoss, theirs_: theirs.RtcpPsfbPacket) -> None:
    """Both build the same bytes for the same packet, and read each other's."""
    assert ours_.encode() == bytes(theirs_)
    assert ours.parse_rtcp(bytes(theirs_)) == [ours_]
    assert theirs.RtcpPacket.parse(ours_.encode()) == [theirs_]


def test_reads_their_estimate() -> None:
    """A REMB of theirs says the same bitrate to us."""
    fields = theirs.pack_remb_fci(2_400_000, [7, 8])
    data = bytes(theirs.RtcpPsfbPacket(fmt=15, ssrc=1, media_ssrc=0, fci=fields))
    bitrate, ssrcs = theirs.unpack_remb_fci(fields)
    assert ours.parse_rtcp(data) == [ours.BitrateLimit(1, bitrate, tuple(ssrcs))]


def test_reads_their_goodbye() -> None:
    """A BYE of theirs names the same sources."""
    data = bytes(theirs.RtcpByePacket(sources=[1, 2]))
    assert ours.parse_rtcp(data) == [ours.Goodbye((1, 2))]


@pytest.mark.parametrize("name", ["", "ana", "benno"])
def test_they_read_our_names(name: str) -> None:
    """Our CNAMEs arrive there."""
    (packet,) = theirs.RtcpPacket.parse(ours.describe(7, name))
    assert isinstance(packet, theirs.RtcpSdesPacket)
    assert packet.chunks == [theirs.RtcpSourceInfo(ssrc=7, items=[(1, name.encode())])]
