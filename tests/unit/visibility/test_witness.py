"""The witness cannot be fooled: it says what it could decode, whatever a client says it sends."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Literal

import pytest

from sfu.server import Server
from sfu.signalling.values import Mode
from sfu.visibility.lens import ASKED_AGAIN
from sfu_clients.client import Client
from sfu_clients.media.sources import PatternSource, Source, ToneSource
from sfu_clients.payload.frame import EncodedFrame
from sfu_clients.sealing.room import SealedRoom
from tests.support.running import joined, running, settings
from tests.support.secrets import SECRET

SECONDS = 5
"""From the first packets of two people to the verdicts on their four streams: a sample of sound
takes a second, and each of the four up to a quarter of one to judge (`test_judge.py`)."""

PATIENCE = 90
"""Seconds for whatever the machine is busy with besides."""

SOUND_CHANGES = 10
"""Seconds until it is noticed that a client seals no more: a rest, a sample of both, a rest, and
a sample that is clear."""

PICTURE_CHANGES = ASKED_AGAIN + 8
"""The same of pictures, where key frames come only because they are asked for."""


def sources() -> tuple[Source, Source]:
    return PatternSource("VP8", size=(320, 180)), ToneSource()


def verdicts(server: Server) -> list[tuple[str, str]]:
    """Of each stream, with its function."""
    sheet = server.observer.describe(server.directory.rooms["hall"])
    return sorted((stream.function, stream.seen or "") for stream in sheet.streams)


def kept_waiting(server: Server) -> float:
    """Seconds for which we and the witness's process had to wait for a processor, so far."""
    assert server.witness is not None
    process = server.witness.channel._process  # noqa: SLF001 - its number alone
    paths = ["/proc/self/schedstat", *([f"/proc/{process.pid}/schedstat"] if process else [])]
    return sum(int(Path(path).read_text().split()[1]) / 1e9 for path in paths)


async def until(condition: Callable[[], bool], seconds: float, server: Server) -> None:
    """Look often; raises TimeoutError. What others have of this machine's time does not count."""
    began = time.monotonic() - kept_waiting(server)
    async with asyncio.timeout(PATIENCE):
        while not condition():
            if time.monotonic() - kept_waiting(server) > began + seconds:
                raise TimeoutError
            await asyncio.sleep(0.02)


def has_begun(server: Server, streams: int) -> bool:
    """So many are there, and packets have come of each."""
    publications = server.directory.rooms["hall"].publications.values()
    return len(publications) == streams and all(one.bytes for one in publications)


CASES = [
    pytest.param("hop", False, "readable", id="hop, as it says"),
    pytest.param("hop", True, "opaque", id="hop, and sends sealed frames"),
    pytest.param("e2ee-passphrase", True, "opaque", id="e2ee-passphrase, as it says"),
    pytest.param("e2ee-passphrase", False, "readable", id="e2ee-passphrase, and sends clear"),
    pytest.param("e2ee-mls", True, "opaque", id="e2ee-mls, as it says"),
    pytest.param("e2ee-mls", False, "readable", id="e2ee-mls, and sends clear frames"),
]


@pytest.mark.parametrize(("mode", "seals", "verdict"), CASES)
async def test_what_is_sent_decides_not_what_is_said(
    mode: Mode,
    seals: bool,  # noqa: FBT001
    verdict: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In the sheet; for two people's pictures and sound, with figures."""
    secret = None if mode == "hop" else SECRET
    async with (
        running(settings(witness="on")) as (server, url),
        Client(url, "hall", name="Ana", secret=secret, mode=mode) as ana,
        Client(url, "hall", name="Bo", secret=secret, mode=mode) as bo,
    ):
        for client, name in ((ana, "Ana"), (bo, "Bo")):
            published = sources()
            room = SealedRoom(SECRET, "hall", name)
            for source in published:
                if seals and mode == "hop":
                    source.seal(room.sealer(source.name, source.codec))
            if not seals:
                monkeypatch.setattr(client.mode, "seal", lambda _: None)
            await client.publish(*published)
        await until(lambda: has_begun(server, 4), 20, server)
        expected = [("audio", verdict)] * 2 + [("video", verdict)] * 2
        await until(lambda: verdicts(server) == expected, SECONDS, server)
        sheet = server.observer.describe(server.directory.rooms["hall"])
        lines = {line.function: line for line in sheet.functions}
        for function in ("audio", "video"):
            assert lines[function].verdict == verdict
            witness = lines[function].evidence.witness
            assert witness is not None
            assert witness.figures


class Moody:
    """Seals, or not, as it is told while the call goes on."""

    def __init__(self, source: Source) -> None:
        self.seals = True
        self._seal = SealedRoom(SECRET, "hall", "Ana").sealer(source.name, source.codec)
        source.seal(self)

    def __call__(self, frame: EncodedFrame) -> bytes | None:
        return self._seal(frame) if self.seals else frame.data


@pytest.mark.parametrize(
    ("make", "seconds"),
    [
        pytest.param(ToneSource, SOUND_CHANGES, id="sound"),
        pytest.param(lambda: sources()[0], PICTURE_CHANGES, id="pictures"),
    ],
)
async def test_who_seals_no_more_is_noticed(
    make: Callable[[], Source], seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the middle of a call, without a new stream; and who seals again, whose sheet stays."""
    async with (
        running(settings(witness="on")) as (server, url),
        Client(url, "hall", name="Ana", secret=SECRET, mode="e2ee-passphrase") as ana,
    ):
        source = make()
        monkeypatch.setattr(ana.mode, "seal", lambda _: None)
        moody = Moody(source)
        await ana.publish(source)
        function = "audio" if source.name == "microphone" else "video"

        def seen_as(verdict: str) -> bool:
            return verdicts(server) == [(function, verdict)]

        await until(lambda: has_begun(server, 1), 20, server)
        await until(lambda: seen_as("opaque"), SECONDS, server)
        for seals, verdict in ((False, "readable"), (True, "opaque")):
            moody.seals = seals
            await until(partial(seen_as, verdict), seconds, server)
            sheet = server.observer.describe(server.directory.rooms["hall"])
            (line,) = [line for line in sheet.functions if line.function == function]
            assert line.verdict == "readable"


async def test_everybody_is_told_that_it_watches() -> None:
    """With the welcome; and of its absence, too."""
    states: tuple[Literal["on", "off"], ...] = ("on", "off")
    for witness in states:
        async with running(settings(witness=witness)) as (_, url), joined(url, "Ana") as (wire, _):
            assert wire.welcome["witness"] is (witness == "on")


def test_the_process_can_open_nothing() -> None:
    """After `confine`: no socket, no file, no memory beyond its share."""
    code = """
import socket
from sfu.visibility.witness.__main__ import MEMORY, confine
confine()
for attempt in (socket.socket, lambda: open("/dev/null"), lambda: bytearray(MEMORY)):
    try:
        attempt()
    except (OSError, MemoryError):
        continue
    raise SystemExit(f"{attempt} worked")
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)  # noqa: S603 - ours
