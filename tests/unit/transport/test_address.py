"""Addresses: IPv4 has one name, and TCP another one than UDP."""

import pytest

from sfu.transport.address import mapped_host, plain_host


@pytest.mark.parametrize(
    ("socket_says", "name"),
    [
        pytest.param("::ffff:192.0.2.1", "192.0.2.1", id="IPv4 at a dual-stack socket"),
        pytest.param("192.0.2.1", "192.0.2.1", id="IPv4 at an IPv4 socket"),
        pytest.param("2001:db8::1", "2001:db8::1", id="IPv6"),
        pytest.param("::1", "::1", id="loopback"),
        pytest.param("::ffff:1:2", "::ffff:1:2", id="IPv6 that begins alike"),
    ],
)
def test_ipv4_has_one_name(socket_says: str, name: str) -> None:
    """Whatever the socket's family, a peer is known by the same host."""
    assert plain_host(socket_says) == name


@pytest.mark.parametrize("host", ["192.0.2.1", "2001:db8::1"])
def test_the_socket_gets_its_name_back(host: str) -> None:
    """Mapping and unmapping lead to the same host."""
    assert plain_host(mapped_host(host)) == host
    assert ":" in mapped_host(host)
