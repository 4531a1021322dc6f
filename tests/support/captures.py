"""Captures that a test makes itself: packets in frames of any link, in files of either format."""

from collections.abc import Iterable, Sequence
from ipaddress import ip_address
from pathlib import Path
from struct import pack
from typing import Final

Sent = tuple[float, bytes]
"""When, and a frame or an IP packet."""

RAW: Final = 101
ANA, BEN, SERVER = ("10.0.0.1", 40_001), ("10.0.0.2", 40_002), ("10.0.0.9", 10_000)


def udp(source: tuple[str, int], target: tuple[str, int], data: bytes) -> bytes:
    """An IP packet with a datagram in it."""
    datagram = pack("!HHHH", source[1], target[1], 8 + len(data), 0) + data
    return ip(source[0], target[0], 17, datagram)


def tcp(source: tuple[str, int], target: tuple[str, int], sequence: int, data: bytes) -> bytes:
    """An IP packet with a segment in it."""
    head = pack("!HHIIBBHHH", source[1], target[1], sequence & 0xFFFFFFFF, 0, 0x50, 0x18, 0, 0, 0)
    return ip(source[0], target[0], 6, head + data)


def ip(source: str, target: str, protocol: int, body: bytes, *, fragment: int = 0) -> bytes:
    """An IPv4 packet, or one of IPv6 as the addresses are."""
    ends = ip_address(source).packed + ip_address(target).packed
    if len(ends) == 8:
        size = 20 + len(body)
        return pack("!BBHHHBBH", 0x45, 0, size, 1, fragment, 64, protocol, 0) + ends + body
    if fragment:
        body, protocol = pack("!BBHI", protocol, 0, fragment, 1) + body, 44
    return pack("!IHBB", 6 << 28, len(body), protocol, 64) + ends + body


def ethernet(packet: bytes, *, vlans: int = 0) -> bytes:
    """A frame of Ethernet."""
    kind = b"\x08\x00" if packet[0] >> 4 == 4 else b"\x86\xdd"
    return bytes(12) + b"\x81\x00\x00\x05" * vlans + kind + packet


def pcap(
    packets: Iterable[Sent], *, link: int = RAW, order: str = "<", nano: bool = False
) -> bytes:
    """A file of tcpdump's."""
    magic, unit = (0xA1B23C4D, 1e9) if nano else (0xA1B2C3D4, 1e6)
    parts = [pack(f"{order}IHHiIII", magic, 2, 4, 0, 0, 262_144, link)]
    for moment, frame in packets:
        seconds, rest = divmod(round(moment * unit), int(unit))
        parts.append(pack(f"{order}IIII", seconds, rest, len(frame), len(frame)) + frame)
    return b"".join(parts)


def block(kind: int, body: bytes, order: str = "<") -> bytes:
    """A block of pcapng."""
    body += bytes(-len(body) % 4)
    length = pack(f"{order}I", 12 + len(body))
    return pack(f"{order}I", kind) + length + body + length


def pcapng(
    packets: Iterable[Sent], *, link: int = RAW, order: str = "<", resolution: int = 6
) -> bytes:
    """A file of Wireshark's, with a block that nobody knows in it."""
    section = pack(f"{order}IHHq", 0x1A2B3C4D, 1, 0, -1)
    options = pack(f"{order}HHBxxx", 9, 1, resolution) + bytes(4)
    blocks = [
        block(0x0A0D0D0A, section, order),
        block(1, pack(f"{order}HHI", link, 0, 0) + options, order),
        block(0x0BAD, b"whatever", order),
    ]
    for moment, frame in packets:
        ticks = round(moment * 10**resolution)
        head = pack(f"{order}IIIII", 0, ticks >> 32, ticks & 0xFFFFFFFF, len(frame), len(frame))
        blocks.append(block(6, head + frame, order))
    return b"".join(blocks)


def written(path: Path, packets: Sequence[Sent]) -> str:
    """A capture of IP packets, and where it is."""
    path.write_bytes(pcap(packets))
    return str(path)
