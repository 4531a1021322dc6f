"""From a captured frame to the UDP datagram or TCP segment in it, whatever carries it."""

from collections import Counter
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address
from typing import Final, NamedTuple

from sfu_clients.verify.capture.records import Record


class Skip(StrEnum):
    """Why a packet of a capture was not looked at; also what the report calls it."""

    UNKNOWN_LINK = "of an unknown kind of link"
    NOT_IP = "not of IP"
    FRAGMENT = "fragments of IP packets"
    NOT_UDP_OR_TCP = "neither UDP nor TCP"
    CUT_OFF = "cut off by the capture"
    MALFORMED = "malformed"


class Endpoint(NamedTuple):
    """An address of 4 or 16 bytes, and a port."""

    address: bytes
    port: int

    def __str__(self) -> str:
        if len(self.address) == 4:  # noqa: PLR2004 - bytes of an IPv4 address
            return f"{IPv4Address(self.address)}:{self.port}"
        return f"[{IPv6Address(self.address)}]:{self.port}"


class Flow(NamedTuple):
    """One direction between two endpoints."""

    source: Endpoint
    target: Endpoint
    protocol: str = "udp"

    def __str__(self) -> str:
        return f"{self.source} > {self.target}" + (" (tcp)" if self.protocol == "tcp" else "")


class Datagram(NamedTuple):
    """What a UDP datagram carried, or a TCP segment; `sequence` is TCP's."""

    time: float
    flow: Flow
    data: bytes
    sequence: int = 0


_ETHERNET, _LOOPBACK, _RAW, _LINUX, _IPV4, _IPV6, _LINUX_2 = 1, 0, 101, 113, 228, 229, 276
_BSD_RAW: Final = frozenset({12, 14})
_OPENBSD_LOOPBACK: Final = 108
_TYPE_IPV4, _TYPE_IPV6 = 0x0800, 0x86DD
_VLAN_TYPES: Final = frozenset({0x8100, 0x88A8, 0x9100})
_MAX_VLANS: Final = 4
_TCP, _UDP, _FRAGMENT_HEADER = 6, 17, 44
_EXTENSION_HEADERS: Final = frozenset({0, 43, 60, 135, 139, 140})
_MAX_EXTENSIONS: Final = 8
_UDP_BYTES: Final = 8


class Network:
    """Takes frames apart, and counts what it passes over."""

    def __init__(self) -> None:
        self.skipped: Counter[Skip] = Counter()

    def datagram(self, record: Record) -> Datagram | None:
        """What a frame carried; None if it is nothing of ours, and counted."""
        try:
            found = _datagram(record)
        except IndexError:
            found = Skip.CUT_OFF if record.cut else Skip.MALFORMED
        if isinstance(found, Skip):
            self.skipped[found] += 1
            return None
        return found


def _u16(data: bytes, position: int) -> int:
    return data[position] << 8 | data[position + 1]


def _datagram(record: Record) -> Datagram | Skip:
    """Raises IndexError where the frame is too short."""
    begin = _ip_begins(record.link, record.data)
    if isinstance(begin, Skip):
        return begin
    version = record.data[begin] >> 4
    if version == 4:  # noqa: PLR2004
        return _ipv4(record, begin)
    return _ipv6(record, begin) if version == 6 else Skip.NOT_IP  # noqa: PLR2004


def _ip_begins(link: int, data: bytes) -> int | Skip:
    """Where the IP header is."""
    if link in {_RAW, _IPV4, _IPV6} or link in _BSD_RAW:
        return 0
    if link in {_LOOPBACK, _OPENBSD_LOOPBACK}:
        return 4
    if link == _LINUX_2:
        return 20 if _u16(data, 0) in {_TYPE_IPV4, _TYPE_IPV6} else Skip.NOT_IP
    if link not in {_ETHERNET, _LINUX}:
        return Skip.UNKNOWN_LINK
    position = 12 if link == _ETHERNET else 14
    for _ in range(_MAX_VLANS):
        if _u16(data, position) not in _VLAN_TYPES:
            break
        position += 4
    known = _u16(data, position) in {_TYPE_IPV4, _TYPE_IPV6}
    return position + 2 if known else Skip.NOT_IP


def _ipv4(record: Record, begin: int) -> Datagram | Skip:
    data = record.data
    header = (data[begin] & 0x0F) * 4
    if header < 20:  # noqa: PLR2004 - bytes of a header without options
        return Skip.MALFORMED
    if _u16(data, begin + 6) & 0x3FFF:
        return Skip.FRAGMENT
    end = begin + (_u16(data, begin + 2) or len(data) - begin)  # 0: cut by the network card later
    addresses = data[begin + 12 : begin + 16], data[begin + 16 : begin + 20]
    return _transport(record, data[begin + 9], addresses, begin + header, end)


def _ipv6(record: Record, begin: int) -> Datagram | Skip:
    data = record.data
    end = begin + 40 + (_u16(data, begin + 4) or len(data) - begin - 40)
    addresses = data[begin + 8 : begin + 24], data[begin + 24 : begin + 40]
    protocol, position = data[begin + 6], begin + 40
    for _ in range(_MAX_EXTENSIONS):
        if protocol == _FRAGMENT_HEADER:
            return Skip.FRAGMENT
        if protocol not in _EXTENSION_HEADERS:
            break
        protocol, position = data[position], position + 8 + 8 * data[position + 1]
    return _transport(record, protocol, addresses, position, end)


def _transport(
    record: Record, protocol: int, addresses: tuple[bytes, bytes], begin: int, end: int
) -> Datagram | Skip:
    data = record.data
    if protocol not in {_UDP, _TCP}:
        return Skip.NOT_UDP_OR_TCP
    source = Endpoint(addresses[0], _u16(data, begin))
    target = Endpoint(addresses[1], _u16(data, begin + 2))
    if end > len(data):
        return Skip.CUT_OFF if record.cut else Skip.MALFORMED
    if protocol == _UDP:
        stop = min(end, begin + (_u16(data, begin + 4) or end - begin))
        return Datagram(record.time, Flow(source, target), data[begin + _UDP_BYTES : stop])
    payload = begin + (data[begin + 12] >> 4) * 4
    sequence = _u16(data, begin + 4) << 16 | _u16(data, begin + 6)
    return Datagram(record.time, Flow(source, target, "tcp"), data[payload:end], sequence)
