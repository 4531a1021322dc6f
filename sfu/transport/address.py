"""Where a datagram came from, or is to go."""

from typing import Literal, TypeAlias

UdpAddress: TypeAlias = tuple[str, int]
"""Host and port; an IPv4 host is always written as IPv4, also when an IPv6 socket saw it."""

TcpAddress: TypeAlias = tuple[str, int, Literal["tcp"]]
"""The far end of a TCP connection, never equal to a UDP address with the same numbers."""

Address: TypeAlias = UdpAddress | TcpAddress

_MAPPED = "::ffff:"  # RFC 4291 section 2.5.5.2


def plain_host(host: str) -> str:
    """The host as it is named everywhere but at the socket: IPv4 is never mapped into IPv6."""
    return host[len(_MAPPED) :] if host.startswith(_MAPPED) and "." in host else host


def mapped_host(host: str) -> str:
    """The host as a dual-stack socket wants it: IPv4 mapped into IPv6."""
    return host if ":" in host else _MAPPED + host
