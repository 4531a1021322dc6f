"""What a server could read of a sealed call: its memory is searched while it forwards."""

import asyncio
import os
from collections.abc import Callable

import pytest

from sfu.signalling.messages import Mode
from sfu_clients.client import Client
from sfu_clients.media.sources import PatternSource, ToneSource
from sfu_clients.payload import EncodedFrame
from sfu_clients.sealing import base64url
from sfu_clients.sealing.epochs import EpochKeys, read_epoch
from sfu_clients.sealing.frames import Sender, Stream
from sfu_clients.sealing.passphrase import RoomKeys
from sfu_clients.sealing.sframe import AES_128_GCM_SHA256_128, derive
from tests.support.groups import names, steal, until
from tests.support.memory import find
from tests.support.server import Server

LINE = "a line of chat that nobody else writes"
CALL_FRAMES = 90
WINDOW = 48
"""Bytes of a frame that are looked for: no two frames share so many."""


async def call(server: Server, mode: Mode, stolen: dict[int, EpochKeys]) -> dict[str, bytes]:
    """Two clients talk: what the server's memory has of their frames, their chat and their keys.

    A group's keys come to be in `stolen`.
    """
    secret = None if mode == "hop" else base64url.encode(os.urandom(16))
    frames: list[bytes] = []
    heard = asyncio.Event()
    async with (
        Client(server.url, "hall", name="Ana", mode=mode, secret=secret) as ana,
        Client(server.url, "hall", name="Ben", mode=mode, secret=secret) as ben,
    ):
        await ana.publish(PatternSource("VP8"), ToneSource())
        await published(ben, 2)
        video, *_ = await ben.subscribe(*(one for _, one in ben.publications()), height=720)
        video.on_encoded(collect(frames))
        ben.listen(lambda message: heard.set() if getattr(message, "text", "") == LINE else None)
        if mode == "e2ee-mls":
            await until(lambda: names(ana) == names(ben) == ["Ana", "Ben"])
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
            needles |= {"the link's secret": secret.encode()}
            needles |= {"the room's secret": base64url.decode(secret)}
        if mode == "e2ee-passphrase" and secret is not None:
            needles |= keys_of(ben, secret)
        for keys in stolen.values():
            needles |= keys_in(keys)
        seen = await asyncio.to_thread(find, server.process.pid, needles)
        return {name: needles[name] for name in seen}


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
    needles: dict[str, bytes] = {}
    for person in client.participants.values():
        needles |= keys_from(person.name, keys.meet(base64url.decode(person.hello or "")).sender)
    return needles


def keys_in(keys: EpochKeys) -> dict[str, bytes]:
    """Everything that opens media of an epoch."""
    needles: dict[str, bytes] = {}
    for leaf, sender in read_epoch(keys).senders.items():
        needles |= keys_from(f"leaf {leaf} in epoch {keys.epoch}", sender)
    return needles


def keys_from(name: str, sender: Sender) -> dict[str, bytes]:
    """What media of one sender is sealed with."""
    camera, _ = derive(sender.base_key, sender.kid(Stream.CAMERA, 0), AES_128_GCM_SHA256_128)
    return {f"the base key of {name}": sender.base_key, f"the camera's key of {name}": camera}


@pytest.mark.parametrize("mode", ["hop", "e2ee-passphrase", "e2ee-mls"])
async def test_what_the_memory_holds(
    server: Server, mode: Mode, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a sealed call no key, no secret, no frame and no line; in `hop` frames and lines are."""
    stolen = steal(monkeypatch)
    found = await call(server, mode, stolen)
    assert len(stolen) == (2 if mode == "e2ee-mls" else 0)
    if mode == "hop":
        assert "chat" in found
        assert any(name.startswith("frame") for name in found)
    else:
        assert found == {}
