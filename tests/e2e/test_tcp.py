"""Where UDP is blocked, media takes TCP (RFC 6544)."""

import socket
from urllib.parse import urlsplit

from tests.support.netns import Namespace
from tests.support.page import Seat
from tests.support.server import Serve, Server, fetch


def test_a_call_without_udp(
    elsewhere: Namespace, serve: Serve, person: Seat, distant: Seat
) -> None:
    """Behind a firewall that drops UDP, Ben sees and is seen."""
    elsewhere.block_udp()
    server = serve("--lan")
    token = urlsplit(server.announced_urls[0]).fragment.removeprefix("token=")
    ana, ben = person("Ana", "chromium"), distant("Ben", "chromium")
    ana.join(server.url, "office", token, camera="640x360@15")
    ben.join(f"https://{elsewhere.host}:{server.http_port}", "office", token, camera="320x180@15")
    ben.sees("Ana")
    ana.sees("Ben")


def test_one_port_may_connect_twice(server: Server) -> None:
    """Firefox uses one port of its own for all our addresses: both connections end cleanly."""
    with connection("127.0.0.1", server) as first:
        port = first.getsockname()[1]
        with connection("127.0.0.2", server, port=port):
            assert fetch(f"{server.url}/healthz")[0] == 200


def connection(host: str, server: Server, *, port: int = 0) -> socket.socket:
    """A TCP connection to the port of the media, from a port of one's choice."""
    endpoint = socket.socket()
    endpoint.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    endpoint.bind(("127.0.0.3", port))
    endpoint.connect((host, server.media_port))
    return endpoint
