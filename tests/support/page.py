"""One person's page in a browser: what a test can do with it and read from it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple
from urllib.parse import urlencode

from selenium.webdriver import Chrome as Chromium
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import Select

from tests.support.browsers import Driver, Kind
from tests.support.patience import stays, wait_until
from tests.support.pictures import difference, thumbnail

ARTIFACTS: Final = Path(__file__).resolve().parents[1] / "artifacts"

JOIN_SECONDS: Final = 20.0
MEDIA_SECONDS: Final = 30.0
"""Until something arrives: ICE may have to fall back to TCP first."""
MOVEMENT: Final = 0.5
"""Average change of colours that noise and still pictures do not reach."""

Source = Literal["camera", "microphone", "screen", "screen_audio"]


class Received(NamedTuple):
    """The counters of one publication as it arrives, from the browser's getStats."""

    frame_height: int
    frames_decoded: int
    packets: int
    audio_energy: float
    samples: int


class Page:
    """A page of the conference, and the person in front of it."""

    def __init__(self, driver: Driver, name: str) -> None:
        self.driver = driver
        self.name = name

    def open(
        self,
        server: str,
        room: str,
        token: str = "",
        key: str = "",
        mls: str = "",
        **query: object,
    ) -> None:
        """Open the page of a room; with `autojoin` it goes in by itself."""
        words = urlencode({"name": self.name, **query})
        fragment_words = (("token", token), ("key", key), ("mls", mls))
        secrets = urlencode({k: v for k, v in fragment_words if v})
        fragment = f"#{secrets}" if secrets else ""
        self.driver.get(f"{server}/room/{room}?{words}{fragment}")

    def join(
        self,
        server: str,
        room: str,
        token: str = "",
        key: str = "",
        mls: str = "",
        **query: object,
    ) -> None:
        """Open the page and be in the room; with a key, in a sealed one; with `mls`, in a group."""
        self.open(server, room, token, key, mls, autojoin=1, **query)
        wait_until(self.state, JOIN_SECONDS, f"{self.name} is in the room")

    def enter(self) -> None:
        """Press the button of the join screen."""
        self.driver.find_element(By.CSS_SELECTOR, "[type=submit]").click()

    def close(self) -> None:
        """Leave the page; the browser stays."""
        self.driver.get("about:blank")

    # What the page knows

    def run(self, script: str, *arguments: object) -> Any:  # noqa: ANN401 - JSON
        """The result of a script, or of its promise."""
        return self.driver.execute_script(script, *arguments)

    def state(self) -> dict[str, Any] | None:
        """What the page knows of the room it is in or returns to; None outside of one."""
        state: dict[str, Any] | None = self.run("return window.milkglass?.state() ?? null")
        return state if state and state.get("self") else None

    def find(self, name: str, source: Source) -> dict[str, Any] | None:
        """What the page knows of somebody's publication; None while they have none."""
        for participant in (self.state() or {"participants": []})["participants"]:
            if participant["name"] == name:
                for publication in participant["publications"]:
                    if publication["source"] == source:
                        return dict(publication)
        return None

    def standing(self, name: str) -> str | None:
        """What the page thinks of somebody's keys in a sealed call."""
        for participant in (self.state() or {"participants": []})["participants"]:
            if participant["name"] == name:
                return str(participant["standing"])
        return None

    def members(self) -> list[dict[str, Any]]:
        """The leaves of the group that the page is in."""
        return list((self.state() or {"members": []})["members"])

    def publication(self, name: str, source: Source) -> str:
        """The id of what somebody publishes, as soon as they do."""
        found = wait_until(
            lambda: self.find(name, source), JOIN_SECONDS, f"{self.name} knows {name}'s {source}"
        )
        return str(found["id"])

    def received(self, publication: str) -> Received:
        """What has arrived of a publication so far; zeros before anything has."""
        stats = self.run("return window.milkglass.stats(arguments[0])", publication) or {}
        return Received(
            frame_height=int(stats.get("frameHeight") or 0),
            frames_decoded=int(stats.get("framesDecoded") or 0),
            packets=int(stats.get("packetsReceived") or 0),
            audio_energy=float(stats.get("totalAudioEnergy") or 0),
            samples=int(stats.get("totalSamplesReceived") or 0),
        )

    # What people see and do

    def decodes(self, publication: str, height: int, seconds: float) -> None:
        """New frames come, of this height."""

        def grown() -> bool:
            before = self.received(publication)
            return before.frame_height == height and wait_until(
                lambda: self.received(publication).frames_decoded > before.frames_decoded,
                seconds,
                f"{self.name} decodes further frames",
            )

        wait_until(grown, seconds, f"{self.name} decodes {height} lines")

    def tile(self, publication: str) -> WebElement:
        """Where a publication is shown."""
        return self.driver.find_element(By.CSS_SELECTOR, f'[data-publication="{publication}"]')

    def layer(self, publication: str) -> str | None:
        """The layer that the chip shows, as in `S1T2`."""
        return self.tile(publication).get_attribute("data-layer") or None

    def wish(self, publication: str, choice: str) -> None:
        """Choose the size of a publication, as a person does: auto, hd, sd, base or off."""
        element = self.tile(publication).find_element(By.CSS_SELECTOR, "select[data-wish]")
        Select(element).select_by_value(choice)

    def picture(self, publication: str) -> bytes:
        """A thumbnail of a publication, read from the screen."""
        video = self.tile(publication).find_element(By.CSS_SELECTOR, "video")
        return thumbnail(video.screenshot_as_png)

    def moves(self, publication: str, seconds: float) -> bool:
        """Whether the picture on the screen changes within `seconds`."""
        first = self.picture(publication)
        return not stays(lambda: difference(first, self.picture(publication)) < MOVEMENT, seconds)

    def press(self, *keys: str) -> None:
        """Type on the keyboard, wherever the focus is."""
        ActionChains(self.driver).send_keys(*keys).perform()

    def has_focus(self, selector: str) -> bool:
        """Whether keys go to this element."""
        return bool(self.run("return document.activeElement.matches(arguments[0])", selector))

    def say(self, words: str) -> None:
        """Write a line of chat, by keyboard."""
        self.press("c")
        wait_until(lambda: self.has_focus("textarea, input"), 5, "the field for chat has the focus")
        self.press(words, Keys.ENTER)

    def leave(self) -> None:
        """Leave the call for good."""
        self.driver.find_element(By.CSS_SELECTOR, "[data-command=leave]").click()

    def sees(self, name: str) -> None:
        """Somebody's camera arrives, is decoded, and moves on the screen."""
        publication = self.publication(name, "camera")
        wait_until(
            lambda: self.received(publication).frames_decoded > 0,
            MEDIA_SECONDS,
            f"{self.name} decodes {name}",
        )
        assert self.moves(publication, 5), f"{name} does not move on {self.name}'s screen"

    def hears(self, name: str) -> None:
        """Somebody's microphone arrives, and it is more than silence."""
        publication = self.publication(name, "microphone")
        before = self.received(publication).audio_energy
        wait_until(
            lambda: self.received(publication).audio_energy > before,
            MEDIA_SECONDS,
            f"{self.name} hears {name}",
        )

    def reads(self, words: str, seconds: float = 10) -> None:
        """These words stand somewhere on the page."""
        wait_until(lambda: words in self.text(), seconds, f"{self.name} reads {words!r}")

    def text(self) -> str:
        """All words on the page."""
        return self.driver.find_element(By.TAG_NAME, "body").text

    # Artifacts

    def screenshot(self, name: str) -> Path:
        """Keep what is on the screen, for people to look at."""
        ARTIFACTS.mkdir(exist_ok=True)
        path = ARTIFACTS / f"{name}.png"
        path.write_bytes(self.driver.get_screenshot_as_png())
        return path

    def keep_evidence(self, name: str) -> None:
        """Keep a screenshot, and what the page knows and said."""
        self.screenshot(name)
        console = (
            self.driver.execute("getLog", {"type": "browser"})["value"]
            if isinstance(self.driver, Chromium)
            else []
        )
        known = {"state": self.state(), "console": console, "url": self.driver.current_url}
        evidence = json.dumps(known, indent=1, default=str)
        (ARTIFACTS / f"{name}.json").write_text(evidence, encoding="utf-8")


Seat = Callable[[str, Kind], Page]
"""Seats somebody with this name in front of a browser of this kind."""
