"""Sockets: both families where both are there, one where it has to be."""

import errno
import socket

import pytest

from sfu.transport.sockets import bind

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
