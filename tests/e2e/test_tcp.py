"""Where UDP is blocked, media takes TCP (RFC 6544)."""

from urllib.parse import urlsplit

from tests.support.netns import Namespace
from tests.support.page import Seat
from tests.support.server import Serve


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
