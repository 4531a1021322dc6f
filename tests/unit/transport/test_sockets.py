"""Sockets: both families where both are there, and both ends of a datagram by their names."""

import errno
import socket

import pytest

from sfu.transport import sockets
from sfu.transport.address import Address
from sfu.transport.sockets import ANCILLARY_BYTES, SocketNames, bind

LOOPBACK = {socket.AF_INET: "127.0.0.1", socket.AF_INET6: "::1"}
KINDS = [socket.SOCK_DGRAM, socket.SOCK_STREAM]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("host", "family"),
    [
        pytest.param("", socket.AF_INET6, id="everything"),
        pytest.param("127.0.0.1", socket.AF_INET, id="one IPv4 address"),
        pytest.param("::1", socket.AF_INET6, id="one IPv6 address"),
    ],
)
def test_binds_where_it_is_told(
    kind: socket.SocketKind, host: str, family: socket.AddressFamily
) -> None:
    """The family follows from the host, and nothing ever blocks."""
    with bind(kind, host, 0) as sock:
        assert (sock.family, sock.type, sock.getblocking()) == (family, kind, False)
        assert sock.getsockname()[1] > 0


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("number", [errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL])
def test_makes_do_with_ipv4(
    monkeypatch: pytest.MonkeyPatch, kind: socket.SocketKind, number: int
) -> None:
    """Where the kernel has no IPv6, all of IPv4 is served."""

    class NoIpv6(socket.socket):
        def bind(self, address: object) -> None:
            if self.family == socket.AF_INET6:
                raise OSError(number, "no IPv6 here")
            super().bind(address)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "socket", NoIpv6)
    with bind(kind, "", 0) as sock:
        assert (sock.family, sock.getsockname()[0]) == (socket.AF_INET, "0.0.0.0")  # noqa: S104


@pytest.mark.parametrize("host", ["", "127.0.0.1"])
def test_says_when_a_port_is_taken(host: str) -> None:
    """A port in use is not worked around, and no socket is left behind."""
    with bind(socket.SOCK_DGRAM, host, 0) as sock, pytest.raises(OSError, match="in use"):
        bind(socket.SOCK_DGRAM, host, sock.getsockname()[1])


def hear(sock: socket.socket, names: SocketNames, family: socket.AddressFamily) -> Address:
    """Send a datagram to the socket over loopback, and return where it says that it came from."""
    host = LOOPBACK[family]
    with socket.socket(family, socket.SOCK_DGRAM) as client:
        client.connect((host, sock.getsockname()[1]))
        client.send(b"hello")
        data, ancillary, _, raw = sock.recvmsg(2048, ANCILLARY_BYTES)
        assert data == b"hello"
        address = names.address(raw, ancillary)
        assert address[:2] == client.getsockname()[:2]
        for known in (names, SocketNames(sock)):  # one that has heard it, and one that has not
            route = known.route(address)
            sock.sendmsg((b"answer",), route.ancillary, 0, route.raw)
            assert client.recv(2048) == b"answer"
        return address


@pytest.mark.parametrize("family", LOOPBACK)
def test_names_both_ends(family: socket.AddressFamily) -> None:
    """A socket for everything tells which of our addresses was meant, in either family."""
    with bind(socket.SOCK_DGRAM, "", 0) as sock:
        assert hear(sock, SocketNames(sock), family)[2:] == (LOOPBACK[family],)


def test_names_both_ends_of_ipv4_only() -> None:
    """The same where there is no IPv6."""
    with bind(socket.SOCK_DGRAM, "0.0.0.0", 0) as sock:  # noqa: S104 - a test of that
        assert hear(sock, SocketNames(sock), socket.AF_INET)[2:] == ("127.0.0.1",)


@pytest.mark.parametrize("family", LOOPBACK)
def test_one_address_needs_no_telling(family: socket.AddressFamily) -> None:
    """A socket that is bound to an address sends from there anyway."""
    with bind(socket.SOCK_DGRAM, LOOPBACK[family], 0) as sock:
        assert hear(sock, SocketNames(sock), family)[2:] == ("",)


def test_an_address_without_our_end_is_reached() -> None:
    """Then the routing table decides."""
    with bind(socket.SOCK_DGRAM, "", 0) as sock:
        route = SocketNames(sock).route(("192.0.2.1", 4711))
        assert route == (("::ffff:192.0.2.1", 4711), [])


def test_remembers_a_bounded_number(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many sources send, the memory stays small and nobody becomes unreachable."""
    monkeypatch.setattr(sockets, "_MAX_NAMES", 2)
    with bind(socket.SOCK_DGRAM, "", 0) as sock:
        names = SocketNames(sock)
        for family in (*LOOPBACK, *LOOPBACK, *LOOPBACK):
            hear(sock, names, family)
            assert len(names._routes) <= 2  # noqa: SLF001
