"""A call returns by itself: after a loss of the network, on another address, after a reload."""

import time
from urllib.parse import urlsplit

import pytest

from tests.support.netns import Namespace
from tests.support.page import Page, Seat
from tests.support.patience import stays, wait_until
from tests.support.server import Serve, Server

FIRST_PICTURE_SECONDS = 20
RETURN_SECONDS = 30
CALL_SECONDS = 20
"""So long that a publisher who begins anew takes longer than the next to count so many frames."""

SOON_SECONDS = 12
OUTAGE_SECONDS = 5
STILL_SECONDS = 2
"""The end of an outage, when nothing that was on its way arrives any more."""


def decoded(page: Page, name: str) -> int:
    """How many frames of somebody's camera a page has decoded in this life of it."""
    known = page.find(name, "camera")
    return page.received(known["id"]).frames_decoded if known else 0


def watches(page: Page, name: str, seconds: float) -> None:
    """Frames of somebody's camera are decoded, now."""
    before = decoded(page, name)
    wait_until(
        lambda: decoded(page, name) not in (0, before), seconds, f"{page.name} decodes {name}"
    )


@pytest.fixture
def ben(elsewhere: Namespace, serve: Serve, person: Seat, distant: Seat) -> Page:
    """Ana is here and sends; Ben is on the other machine and watches."""
    server = serve("--lan")
    token = urlsplit(server.announced_urls[0]).fragment.removeprefix("token=")
    ana, ben = person("Ana", "chromium"), distant("Ben", "chromium")
    ana.join(server.url, "return", token, camera="640x360@15")
    ben.join(server.url.replace("localhost", elsewhere.host), "return", token, camera=0, mic=0)
    watches(ben, "Ana", FIRST_PICTURE_SECONDS)
    return ben


def identity(page: Page) -> str | None:
    """Who this page's person is; None while the page looks for the way back."""
    state = page.state()
    return str(state["self"]) if state and state["phase"] == "joined" else None


def test_returns_after_an_outage(ben: Page, elsewhere: Namespace) -> None:
    """Five seconds without a network: nothing comes, then everything comes back, the wish too."""
    before = identity(ben)
    publication = ben.publication("Ana", "camera")
    ben.wish(publication, "base")
    wait_until(lambda: ben.received(publication).frame_height == 180, 15, "Ben gets 180 lines")
    elsewhere.unplug()
    time.sleep(OUTAGE_SECONDS - STILL_SECONDS)
    frames = decoded(ben, "Ana")
    assert stays(lambda: decoded(ben, "Ana") == frames, STILL_SECONDS)
    elsewhere.plug_in()
    watches(ben, "Ana", RETURN_SECONDS)
    wait_until(lambda: identity(ben) == before, RETURN_SECONDS, "Ben is who he was")
    assert ben.moves(ben.publication("Ana", "camera"), 10)
    assert ben.received(publication).frame_height == 180


def test_returns_on_another_address(ben: Page, elsewhere: Namespace) -> None:
    """Another network, so other addresses and other ports: the same call goes on."""
    before = identity(ben)
    elsewhere.move()
    wait_until(lambda: identity(ben) == before, RETURN_SECONDS, "Ben is who he was")
    watches(ben, "Ana", RETURN_SECONDS)
    assert ben.moves(ben.publication("Ana", "camera"), 10)


def test_returns_after_a_reload(server: Server, person: Seat) -> None:
    """A reloaded page is the same person in the same room, without a click."""
    ana, ben = person("Ana", "chromium"), person("Ben", "firefox")
    ana.join(server.url, "reload", camera="640x360@15")
    ben.join(server.url, "reload", camera="320x180@15")
    watches(ben, "Ana", FIRST_PICTURE_SECONDS)
    watches(ana, "Ben", FIRST_PICTURE_SECONDS)
    before = identity(ben)
    ben.driver.refresh()
    wait_until(lambda: identity(ben) == before, RETURN_SECONDS, "Ben is who he was")
    watches(ben, "Ana", RETURN_SECONDS)
    watches(ana, "Ben", RETURN_SECONDS)
    assert server.metric("sfu_participants") == 2


def test_is_seen_soon_after_a_reload(server: Server, person: Seat) -> None:
    """Numbers of frames begin anew with the page: whoever watches it does not mind."""
    ana, ben = person("Ana", "chromium"), person("Ben", "chromium")
    ana.join(server.url, "seen", camera="640x360@15")
    ben.join(server.url, "seen", camera="320x180@15")
    watches(ben, "Ana", FIRST_PICTURE_SECONDS)
    time.sleep(CALL_SECONDS)
    ana.driver.refresh()
    wait_until(lambda: decoded(ana, "Ben"), RETURN_SECONDS, "Ana is back")
    watches(ben, "Ana", SOON_SECONDS)
