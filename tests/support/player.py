"""The example page that plays a room by WHEP, served from another origin as a user would."""

import sys
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

from selenium.webdriver.common.by import By

from tests.support.page import MEDIA_SECONDS, MOVEMENT, Page
from tests.support.patience import stays, wait_until
from tests.support.pictures import difference, thumbnail
from tests.support.processes import ChildProcess
from tests.support.server import fetch, free_port

EXAMPLES: Final = Path(__file__).resolve().parents[2] / "clients" / "examples"

RECEIVED: Final = """
return window.peer ? window.peer.getStats().then((stats) => Object.fromEntries(
  [...stats.values()].filter((one) => one.type === "inbound-rtp").map((one) => [one.kind, one])
)) : {}
"""


class Examples(ChildProcess):
    """`python -m http.server` in the folder of the examples."""

    def __init__(self, folder: Path) -> None:
        port = free_port()
        self.url = f"http://localhost:{port}"
        command = [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1"]
        super().__init__([*command, "--directory", str(EXAMPLES)], folder / f"examples-{port}.log")
        wait_until(lambda: fetch(f"{self.url}/whep.html")[0] == 200, 20, "the examples are served")


class Player:
    """The page in a browser."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def play(self, examples: Examples, url: str, token: str = "") -> None:
        """Open the page on a WHEP endpoint, anew even if only the token is another one."""
        self.page.driver.get("about:blank")
        fragment = f"#token={token}" if token else ""
        self.page.driver.get(f"{examples.url}/whep.html?{urlencode({'url': url})}{fragment}")

    def received(self, kind: str, name: str) -> float:
        """A counter of the browser's about what it receives of this kind; 0 before anything."""
        stats: dict[str, dict[str, Any]] = self.page.run(RECEIVED)
        return float(stats.get(kind, {}).get(name) or 0)

    def grows(self, kind: str, name: str) -> None:
        """That counter rises."""
        before = self.received(kind, name)
        wait_until(
            lambda: self.received(kind, name) > before, MEDIA_SECONDS, f"{kind} {name} grows"
        )

    def plays(self) -> None:
        """Pictures are decoded and move on the screen; with the sound on, it is not silence."""
        self.page.run("document.getElementById('video').muted = false")
        self.grows("video", "framesDecoded")
        self.grows("audio", "totalAudioEnergy")
        first = self._picture()
        still = stays(lambda: difference(first, self._picture()) < MOVEMENT, 10)
        assert not still, "the picture does not move"

    def _picture(self) -> bytes:
        return thumbnail(self.page.driver.find_element(By.ID, "video").screenshot_as_png)
