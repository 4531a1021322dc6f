"""The panel of the server's eye, as somebody in front of a page reads it."""

import base64
import io
import json
from typing import Any, Final, NamedTuple

import av
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests.support.page import Page
from tests.support.patience import wait_until

GRID: Final = (16, 9)
"""Places in which two pictures are compared."""

_STREAMS: Final = """
return [...document.querySelectorAll("[data-people-seen] > li")].flatMap((card) =>
  [...card.querySelectorAll("[data-source]")].map((stream) => {
    const image = stream.querySelector("[data-glimpse]");
    const heard = stream.querySelector("[data-loudness]")?.dataset.loudness ?? "";
    return {
      name: card.querySelector(".name").textContent,
      source: stream.dataset.source,
      seen: stream.dataset.seen,
      words: stream.innerText,
      figures: stream.querySelector("details p")?.textContent ?? "",
      picture: image?.complete && image.naturalWidth > 0 ? image.src : null,
      loudness: heard.split(" ").filter(Boolean).map(Number),
    };
  }),
);
"""

_TILE: Final = """
const video = document.querySelector(`[data-publication="${arguments[0]}"] video`);
const canvas = Object.assign(document.createElement("canvas"), { width: 160, height: 90 });
canvas.getContext("2d").drawImage(video, 0, 0, 160, 90);
return canvas.toDataURL("image/png");
"""


class Seen(NamedTuple):
    """One stream, as the panel shows it."""

    name: str
    source: str
    seen: str
    words: str
    figures: str
    picture: str | None
    """The address of an image that the browser has drawn."""
    loudness: list[int]


class Eye:
    """The panel of one page."""

    none: Final = Seen("", "", "", "", "", None, [])
    """A stream that shows nothing."""

    def __init__(self, page: Page) -> None:
        self.page = page

    @property
    def glance(self) -> str:
        """What the words beside the lock come to."""
        button = self.page.driver.find_element(By.CSS_SELECTOR, "[data-eye]")
        return button.get_attribute("data-eye") or ""

    def open(self) -> None:
        """By keyboard."""
        self.page.driver.find_element(By.CSS_SELECTOR, "[data-eye]").send_keys(Keys.ENTER)
        wait_until(lambda: self.is_open, 5, "the panel is open")

    def close(self) -> None:
        """By keyboard, too."""
        self.page.press(Keys.ESCAPE)
        wait_until(lambda: not self.is_open, 5, "the panel is closed")

    @property
    def is_open(self) -> bool:
        return bool(self.page.run("return document.querySelector('dialog.eye[open]') !== null"))

    def functions(self) -> dict[str, str]:
        """The verdict on each function."""
        rows = self.page.driver.find_elements(By.CSS_SELECTOR, "[data-sheet] > li")
        return {
            row.get_attribute("data-function") or "": row.get_attribute("data-verdict") or ""
            for row in rows
        }

    def streams(self) -> list[Seen]:
        """All of them, person by person."""
        return [Seen(**stream) for stream in self.page.run(_STREAMS)]

    def stream(self, name: str, source: str) -> Seen | None:
        """One of them."""
        found = [one for one in self.streams() if (one.name, one.source) == (name, source)]
        return found[0] if found else None

    def tile(self, name: str) -> bytes:
        """The picture that the page itself plays of somebody, in a grid of colours."""
        return grid(self.page.run(_TILE, self.page.publication(name, "camera")))


def grid(address: str) -> bytes:
    """The average colours of a picture in a data: address, place by place, as RGB."""
    data = base64.b64decode(address.partition(",")[2])
    with av.open(io.BytesIO(data), "r") as container:
        frame = next(container.decode(video=0))
    small = frame.reformat(*GRID, "rgb24", interpolation="AREA")
    plane, row = bytes(small.planes[0]), small.planes[0].line_size
    return b"".join(plane[y * row : y * row + 3 * GRID[0]] for y in range(GRID[1]))


def document(text: str) -> dict[str, Any]:
    """JSON of the server."""
    return dict(json.loads(text))
