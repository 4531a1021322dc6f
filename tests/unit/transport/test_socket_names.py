"""Names at the socket: both ends come out as they are known, and go back in."""

import socket

import pytest

from sfu.transport import socket_names
from sfu.transport.address import Address
from sfu.transport.socket_names import ANCILLARY_BYTES, SocketNames
from sfu.transport.sockets import bind

LOOPBACK = {socket.AF_INET: "127.0.0.1", socket.AF_INET6: "::1"}


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
    monkeypatch.setattr(socket_names, "_MAX_NAMES", 2)
    with bind(socket.SOCK_DGRAM, "", 0) as sock:
        names = SocketNames(sock)
        for family in (*LOOPBACK, *LOOPBACK, *LOOPBACK):
            hear(sock, names, family)
            assert len(names._routes) <= 2  # noqa: SLF001
