"""Three people in three browsers see and hear each other."""

import itertools

import pytest

from tests.support.page import Page, Seat
from tests.support.patience import wait_until
from tests.support.server import Server

SMALL = {"camera": "320x180@15"}


@pytest.fixture
def people(server: Server, person: Seat) -> list[Page]:
    """Ana sends HD from Chromium; Ben from Chromium and Chi from Firefox send small pictures."""
    people = [person("Ana", "chromium"), person("Ben", "chromium"), person("Chi", "firefox")]
    people[0].join(server.url, "meeting", camera="1280x720@15")
    for one in people[1:]:
        one.join(server.url, "meeting", **SMALL)
    return people


def test_everybody_sees_and_hears_everybody(people: list[Page], server: Server) -> None:
    """On all six ways, pixels move on the screen and the energy of the sound grows."""
    for one, other in itertools.permutations(people, 2):
        one.sees(other.name)
        one.hears(other.name)
    for one in people:
        one.screenshot(f"conference-{one.name}")
    assert server.metric("sfu_participants", state="present") == 3
    assert server.metric("sfu_publications", kind="video") == 3
    assert server.metric("sfu_packets_total", direction="out", kind="video") > 0


def test_chromium_sends_layers_and_firefox_plays_them(people: list[Page]) -> None:
    """Ana's camera has three spatial layers; Firefox decodes the one that it is sent."""
    *_, chi = people
    publication = chi.publication("Ana", "camera")
    chi.wish(publication, "hd")
    wait_until(
        lambda: chi.received(publication).frame_height == 720, 60, "Firefox decodes 720 lines"
    )
    known = chi.find("Ana", "camera") or {}
    assert [layer["spatial"] for layer in known["layers"]] == [0, 1, 2]
    assert known["codec"] == "VP9"


def reads(page: Page, name: str, text: str) -> None:
    """A line of chat is there."""
    line = {"name": name, "text": text}
    wait_until(
        lambda: line in (page.state() or {"chat": []})["chat"], 5, f"{page.name} reads {name}"
    )


def test_the_chat_and_the_speaker_reach_everybody(people: list[Page]) -> None:
    """A line of chat arrives in all pages; with a sound in the room somebody is the speaker."""
    people[0].say("Hello, all of you.")
    for one in people:
        reads(one, "Ana", "Hello, all of you.")
    speakers = {str((one.state() or {})["self"]) for one in people}
    wait_until(lambda: (people[2].state() or {})["speaker"] in speakers, 15, "somebody speaks")


def lacks(page: Page, name: str) -> None:
    """Somebody is not in the room any more."""
    wait_until(lambda: page.find(name, "camera") is None, 5, f"{page.name} is rid of {name}")


def test_who_leaves_is_gone(people: list[Page], server: Server) -> None:
    """Everything of a person who leaves goes with them, here and on the server."""
    ana, ben, chi = people
    chi.leave()
    for one in (ana, ben):
        lacks(one, "Chi")
    assert server.metric("sfu_participants") == 2
    assert server.metric("sfu_publications", kind="video") == 2
