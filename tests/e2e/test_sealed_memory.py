"""What a server could read of a sealed call: its memory is searched while it forwards."""

import asyncio
import os
from collections.abc import Callable

import pytest

from sfu_clients.client import Client
from sfu_clients.media.sources import PatternSource, ToneSource
from sfu_clients.payload import EncodedFrame
from sfu_clients.sealing import base64url
from sfu_clients.sealing.frames import Stream
from sfu_clients.sealing.passphrase import RoomKeys
from sfu_clients.sealing.sframe import AES_128_GCM_SHA256_128, derive
from tests.support.memory import find
from tests.support.server import Server

LINE = "a line of chat that nobody else writes"
CALL_FRAMES = 90
WINDOW = 48
"""Bytes of a frame that are looked for: no two frames share so many."""


async def call(server: Server, secret: str | None) -> dict[str, bytes]:
    """Two clients talk; the frames that one decoded last, and a line of chat, are returned."""
    frames: list[bytes] = []
    heard = asyncio.Event()
    async with (
        Client(server.url, "hall", name="Ana", secret=secret) as ana,
        Client(server.url, "hall", name="Ben", secret=secret) as ben,
    ):
        await ana.publish(PatternSource("VP8"), ToneSource())
        await published(ben, 2)
        video, *_ = await ben.subscribe(*(one for _, one in ben.publications()), height=720)
        video.on_encoded(collect(frames))
        ben.listen(lambda message: heard.set() if getattr(message, "text", "") == LINE else None)
        await ana.say(LINE)
        async with asyncio.timeout(20):
            await heard.wait()
            while len(frames) < CALL_FRAMES:  # noqa: ASYNC110 - nothing tells
                await asyncio.sleep(0.05)
        big = [frame for frame in frames if len(frame) > 4 * WINDOW][-20:]
        assert len(big) == 20
        found = {f"frame {n}": frame[2 * WINDOW : 3 * WINDOW] for n, frame in enumerate(big)}
        needles = found | {"chat": LINE.encode()}
        if secret is not None:
            needles |= keys_of(ben, secret)
        names = await asyncio.to_thread(find, server.process.pid, needles)
        return {name: needles[name] for name in names}


def collect(frames: list[bytes]) -> Callable[[EncodedFrame], None]:
    """Keep what was decoded."""
    return lambda frame: frames.append(frame.data)


async def published(client: Client, count: int) -> None:
    """Wait until others publish so many tracks."""
    async with asyncio.timeout(20):
        while len(client.publications()) < count:  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.02)


def keys_of(client: Client, secret: str) -> dict[str, bytes]:
    """Everything that could open the call."""
    room_secret = base64url.decode(secret)
    keys = RoomKeys(room_secret, "hall")
    needles = {"the link's secret": secret.encode(), "the room's secret": room_secret}
    for person in client.participants.values():
        sender = keys.meet(base64url.decode(person.hello or "")).sender
        camera, _ = derive(sender.base_key, sender.kid(Stream.CAMERA, 0), AES_128_GCM_SHA256_128)
        needles[f"the base key of {person.name}"] = sender.base_key
        needles[f"the camera's key of {person.name}"] = camera
    return needles


@pytest.mark.parametrize("mode", ["hop", "e2ee-passphrase"])
async def test_what_the_memory_holds(server: Server, mode: str) -> None:
    """In a sealed call no key, no secret, no frame and no line; in `hop` frames and lines are."""
    found = await call(server, None if mode == "hop" else base64url.encode(os.urandom(16)))
    if mode == "hop":
        assert "chat" in found
        assert any(name.startswith("frame") for name in found)
    else:
        assert found == {}
