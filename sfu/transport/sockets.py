"""Sockets that serve IPv6 and IPv4 alike, bound and not blocking."""

import errno
import socket
from typing import Final

_NO_IPV6: Final = frozenset({errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL, errno.EPROTONOSUPPORT})


def bind(kind: socket.SocketKind, host: str, port: int) -> socket.socket:
    """A non-blocking socket at `host`, or for IPv6 and IPv4, or for IPv4 where that is all."""
    if host:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return _bind(family, kind, host, port)
    try:
        return _bind(socket.AF_INET6, kind, "::", port)
    except OSError as error:
        if error.errno not in _NO_IPV6:
            raise
    return _bind(socket.AF_INET, kind, "0.0.0.0", port)  # noqa: S104 - asked for


def _bind(
    family: socket.AddressFamily, kind: socket.SocketKind, host: str, port: int
) -> socket.socket:
    sock = socket.socket(family, kind)
    try:
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        if kind == socket.SOCK_STREAM:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.setblocking(False)  # noqa: FBT003 - not our signature
        sock.bind((host, port))
    except OSError:
        sock.close()
        raise
    return sock
