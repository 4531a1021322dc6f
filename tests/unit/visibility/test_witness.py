"""The witness cannot be fooled: it says what it could decode, whatever a client says it sends."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Literal

import pytest

from sfu.server import Server
from sfu.signalling.values import Mode
from sfu_clients.client import Client
from sfu_clients.media.sources import PatternSource, Source, ToneSource
from sfu_clients.sealing.room import SealedRoom
from tests.support.running import joined, running, settings
from tests.support.secrets import SECRET

SECONDS = 20
"""In which the sheet has to know; 5 where nothing else runs, as the parts of it tell: a sample is
there within 1.2 s (`test_lens.py`), and takes half a second to judge (`test_judge.py`)."""


def sources() -> tuple[Source, Source]:
    return PatternSource("VP8", size=(320, 180)), ToneSource()


@asynccontextmanager
async def witnessed() -> AsyncIterator[tuple[Server, str]]:
    """A server with a witness that is awake: to start a process takes a busy machine seconds."""
    async with running(settings(witness="on")) as (server, url):
        assert server.witness is not None
        async with asyncio.timeout(60), Client(url, "before", name="Bo") as client:
            await client.publish(ToneSource())
            while not server.witness.samples.total():  # noqa: ASYNC110 - it tells nobody
                await asyncio.sleep(0.05)
        yield server, url


def verdicts(server: Server) -> dict[str, Any]:
    """Of the streams that were judged, by function."""
    sheet = server.observer.describe(server.directory.rooms["hall"])
    return {stream.function: stream.seen for stream in sheet.streams if stream.seen is not None}


async def first_packets(server: Server) -> None:
    """Both streams have begun."""
    room = server.directory.rooms["hall"]
    while not all(publication.bytes for publication in room.publications.values()):  # noqa: ASYNC110
        await asyncio.sleep(0.02)


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
    """In the sheet; for picture and sound, with figures."""
    secret = None if mode == "hop" else SECRET
    async with (
        witnessed() as (server, url),
        Client(url, "hall", name="Ana", secret=secret, mode=mode) as ana,
    ):
        published = sources()
        room = SealedRoom(SECRET, "hall", "Ana")
        for source in published:
            if seals and mode == "hop":
                source.seal(room.sealer(source.name, source.codec))
        if not seals:
            monkeypatch.setattr(ana.mode, "seal", lambda _: None)
        await ana.publish(*published)
        async with asyncio.timeout(20):
            await first_packets(server)
        async with asyncio.timeout(SECONDS):
            while verdicts(server) != {"video": verdict, "audio": verdict}:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        sheet = server.observer.describe(server.directory.rooms["hall"])
        lines = {line.function: line for line in sheet.functions}
        for function in ("audio", "video"):
            assert lines[function].verdict == verdict
            witness = lines[function].evidence.witness
            assert witness is not None
            assert witness.figures


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
