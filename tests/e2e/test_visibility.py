"""What the server could see of calls in real browsers: its own report, and its witness's."""

import json
from typing import Any, NamedTuple

import pytest
from selenium.webdriver.common.by import By

from tests.support.page import Page, Seat
from tests.support.patience import wait_until
from tests.support.server import Serve, Server, fetch

KEY = "AAECAwQFBgcICQoLDA0ODw"
SECONDS = 40
"""Until browsers send, and the witness has seen every stream."""


def sheet(server: Server) -> dict[str, Any]:
    status, text = fetch(f"{server.url}/rooms/looked-at/visibility")
    assert status == 200, text
    return dict(json.loads(text))


def seen(server: Server) -> list[str | None]:
    return [stream["seen"] for stream in sheet(server)["streams"]]


def told(page: Page) -> dict[str, str | None]:
    """What the dialog of the page says, by function."""
    rows = page.driver.find_elements(By.CSS_SELECTOR, "[data-sheet] > *")
    return {
        name.get_attribute("data-function") or "": word.get_attribute("data-seen")
        for name, word in zip(rows[::2], rows[1::2], strict=True)
    }


class Expected(NamedTuple):
    """What a mode lets the server see."""

    verdict: str
    depth: int


@pytest.mark.parametrize(
    ("mode", "key", "expected"),
    [
        pytest.param("hop", "", Expected("readable", 4), id="hop"),
        pytest.param("e2ee-passphrase", KEY, Expected("opaque", 3), id="sealed"),
    ],
)
def test_the_witness_reads_what_is_not_sealed(
    serve: Serve, person: Seat, mode: str, key: str, expected: Expected
) -> None:
    """And nothing else; the sheet, the page and the metrics say the same."""
    verdict = expected.verdict
    server = serve(SFU_VISIBILITY_WITNESS="on")
    people = person("Ana", "chromium"), person("Ben", "firefox")
    for one in people:
        one.join(server.url, "looked-at", key=key, camera="320x180@15")
    people[0].sees("Ben")
    wait_until(lambda: seen(server) == [verdict] * 4, SECONDS, f"everything is {verdict}")
    lines = {line["function"]: line for line in sheet(server)["functions"]}
    for function in ("audio", "video"):
        assert lines[function]["verdict"] == verdict, lines
        assert lines[function]["evidence"]["frame_keys"] == 0
        assert lines[function]["evidence"]["srtp_sessions"] == 4
    other = "opaque" if verdict == "readable" else "readable"
    assert server.metric("sfu_visibility_witness_samples_total", verdict=other) == 0
    assert server.metric("sfu_visibility_witness_deaths_total") == 0
    assert 0 < server.metric("sfu_visibility_depth", mode=mode, kind="video") <= expected.depth
    people[0].driver.find_element(By.CSS_SELECTOR, "[data-eye]").click()
    wait_until(lambda: told(people[0]).get("video") == verdict, 10, "the page tells it")
    people[0].screenshot(f"server-eye-{mode}")


def test_without_a_witness_nobody_is_told_of_one(server: Server, person: Seat) -> None:
    """The sheet is there, and says what the mode means."""
    ana = person("Ana", "chromium")
    ana.join(server.url, "looked-at", camera="320x180@15")
    assert not ana.driver.find_element(By.CSS_SELECTOR, "[data-eye]").is_displayed()
    assert sheet(server)["witness"] is False
