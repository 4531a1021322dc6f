"""What the server could see of calls in real browsers: its own report, and its witness's."""

import sys
from pathlib import Path
from statistics import correlation
from typing import Any

import pytest
from selenium.webdriver.common.by import By

from tests.support.eye import Eye, Seen, document, grid
from tests.support.page import Seat
from tests.support.patience import wait_until
from tests.support.processes import ChildProcess
from tests.support.server import Serve, Server, fetch

KEY = "AAECAwQFBgcICQoLDA0ODw"
ROOM = "looked-at"
SECONDS = 40
"""Until browsers send, and the witness has seen every stream."""

MEDIA_DEPTH = 4
"""The number of the depth that is media, in `sfu_visibility_depth`."""


def told(server: Server, part: str = "") -> dict[str, Any]:
    """The sheet, or what is below it."""
    status, text = fetch(f"{server.url}/rooms/{ROOM}/visibility{part}")
    assert status == 200, text
    return document(text)


def seen(server: Server) -> list[str | None]:
    return [stream["seen"] for stream in told(server)["streams"]]


def holds(server: Server, mode: str, verdict: str) -> None:
    """The sheet and the metrics say the same, and what keys are there."""
    wait_until(lambda: seen(server) == [verdict] * 4, SECONDS, f"everything is {verdict}")
    lines = {line["function"]: line for line in told(server)["functions"]}
    for function in ("audio", "video"):
        assert lines[function]["verdict"] == verdict, lines
        assert lines[function]["evidence"]["frame_keys"] == 0
        assert lines[function]["evidence"]["srtp_sessions"] == 4
        assert lines[function]["evidence"]["witness"]["figures"]
    other = "opaque" if verdict == "readable" else "readable"
    assert server.metric("sfu_visibility_witness_samples_total", verdict=other) == 0
    assert server.metric("sfu_visibility_witness_streams", mode=mode, verdict=verdict) == 4
    assert server.metric("sfu_visibility_witness_deaths_total") == 0
    assert server.metric("sfu_visibility_keys", kind="srtp") == 4
    assert server.metric("sfu_visibility_keys", kind="frame") == 0


def test_in_clear_the_panel_shows_what_the_server_saw(serve: Serve, person: Seat) -> None:
    """The picture of a camera, of its best layer, and a sound that comes and goes."""
    server = serve(SFU_VISIBILITY_WITNESS="on")
    ana, ben = person("Ana", "chromium"), person("Ben", "chromium")
    for one in (ana, ben):
        one.join(server.url, ROOM, camera="640x360@15")
    ana.sees("Ben")
    ana.wish(ana.publication("Ben", "camera"), "hd")
    holds(server, "hop", "readable")
    assert server.metric("sfu_visibility_depth", mode="hop", kind="video") > 0
    eye = Eye(ana)
    wait_until(lambda: eye.glance == "watches", 10, "the words beside the lock say so")
    eye.open()
    wait_until(lambda: eye.functions().get("video") == "readable", 10, "the panel tells it")
    shows_picture(eye, "Ben")
    shows_beeps(eye, "Ben")
    assert {(one.name, one.source) for one in eye.streams()} == {
        (name, source) for name in ("Ana (you)", "Ben") for source in ("camera", "microphone")
    }
    ana.screenshot("server-eye-hop")
    eye.close()
    assert ana.has_focus("[data-eye]")


def shows_picture(eye: Eye, name: str) -> None:
    """A thumbnail of the largest layer shows what the page itself plays."""

    def best() -> Seen | None:
        camera = eye.stream(name, "camera")
        return camera if camera and camera.picture and "(640x360)" in camera.figures else None

    camera = wait_until(best, SECONDS, "the panel shows a picture of the best layer")
    assert camera.picture is not None
    shown = grid(camera.picture)
    red, green, blue = (sum(shown[place::3]) for place in range(3))
    assert green > 1.2 * max(red, blue), "Chromium's camera is green"
    assert max(shown[1::3]) - min(shown[1::3]) > 30, "with a figure in it"
    wait_until(lambda: resembles(eye, name), SECONDS, "the page plays the same figure")


def resembles(eye: Eye, name: str) -> bool:
    """Whether the figure, which turns, stands in the thumbnail as the page plays it now."""
    camera = eye.stream(name, "camera")
    if camera is None or camera.picture is None:
        return False
    seen, played = grid(camera.picture)[1::3], eye.tile(name)[1::3]
    if min(len(set(seen)), len(set(played))) == 1:
        return False  # it has closed its mouth for a moment
    return correlation(seen, played) > 0.9


def shows_beeps(eye: Eye, name: str) -> None:
    """The loudness rises and falls as Chromium's microphone beeps."""

    def rising() -> list[int]:
        microphone = eye.stream(name, "microphone")
        loudness = microphone.loudness if microphone else []
        return loudness if loudness and max(loudness) - min(loudness) > 20 else []

    assert len(wait_until(rising, SECONDS, "the sound comes and goes")) > 25
    drawn = eye.page.run(
        "const canvas = document.querySelector('[data-tones]');"
        "const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;"
        "return [canvas.width, canvas.height, new Set(data.filter((_, n) => n % 4 === 3)).size]"
    )
    assert drawn[0] > 25
    assert drawn[1] == 20
    assert drawn[2] > 2, "tones are louder and fainter"


@pytest.mark.parametrize(
    ("mode", "key"),
    [
        pytest.param("e2ee-passphrase", {"key": KEY}, id="a shared secret"),
        pytest.param("e2ee-mls", {"mls": KEY}, id="a group"),
    ],
)
def test_sealed_the_panel_shows_noise_only(
    serve: Serve, person: Seat, mode: str, key: dict[str, str]
) -> None:
    """No glimpse of anybody; of each stream how often the server tried, with figures."""
    server = serve(SFU_VISIBILITY_WITNESS="on")
    ana, ben = person("Ana", "chromium"), person("Ben", "firefox")
    for one in (ana, ben):
        one.join(server.url, ROOM, camera="320x180@15", **key)
    ana.sees("Ben")
    holds(server, mode, "opaque")
    for kind in ("audio", "video"):
        assert 0 < server.metric("sfu_visibility_depth", mode=mode, kind=kind) < MEDIA_DEPTH
    glimpses = told(server, "/glimpses")["streams"]
    assert [one["seen"] for one in glimpses] == ["opaque"] * 4
    for one in glimpses:
        assert one["figures"]
        assert (one["picture"], one["loudness"], one["spectrogram"]) == (None, None, None)
    eye = Eye(ana)
    wait_until(lambda: eye.glance == "sealed", 10, "the words beside the lock say so")
    eye.open()
    wait_until(lambda: len(eye.streams()) == 4, 10, "the panel shows every stream")
    for stream in eye.streams():
        assert (stream.seen, stream.picture, stream.loudness) == ("opaque", None, [])
        assert "nothing but noise" in stream.words
        assert stream.figures
    assert eye.functions()["video"] == eye.functions()["audio"] == "opaque"
    ana.screenshot(f"server-eye-{mode}")


def test_a_sealed_room_that_is_readable_alarms(serve: Serve, person: Seat, tmp_path: Path) -> None:
    """Somebody says that they seal, and sends in clear: nobody can overlook it."""
    server = serve(SFU_VISIBILITY_WITNESS="on")
    ana = person("Ana", "chromium")
    ana.join(server.url, ROOM, camera="320x180@15", key=KEY)
    eye = Eye(ana)
    wait_until(lambda: eye.glance == "sealed", SECONDS, "all is well")
    command = [sys.executable, "-m", "tests.support.liar", server.url, ROOM, KEY]
    liar = ChildProcess(command, tmp_path / "liar.log", {"PYTHONPATH": ".:clients/python"})
    try:
        wait_until(lambda: eye.glance == "alarm", SECONDS, f"Ana is warned {liar.said}")
        alert = ana.driver.find_element(By.CSS_SELECTOR, "[data-eye-alarm]")
        assert "Not sealed" in alert.text
        ana.screenshot("server-eye-alarm-call")
        alert.find_element(By.TAG_NAME, "button").click()
        wait_until(lambda: eye.stream("Liar", "camera"), 10, "the panel shows who it is")
        wait_until(lambda: (eye.stream("Liar", "camera") or eye.none).picture, SECONDS, "and what")
        assert (eye.stream("Ana (you)", "camera") or eye.none).seen == "opaque"
        ana.screenshot("server-eye-alarm")
    finally:
        liar.stop()


def test_people_keep_a_report(serve: Serve, person: Seat, tmp_path: Path) -> None:
    """A page of HTML with the verdicts, without pictures; in names nothing is markup."""
    server = serve(SFU_VISIBILITY_WITNESS="on")
    ana = person("<img src=x onerror=alert(1)>", "chromium")
    ana.join(server.url, ROOM, camera="320x180@15")
    holding = {"behavior": "allow", "downloadPath": str(tmp_path)}
    ana.driver.execute(
        "executeCdpCommand", {"cmd": "Browser.setDownloadBehavior", "params": holding}
    )
    eye = Eye(ana)
    wait_until(lambda: eye.glance == "watches", SECONDS, "the server watches")
    eye.open()
    wait_until(lambda: eye.functions().get("video") == "readable", 10, "the panel tells it")
    ana.driver.find_element(By.CSS_SELECTOR, "[data-save]").click()
    found = wait_until(
        lambda: list(tmp_path.glob("milkglass-report-*.html")), 10, "a file is there"
    )
    assert found[0].name.startswith(f"milkglass-report-{ROOM}-20")
    text = found[0].read_text(encoding="utf-8")
    assert "&lt;img src=x onerror=alert(1)&gt;" in text
    assert "<img" not in text
    assert "sfu-client verify" in text
    assert "base64" not in text
    opened = ana.driver
    opened.get(found[0].as_uri())
    assert "What the server could see" in ana.text()
    ana.screenshot("server-eye-report")


def test_without_a_witness_nobody_is_told_of_one(server: Server, person: Seat) -> None:
    """The sheet is there, and says what the mode means."""
    ana = person("Ana", "chromium")
    ana.join(server.url, ROOM, camera="320x180@15")
    eye = Eye(ana)
    wait_until(lambda: eye.glance in {"could", "quiet"}, 10, "it says what the mode means")
    assert told(server)["witness"] is False
    eye.open()
    wait_until(lambda: eye.functions().get("video") == "readable", 20, "the panel tells it")
    assert {stream.seen for stream in eye.streams()} <= {"untried"}
