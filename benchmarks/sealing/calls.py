"""What sealing costs a page in a call: the CPU of everything that renders it, in both modes."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Literal

from benchmarks.sealing.python import told
from benchmarks.sealing.threads import cpu_us, of_workers, renderers
from tests.support.browsers import Driver, Kind, start_chromium, start_firefox
from tests.support.page import Page
from tests.support.patience import wait_until
from tests.support.server import Server

ROOT: Final = Path(__file__).resolve().parents[2]
KEY: Final = "AAECAwQFBgcICQoLDA0ODw"
SECONDS: Final = 6.0
PAIRS: Final = 3
CLIMB_SECONDS: Final = 60
"""Until a page's own estimate lets it send three layers."""

HD_LINES: Final = 720
RECORDING: Final = "vp9-l3t3-key"
SOUND_RATE: Final = 50
"""Pieces of sound per second."""

Way = Literal["sends", "receives"]
WAYS: Final[dict[Kind, tuple[Way, ...]]] = {
    "chromium": ("receives", "sends"),
    "firefox": ("receives",),  # it sends one layer only
}


def measure(kind: Kind, way: Way) -> dict[str, Any]:
    """Milliseconds of CPU per second of call, in clear and sealed, in turns."""
    start = start_chromium if kind == "chromium" else start_firefox
    samples: dict[str, list[dict[str, float]]] = {"hop": [], "e2ee-passphrase": []}
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder))  # Firefox does not come to one on the loopback alone
        driver = start(Path(folder))
        try:
            for pair in range(PAIRS):
                modes = list(samples) if pair % 2 == 0 else list(reversed(samples))
                for mode in modes:
                    room = f"{way}-{pair}-{mode}"
                    sample = _sends if way == "sends" else _receives
                    samples[mode].append(sample(driver, server, room, mode))
        finally:
            driver.quit()
            server.stop()
    clear, sealed = samples["hop"], samples["e2ee-passphrase"]
    ratios = [one["cpu"] / other["cpu"] for one, other in zip(sealed, clear, strict=True)]
    return {
        "browser": kind,
        "way": way,
        "runs": f"{PAIRS} pairs of {SECONDS:.0f} s, in turns",
        "clear_cpu_ms_per_s": told([one["cpu"] for one in clear]),
        "sealed_cpu_ms_per_s": told([one["cpu"] for one in sealed]),
        "ratio": told(ratios),
        "worker_ms_per_s": told([one["worker"] for one in sealed]),
        "frames_per_s": told([one["frames"] for one in sealed]),
        "worker_us_per_frame": told([1000 * one["worker"] / one["frames"] for one in sealed]),
    }


def _receives(driver: Driver, server: Server, room: str, mode: str) -> dict[str, float]:
    """The page watches what a recording sends: as little as possible differs between two runs."""
    page = Page(driver, "Ben")
    videos, sounds = (("--source", f"recording:{name}") for name in (RECORDING, "opus"))
    with (
        _client(server, "publish", room, mode, *videos, "--name", "Picture"),
        _client(server, "publish", room, mode, *sounds, "--name", "Sound"),
    ):
        _join(page, server, room, mode, camera=0, mic=0)
        publication = page.publication("Picture", "camera")
        page.publication("Sound", "microphone")
        page.wish(publication, "hd")
        wait_until(lambda: page.received(publication).frame_height == HD_LINES, CLIMB_SECONDS, "HD")
        before = page.received(publication).frames_decoded
        sample = _sample(driver)
        pictures = page.received(publication).frames_decoded - before
        page.close()
    return {**sample, "frames": pictures / SECONDS + SOUND_RATE}


def _sends(driver: Driver, server: Server, room: str, mode: str) -> dict[str, float]:
    """The page sends three layers and sound, somebody in Python wishes for the highest."""
    page = Page(driver, "Ana")
    with _client(server, "subscribe", room, mode, "--wish", "hd"):
        _join(page, server, room, mode, camera="1280x720@15")
        wait_until(lambda: _encoded(page)[1] == HD_LINES, CLIMB_SECONDS, "it sends HD")
        before, _ = _encoded(page)
        sample = _sample(driver)
        pictures = _encoded(page)[0] - before
        page.close()
    return {**sample, "frames": 3 * pictures / SECONDS + SOUND_RATE}


_OUTBOUND: Final = """
const reports = await Promise.all(benchConnections.map((one) => one.getStats()));
const sent = reports.flatMap((report) => [...report.values()]).filter(
  ({ type, kind, framesEncoded }) => type === "outbound-rtp" && kind === "video" && framesEncoded);
return sent.map(({ framesEncoded, frameHeight }) => [framesEncoded, frameHeight]).at(-1) ?? [0, 0];
"""


def _encoded(page: Page) -> tuple[int, int]:
    """Pictures that the page has encoded, and their height."""
    pictures, height = page.run(_OUTBOUND)
    return int(pictures), int(height or 0)


def _join(page: Page, server: Server, room: str, mode: str, **query: object) -> None:
    key = "" if mode == "hop" else KEY
    page.open(server.url, room, "", key, "", **query)
    page.run(
        "window.benchConnections = [];"
        "const Original = RTCPeerConnection;"
        "window.RTCPeerConnection = class extends Original {"
        "  constructor(...given) { super(...given); benchConnections.push(this); }"
        "};"
    )
    page.enter()
    wait_until(page.state, 20, "the page is in the room")


def _sample(driver: Driver) -> dict[str, float]:
    """Milliseconds of CPU per second: of all threads, and of the worker's."""
    pids = renderers(driver.service.process.pid)
    before = cpu_us(pids)
    time.sleep(SECONDS)
    spent = cpu_us(pids) - before
    return {
        "cpu": spent.total() / SECONDS / 1000,
        "worker": of_workers(spent) / SECONDS / 1000,
    }


@contextmanager
def _client(server: Server, *words: str) -> Iterator[None]:
    """`sfu-client` with these words: command, room, mode and further options."""
    command, room, mode, *options = words
    secret = {} if mode == "hop" else {"SFU_SECRET": KEY}
    process = subprocess.Popen(  # noqa: S603 - our own command
        [
            *(sys.executable, "-m", "sfu_clients", command, server.url),
            *("--room", room, "--mode", mode, *options),
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=ROOT,
        env={**os.environ, **secret},
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait()
