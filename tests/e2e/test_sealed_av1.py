"""Sealed AV1 between a page and Python: both open what the other seals, layer by layer."""

from pathlib import Path
from typing import Any

import pytest

from tests.support.commands import client
from tests.support.page import Seat
from tests.support.patience import wait_until
from tests.support.server import Server

KEY = "AAECAwQFBgcICQoLDA0ODw"
ROOM = "sealed"
MODE = ("--mode", "e2ee-passphrase", "--secret", KEY)
AV1: dict[str, Any] = {"camera": "1280x720@15", "codec": "av1", "mode": "L3T3_KEY"}
CLIMB_SECONDS = 60
"""Until the page's own estimate lets it send three layers."""


def watched(server: Server, folder: Path, height: str, seconds: float) -> dict[str, Any]:
    """What Python has received of the page's camera."""
    options = ("--room", ROOM, *MODE, "--wish", height, "--seconds", str(seconds), "--json")
    with client(folder, "subscribe", server.url, *options) as subscriber:
        assert subscriber.ends() == 0, subscriber.process.said
        reports = subscriber.publications()
    (camera,) = [one for one in reports if one["source"] == "camera"]
    return camera


def test_python_opens_the_layers_of_a_page(server: Server, person: Seat, tmp_path: Path) -> None:
    """HD, SD and base of sealed AV1; every picture that came was opened and decoded."""
    ana = person("Ana", "chromium")
    ana.join(server.url, ROOM, key=KEY, **AV1)
    wait_until(
        lambda: watched(server, tmp_path, "hd", 4)["height"] == 720,
        CLIMB_SECONDS,
        "Ana sends three layers",
    )
    for wish, height in (("sd", 360), ("base", 180)):
        camera = watched(server, tmp_path, wish, 5)
        assert (camera["codec"], camera["height"]) == ("AV1", height)
        assert camera["frames_decoded"] > 10
        assert not set(camera["refused"]) - {"replayed"}


@pytest.mark.parametrize("recording", ["av1-l3t3-key", "vp9-l3t3-key"])
def test_a_page_opens_the_layers_of_a_recording(
    server: Server, person: Seat, tmp_path: Path, recording: str
) -> None:
    """Python seals what a browser had sent in clear; another browser shows each of its layers."""
    ana = person("Ana", "chromium")
    ana.join(server.url, ROOM, key=KEY, camera=0, mic=0)
    source = ("--source", f"recording:{recording}", "--name", "Bot")
    with client(tmp_path, "publish", server.url, "--room", ROOM, *MODE, *source):
        publication = ana.publication("Bot", "camera")
        for wish, height in (("hd", 720), ("base", 180), ("hd", 720)):
            ana.wish(publication, wish)
            ana.decodes(publication, height, 20)
        known = ana.find("Bot", "camera") or {}
        assert known["codec"] == recording[:3].upper()
        assert (known["frames"]["not_authentic"], known["frames"]["mislabelled"]) == (0, 0)
