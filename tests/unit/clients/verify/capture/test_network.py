"""Frames of every link lead to the same datagram; what does not is counted by its reason."""

import pytest

from sfu_clients.verify.capture.network import Network, Skip
from sfu_clients.verify.capture.records import Record
from tests.support.captures import ANA, SERVER, ethernet, ip, tcp, udp

SIX = ("2001:db8::1", 40_001), ("2001:db8::9", 10_000)
FOUR_PACKET, SIX_PACKET = udp(ANA, SERVER, b"media"), udp(*SIX, b"media")
SKIPPED_HEADER = ip("2001:db8::1", "2001:db8::9", 0, b"\x11\0" + bytes(6) + SIX_PACKET[40:])


@pytest.mark.parametrize(
    ("link", "frame"),
    [
        pytest.param(1, ethernet(FOUR_PACKET), id="Ethernet"),
        pytest.param(1, ethernet(FOUR_PACKET, vlans=1), id="a VLAN"),
        pytest.param(1, ethernet(FOUR_PACKET, vlans=2), id="a VLAN in a VLAN"),
        pytest.param(1, ethernet(SIX_PACKET), id="IPv6"),
        pytest.param(1, ethernet(FOUR_PACKET) + bytes(13), id="a padded frame"),
        pytest.param(113, bytes(14) + b"\x08\x00" + FOUR_PACKET, id="Linux cooked"),
        pytest.param(113, bytes(14) + b"\x81\0\0\1\x08\x00" + FOUR_PACKET, id="cooked, a VLAN"),
        pytest.param(276, b"\x86\xdd" + bytes(18) + SIX_PACKET, id="Linux cooked, version 2"),
        pytest.param(101, FOUR_PACKET, id="raw"),
        pytest.param(12, SIX_PACKET, id="raw, as BSD calls it"),
        pytest.param(228, FOUR_PACKET, id="raw IPv4"),
        pytest.param(229, SIX_PACKET, id="raw IPv6"),
        pytest.param(0, b"\2\0\0\0" + FOUR_PACKET, id="loopback"),
        pytest.param(108, b"\0\0\0\x18" + SIX_PACKET, id="loopback of OpenBSD"),
        pytest.param(101, SKIPPED_HEADER, id="IPv6 with another header"),
    ],
)
def test_every_link_carries_datagrams(link: int, frame: bytes) -> None:
    """With addresses and ports, and without what a frame is filled up with."""
    network = Network()
    found = network.datagram(Record(3.0, link, frame, cut=False))
    assert found is not None
    assert (found.data, found.time) == (b"media", 3.0)
    four, six = "10.0.0.1:40001 > 10.0.0.9:10000", "[2001:db8::1]:40001 > [2001:db8::9]:10000"
    assert str(found.flow) in {four, six}
    assert not network.skipped


@pytest.mark.parametrize(
    ("link", "frame", "cut", "why"),
    [
        (147, FOUR_PACKET, False, Skip.UNKNOWN_LINK),
        (1, bytes(12) + b"\x08\x06" + bytes(28), False, Skip.NOT_IP),
        (101, b"\x00" * 40, False, Skip.NOT_IP),
        (101, ip("10.0.0.1", "10.0.0.9", 17, bytes(20), fragment=0x2000), False, Skip.FRAGMENT),
        (101, ip("10.0.0.1", "10.0.0.9", 17, bytes(20), fragment=5), False, Skip.FRAGMENT),
        (101, ip("::1", "::2", 17, bytes(20), fragment=1), False, Skip.FRAGMENT),
        (101, ip("10.0.0.1", "10.0.0.9", 1, bytes(20)), False, Skip.NOT_UDP_OR_TCP),
        (101, FOUR_PACKET[:-1], True, Skip.CUT_OFF),
        (101, FOUR_PACKET[:-1], False, Skip.MALFORMED),
        (101, FOUR_PACKET[:9], True, Skip.CUT_OFF),
        (101, b"\x41" + FOUR_PACKET[1:], False, Skip.MALFORMED),
    ],
)
def test_what_is_passed_over_is_counted(link: int, frame: bytes, cut: bool, why: Skip) -> None:  # noqa: FBT001
    """By its reason."""
    network = Network()
    assert network.datagram(Record(0.0, link, frame, cut)) is None
    assert network.skipped == {why: 1}


def test_segments_have_their_place() -> None:
    """In the stream of bytes that they are of."""
    found = Network().datagram(Record(0.0, 101, tcp(ANA, SERVER, 7, b"part"), cut=False))
    assert found is not None
    assert (found.sequence, found.data, found.flow.protocol) == (7, b"part", "tcp")
