"""Hiding when one speaks, in real browsers: what packets tell, and that people are heard."""

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from sfu.wire.packet import Packet
from tests.support.browsers import Kind
from tests.support.commands import client
from tests.support.overhearing import Room, sizes, tells_level
from tests.support.page import Page, Seat
from tests.support.patience import wait_until
from tests.support.server import Server

KEY = "AAECAwQFBgcICQoLDA0ODw"
ROOM = "hushed"
SMALL: dict[str, Any] = {"camera": "320x180@15"}
UNSEEN: dict[str, Any] = {"camera": 0, "mic": 0}
OTHER: dict[Kind, Kind] = {"chromium": "firefox", "firefox": "chromium"}

SPEAKING_SECONDS = 3
CHANGE_SECONDS = 20

HIDING = ("--constant-rate", "--no-audio-level", "--padding")
DECODED: dict[Kind, tuple[str, ...]] = {
    "chromium": ("vp8", "vp9", "av1", "h264"),
    "firefox": ("vp8", "vp9", "av1"),  # Debian's Firefox has no H.264
}


def choose(page: Page) -> None:
    """Click the box."""
    page.driver.find_element(By.CSS_SELECTOR, "input[name=hiding]").click()


def change(page: Page) -> None:
    """The same in the middle of a call."""
    page.driver.find_element(By.CSS_SELECTOR, "[data-command=devices]").click()
    wait_until(lambda: page.has_focus("dialog *"), 5, "the dialog is there")
    choose(page)
    page.press(Keys.ESCAPE)


def speaker(page: Page) -> str | None:
    """Whose tile is marked."""
    known: str | None = (page.state() or {"speaker": None})["speaker"]
    return known


def spoken(page: Page, room: Room) -> Sequence[Packet]:
    """What somebody's microphone sends while it hears something, and while it is muted."""
    words, _ = room.overheard(page.name, "microphone", SPEAKING_SECONDS)
    page.press("m")
    silence, _ = room.overheard(page.name, "microphone", SPEAKING_SECONDS)
    page.press("m")
    assert min(len(words), len(silence)) > 10 * SPEAKING_SECONDS  # of 50 in a second
    return [*words, *silence]


@pytest.mark.parametrize("key", [pytest.param("", id="hop"), pytest.param(KEY, id="sealed")])
@pytest.mark.parametrize("kind", ["chromium", "firefox"])
def test_packets_do_not_tell_when_somebody_speaks(
    server: Server, person: Seat, kind: Kind, key: str
) -> None:
    """As long as the person wishes so; others hear and see them all the time."""
    room = Room(server.url, ROOM, key)
    ana, ben = person("Ana", kind), person("Ben", OTHER[kind])
    ana.open(server.url, ROOM, key=key, **SMALL)
    choose(ana)
    ana.enter()
    ben.join(server.url, ROOM, key=key, **UNSEEN)
    ben.sees("Ana")
    ben.hears("Ana")
    packets = spoken(ana, room)
    assert len(sizes(packets, sealed=key != "")) == 1
    assert not tells_level(packets)
    assert speaker(ben) is None
    _, pictures = room.overheard("Ana", "camera", SPEAKING_SECONDS)
    assert pictures["frames_decoded"] > 0
    assert pictures["undecoded"] == 0

    change(ana)
    wait_until(lambda: speaker(ben), CHANGE_SECONDS, "the server finds out who speaks")
    packets = spoken(ana, room)
    assert len(sizes(packets, sealed=key != "")) > 1
    assert tells_level(packets)

    change(ana)
    wait_until(
        lambda: not tells_level(room.overheard("Ana", "microphone", 1)[0]),
        CHANGE_SECONDS,
        "packets tell nothing any more",
    )
    assert len(sizes(spoken(ana, room), sealed=key != "")) == 1
    ben.sees("Ana")
    ben.hears("Ana")


def test_sealed_av1_is_padded(server: Server, person: Seat) -> None:
    """Layer by layer, for the decoders of Chromium and of Python."""
    ana, ben = person("Ana", "chromium"), person("Ben", "chromium")
    ana.open(server.url, ROOM, key=KEY, codec="av1", **SMALL)
    choose(ana)
    ana.enter()
    ben.join(server.url, ROOM, key=KEY, **UNSEEN)
    ben.sees("Ana")
    _, pictures = Room(server.url, ROOM, KEY).overheard("Ana", "camera", SPEAKING_SECONDS)
    assert pictures["codec"] == "AV1"
    assert pictures["frames_decoded"] > 0
    assert pictures["undecoded"] == 0


@pytest.mark.parametrize("kind", ["chromium", "firefox"])
def test_browsers_play_what_is_padded(
    server: Server, person: Seat, tmp_path: Path, kind: Kind
) -> None:
    """Pictures of every codec that they decode, and sound; the padding is Python's here."""
    small = ("--size", "320x180", "--rate", "10")
    with ExitStack() as publishers:
        for codec in DECODED[kind]:
            room = ("publish", server.url, "--room", ROOM, "--name", codec, "--codec", codec)
            publishers.enter_context(client(tmp_path, *room, *small, *HIDING))
        ben = person("Ben", kind)
        ben.join(server.url, ROOM, **UNSEEN)
        for codec in DECODED[kind]:
            ben.sees(codec)
            ben.hears(codec)
