"""Where a datagram came from, or is to go."""

from typing import Final, TypeAlias

Address: TypeAlias = tuple[str, int] | tuple[str, int, str] | tuple[str, int, str, str]
"""Host and port of the other side; where it matters a host of ours; at the end TCP, if it is.

An IPv4 host is always written as IPv4, also when an IPv6 socket saw it.
"""

TCP: Final = "tcp"
"""Marks a TCP connection, so that its address never equals one of UDP."""

_MAPPED: Final = "::ffff:"  # RFC 4291 section 2.5.5.2


def plain_host(host: str) -> str:
    """The host as it is named everywhere but at the socket: IPv4 is never mapped into IPv6."""
    return host[len(_MAPPED) :] if host.startswith(_MAPPED) and "." in host else host


def mapped_host(host: str) -> str:
    """The host as a dual-stack socket wants it: IPv4 mapped into IPv6."""
    return host if ":" in host else _MAPPED + host
