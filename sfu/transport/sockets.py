"""Sockets for IPv6 and IPv4 alike, and the names that they give to the ends of a datagram.

A socket for all addresses would answer from the address that the routing table prefers, and the
other side would not know whose answer that is. So the kernel tells which address of ours a
datagram came to, and is told from which one to send (RFC 3542 section 6).
"""

import errno
import socket
import struct
from typing import Final, NamedTuple, TypeAlias

from sfu.transport.address import Address, mapped_host, plain_host

ANCILLARY_BYTES: Final = 64
"""Room for what the kernel tells beside a datagram."""

_Raw: TypeAlias = tuple[str, int] | tuple[str, int, int, int]
_Ancillary: TypeAlias = list[tuple[int, int, bytes]]

_IP_PKTINFO: Final = 8  # Linux; the socket module does not name it
_IPV6 = struct.Struct("=16sI")  # in6_pktinfo: address, interface
_IPV4 = struct.Struct("=I4s4s")  # in_pktinfo: interface, our address, the header's destination
_WITH_OUR_END: Final = 3
_MAX_NAMES: Final = 1 << 14
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


class Route(NamedTuple):
    """What the socket needs to send from one end to the other."""

    raw: _Raw
    ancillary: _Ancillary


class SocketNames:
    """Translates, and remembers translations: only they have the scope of a link-local address.

    The interface is never given back: which way to go is the kernel's business.
    """

    def __init__(self, sock: socket.socket) -> None:
        """Ask the kernel to tell our end, unless the socket has but one address."""
        self._family = sock.family
        host = sock.getsockname()[0]
        if host == "::":
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
        elif host == "0.0.0.0":  # noqa: S104 - not bound here
            sock.setsockopt(socket.IPPROTO_IP, _IP_PKTINFO, 1)
        self._hosts: dict[bytes, str] = {}
        self._routes: dict[Address, Route] = {}

    def address(self, raw: _Raw, ancillary: _Ancillary) -> Address:
        """Where a datagram came from, and to which host of ours if the kernel told."""
        ours = self._host(ancillary[0][2]) if ancillary else ""
        address = plain_host(raw[0]), raw[1], ours
        if address not in self._routes:
            self._remember(address, Route(raw, self._ancillary(ours)))
        return address

    def route(self, address: Address) -> Route:
        """How to send there."""
        route = self._routes.get(address)
        if route is None:
            host, port = address[0], address[1]
            ours = address[2] if len(address) == _WITH_OUR_END else ""
            raw = mapped_host(host) if self._family == socket.AF_INET6 else host
            route = Route((raw, port), self._ancillary(ours))
        return route

    def _remember(self, address: Address, route: Route) -> None:
        if len(self._routes) >= _MAX_NAMES:
            self._routes.clear()  # whoever sends is remembered again
        self._routes[address] = route

    def _host(self, info: bytes) -> str:
        host = self._hosts.get(info)
        if host is None:
            if len(self._hosts) >= _MAX_NAMES:
                self._hosts.clear()
            host = self._hosts[info] = self._read(info)
        return host

    def _read(self, info: bytes) -> str:
        if self._family == socket.AF_INET6:
            return plain_host(socket.inet_ntop(socket.AF_INET6, _IPV6.unpack(info)[0]))
        return socket.inet_ntop(socket.AF_INET, _IPV4.unpack(info)[1])

    def _ancillary(self, host: str) -> _Ancillary:
        if not host:
            return []
        if self._family == socket.AF_INET6:
            packed = socket.inet_pton(socket.AF_INET6, mapped_host(host))
            return [(socket.IPPROTO_IPV6, socket.IPV6_PKTINFO, _IPV6.pack(packed, 0))]
        packed = socket.inet_pton(socket.AF_INET, host)
        return [(socket.IPPROTO_IP, _IP_PKTINFO, _IPV4.pack(0, packed, bytes(4)))]
