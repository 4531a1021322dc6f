"""The page serves phones, people without a mouse, and people who speak German."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from selenium.webdriver.common.keys import Keys

from tests.support.browsers import start_chromium
from tests.support.eye import Eye
from tests.support.page import Page, Seat
from tests.support.patience import wait_until
from tests.support.server import Serve, Server

PHONE = {
    "deviceMetrics": {"width": 360, "height": 740, "pixelRatio": 3.0, "touch": True},
    "clientHints": {"platform": "Android", "mobile": True},
}


@pytest.fixture
def phone(server: Server, tmp_path: Path) -> Iterator[Page]:
    """Somebody with a phone."""
    assert server
    driver = start_chromium(tmp_path, options={"mobileEmulation": PHONE})
    yield Page(driver, "Eve")
    driver.quit()


@pytest.fixture
def german(server: Server, tmp_path: Path) -> Iterator[Page]:
    """Somebody whose browser prefers German."""
    assert server
    driver = start_chromium(tmp_path, arguments=["--accept-lang=de-DE,de"])
    yield Page(driver, "Jörg")
    driver.quit()


def fits(page: Page) -> bool:
    """Nothing is wider than the screen."""
    return bool(
        page.run(
            "const root = document.documentElement;"
            "return root.scrollWidth <= root.clientWidth && root.clientWidth === innerWidth"
        )
    )


def visible_buttons(page: Page) -> list[str]:
    """The commands within the screen, where a thumb reaches them."""
    inside: list[str] = page.run(
        "return [...document.querySelectorAll('[data-command]')].filter((button) => {"
        "const box = button.getBoundingClientRect();"
        "return box.width >= 40 && box.height >= 40 && box.top >= 0 && box.left >= 0"
        " && box.bottom <= innerHeight && box.right <= innerWidth;"
        "}).map((button) => button.dataset.command)"
    )
    return inside


def test_a_phone_shows_the_call_and_its_controls(phone: Page, server: Server, person: Seat) -> None:
    """On a small upright screen everything fits, buttons are large enough, the picture shows."""
    person("Ana", "chromium").join(server.url, "pocket", camera="640x360@15")
    phone.open(server.url, "pocket")
    assert fits(phone)
    phone.screenshot("phone-join")
    phone.join(server.url, "pocket", camera="320x180@15")
    phone.sees("Ana")
    assert fits(phone)
    assert {"microphone", "camera", "chat", "leave"} <= set(visible_buttons(phone))
    phone.screenshot("phone-call")


def test_what_the_server_saw_fits_a_phone(phone: Page, serve: Serve, person: Seat) -> None:
    """The panel is read by scrolling down, and nothing of it is cut off at the side."""
    server = serve(SFU_VISIBILITY_WITNESS="on")
    person("Ana", "chromium").join(server.url, "pocket", camera="320x180@15")
    phone.join(server.url, "pocket", camera=0, mic=0)
    eye = Eye(phone)
    eye.open()
    wait_until(lambda: (eye.stream("Ana", "camera") or eye.none).picture, 40, "a picture is there")
    wait_until(lambda: (eye.stream("Ana", "microphone") or eye.none).loudness, 40, "and a sound")
    assert fits(phone)
    assert phone.run(
        "const body = document.querySelector('.eye-body');"
        "const inside = [...body.querySelectorAll('*')].every((one) =>"
        "  one.getBoundingClientRect().right <= body.getBoundingClientRect().right + 1);"
        "return inside && body.scrollWidth <= body.clientWidth"
    )
    phone.screenshot("phone-eye")


def local(page: Page, what: str) -> Callable[[], bool]:
    """Whether our own camera or microphone is on."""
    return lambda: bool((page.state() or {})["local"][what])


def test_the_keyboard_alone_is_enough(server: Server, person: Seat) -> None:
    """Join, mute, unmute, turn the camera off, chat and leave without a mouse."""
    ana, ben = person("Ana", "chromium"), person("Ben", "firefox")
    ana.join(server.url, "keys", camera="320x180@15")
    ben.open(server.url, "keys", camera="320x180@15")
    wait_until(lambda: ben.has_focus("input[name=name]"), 10, "the field for the name has focus")
    ben.press(Keys.ENTER)
    wait_until(ben.state, 20, "Ben is in the room")
    wait_until(local(ben, "microphone"), 10, "Ben's microphone is on")
    wait_until(lambda: ana.find("Ben", "microphone"), 10, "Ana hears Ben")

    ben.press("m")
    wait_until(lambda: (ana.find("Ben", "microphone") or {})["muted"], 5, "Ana sees Ben muted")
    assert not local(ben, "microphone")()
    ben.press("m")
    wait_until(lambda: not (ana.find("Ben", "microphone") or {})["muted"], 5, "unmuted again")
    ben.press("v")
    wait_until(lambda: (ana.find("Ben", "camera") or {})["muted"], 5, "Ana sees no Ben")

    ben.say("No mouse here.")
    wait_until(lambda: "No mouse here." in str((ana.state() or {})["chat"]), 5, "Ana reads it")
    ben.press(Keys.ESCAPE)
    ben.press("L")
    wait_until(lambda: ana.find("Ben", "microphone") is None, 5, "Ben has left")


def test_tab_reaches_every_control_and_shows_where_it_is(server: Server, person: Seat) -> None:
    """The focus goes through all controls in turn, visibly."""
    ana = person("Ana", "chromium")
    ana.join(server.url, "tabs", camera="320x180@15")
    wait_until(lambda: ana.run("return !!document.querySelector('[data-command=leave]')"), 5, "bar")
    reached: set[str] = set()
    for _ in range(30):
        ana.press(Keys.TAB)
        command = ana.run("return document.activeElement.dataset.command ?? ''")
        if command:
            reached.add(command)
            assert ana.run(
                "const style = getComputedStyle(document.activeElement);"
                "return style.outlineStyle !== 'none' || style.boxShadow !== 'none'"
            ), f"the focus on {command} cannot be seen"
    assert {"microphone", "camera", "people", "chat", "devices", "leave"} <= reached


def test_speaks_german(german: Page, server: Server) -> None:
    """A browser that prefers German gets German, and the page says so to screen readers."""
    german.open(server.url, "deutsch")
    german.reads("Teilnehmen")
    assert german.run("return document.documentElement.lang") == "de"
    german.join(server.url, "deutsch", camera="320x180@15")
    german.reads("niemand hier")
    label = "return document.querySelector('[data-command=leave]').getAttribute('aria-label')"
    assert german.run(label) == "Verlassen"
    german.screenshot("german-call")
    Eye(german).open()
    german.reads("Was er vom Gespräch weiß")
    german.reads("Bericht speichern")
