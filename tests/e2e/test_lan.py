"""With --lan, devices nearby take part over HTTPS, by invitation."""

from urllib.parse import urlsplit

from tests.support.netns import Namespace
from tests.support.page import Seat
from tests.support.server import Serve


def test_another_machine_takes_part(
    elsewhere: Namespace, serve: Serve, person: Seat, distant: Seat
) -> None:
    """A page on another machine has a camera, sends it, and plays ours."""
    server = serve("--lan")
    announced = urlsplit(server.announced_urls[0])
    assert announced.scheme == "https"
    assert announced.hostname not in {"localhost", "127.0.0.1"}
    token = announced.fragment.removeprefix("token=")
    ana, ben = person("Ana", "chromium"), distant("Ben", "chromium")
    ana.join(server.url, "house", token, camera="320x180@15")
    ben.join(f"https://{elsewhere.host}:{server.http_port}", "house", token, camera="320x180@15")
    assert ben.run("return window.isSecureContext") is True
    ana.sees("Ben")
    ben.sees("Ana")
    ben.screenshot("lan-ben")


def test_without_an_invitation_nobody_enters(serve: Serve, person: Seat) -> None:
    """The network is not trusted: a page without the token is refused, in words."""
    server = serve("--lan")
    stranger = person("Dan", "chromium")
    stranger.open(server.url, "house", autojoin=1)
    stranger.reads("did not let you in")
    assert stranger.state() is None
