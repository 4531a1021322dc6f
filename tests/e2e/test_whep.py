"""A plain page plays a room by WHEP, in every browser, from another origin."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.browsers import Kind
from tests.support.page import Page, Seat
from tests.support.patience import wait_until
from tests.support.player import Examples, Player
from tests.support.server import Serve, Server
from tests.support.tokens import SECRET, token


@pytest.fixture
def examples(tmp_path: Path) -> Iterator[Examples]:
    """The folder of examples, served as docs/whip.md says."""
    served = Examples(tmp_path)
    yield served
    served.stop()


def publisher(person: Seat, server: Server, token: str = "") -> Page:
    """Somebody with a camera and a microphone."""
    ana = person("Ana", "chromium")
    ana.join(server.url, "studio", token, camera="640x360@15")
    wait_until(
        lambda: server.metric("sfu_packets_total", direction="in", kind="video") > 0,
        30,
        "Ana sends",
    )
    return ana


@pytest.mark.parametrize("kind", ["chromium", "firefox"])
def test_a_plain_page_plays_a_room(
    server: Server, person: Seat, examples: Examples, kind: Kind
) -> None:
    """Frames are decoded, pixels move, sound is heard; who is watched sees that somebody came."""
    ana, player = publisher(person, server), Player(person("Ben", kind))
    player.play(examples, f"{server.url}/whep/studio")
    player.plays()
    player.page.screenshot(f"whep-{kind}")
    names = [one["name"] for one in (ana.state() or {})["participants"]]
    assert "WHEP viewer" in names
    player.page.close()
    wait_until(lambda: server.metric("sfu_participants") == 1, 40, "the viewer has left")


def test_a_token_lets_any_origin_in(serve: Serve, person: Seat, examples: Examples) -> None:
    """Where tokens protect the server; without one, the page says what is missing."""
    server = serve(SFU_AUTH_SECRET=SECRET)
    server.bearer = token("--scrape")
    publisher(person, server, token("--room", "studio"))
    player = Player(person("Ben", "firefox"))
    player.play(examples, f"{server.url}/whep/studio")
    player.page.reads("needs a token")
    player.play(examples, f"{server.url}/whep/studio", token("--room", "studio"))
    player.plays()


def test_the_player_comes_before_and_stays_between(
    server: Server, person: Seat, examples: Examples
) -> None:
    """It asks until somebody publishes; when they have ended, it is told, and asks again."""
    player = Player(person("Ben", "chromium"))
    player.play(examples, f"{server.url}/whep/studio")
    player.page.reads("Nobody publishes")
    ana = publisher(person, server)
    player.plays()
    ana.leave()
    player.page.reads("Nobody publishes", 20)
    assert server.metric("sfu_rooms") == 0
    publisher(person, server)
    player.plays()
