"""With --lan, devices nearby take part over HTTPS, by invitation."""

from urllib.parse import urlsplit

from tests.support.netns import Namespace
from tests.support.page import Page, Seat
from tests.support.patience import wait_until
from tests.support.server import Serve

FIRST_PICTURE_SECONDS = 20


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
    for one, other in ((ana, "Ben"), (ben, "Ana")):
        sees(one, other)
    ben.screenshot("lan-ben")


def sees(page: Page, name: str) -> None:
    """Somebody's picture moves on the screen."""
    publication = page.publication(name, "camera")
    wait_until(
        lambda: page.received(publication).frames_decoded > 0,
        FIRST_PICTURE_SECONDS,
        f"{page.name} decodes {name}",
    )
    assert page.moves(publication, 5)


def test_without_an_invitation_nobody_enters(serve: Serve, person: Seat) -> None:
    """The network is not trusted: a page without the token is refused, in words."""
    server = serve("--lan")
    stranger = person("Dan", "chromium")
    stranger.open(server.url, "house", autojoin=1)
    wait_until(lambda: "did not let you in" in stranger.text(), 10, "Dan reads why")
    assert stranger.state() is None
