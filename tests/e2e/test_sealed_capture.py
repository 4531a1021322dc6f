"""Adversarial test 12: what a server receives and sends of a sealed call, searched and measured.

It is taken where the server has it: as datagrams, without SRTP, and as messages. The same search of
the same call in `hop` finds what it looks for.
"""

import asyncio
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from sfu.keylog import KeyLog
from sfu.signalling.messages import Mode
from sfu_clients.client import Client
from sfu_clients.media.recorded import RecordedSource
from sfu_clients.payload import EncodedFrame
from sfu_clients.recordings.recording import load_recording
from sfu_clients.recordings.resealing import Resealer
from sfu_clients.sealing import base64url, shims
from sfu_clients.sealing.frames import Stream
from sfu_clients.sealing.keylog import read_frame_keys
from sfu_clients.sealing.passphrase import read_secret
from sfu_clients.sealing.sframe import (
    AES_128_GCM_SHA256_128,
    NotSFrameError,
    derive,
    read_header,
)
from tests.support.capture import (
    CHI_SQUARE_LIMIT,
    Capture,
    chi_square,
    listen,
    shared,
    windows,
)
from tests.support.running import running, settings

RECORDINGS = {"VP8": "vp8-simulcast", "VP9": "vp9-l3t3-key", "AV1": "av1-l3t3-key"}
SOUND = "opus"
PASSPHRASE = "mellow octopus under glass"
LINE = "a line of chat that nobody else writes"
PICTURES = 30
BEGINNING = 16
"""Bytes of a frame in which codecs say what it is."""


@dataclass
class Call:
    """What was captured, what had been recorded, and the keys of those who were there."""

    capture: Capture
    kids: set[int]
    keys: dict[str, bytes]


def recorded(name: str) -> list[bytes]:
    """Every frame as it came from the encoder, layer by layer."""
    found: list[bytes] = []
    recording = load_recording(name)

    def note(frame: EncodedFrame) -> bytes:
        found.append(frame.data)
        return frame.data

    source, resealer = RecordedSource(recording), Resealer(recording.codec, note)
    while source.due() < recording.seconds:
        resealer.put(source.produce(now=0.0))
    return found


async def call(
    capture: Capture, codec: str, log: KeyLog, mode: Mode = "hop", secret: str | None = None
) -> None:
    """Ana publishes what was recorded, Ben watches, both log keys, and Ana chats."""
    sources = [RecordedSource(load_recording(name)) for name in (RECORDINGS[codec], SOUND)]
    async with (
        asyncio.timeout(25),
        running(settings()) as (_, url),
        Client(url, "hall", name="Ana", secret=secret, mode=mode, keylog=log) as ana,
        Client(url, "hall", name="Ben", secret=secret, mode=mode, keylog=log) as ben,
    ):
        await ana.publish(*sources)
        await until(lambda: len(ben.publications()) > 1)
        watched = await ben.subscribe(*(one for _, one in ben.publications()), height=720)
        await until(lambda: all(one.viewing.frames > PICTURES for one in watched))
        await ana.say(LINE)
        await until(lambda: any(b"chat" in one or b"message" in one for one in capture.messages))
        assert {one.codec for one in watched} == {codec, "opus"}


def known(log: Path, capture: Capture, **secrets: bytes) -> Call:
    """The keys of a log, and what follows from them."""
    kids, keys = set[int](), dict(secrets)
    lines = [line.split() for line in log.read_text().splitlines() if line.startswith("frames ")]
    for sender in (read_frame_keys(words[1:]) for words in lines):
        keys[f"base key of {sender.ident:#x} in {sender.epoch}"] = sender.base_key
        for stream in Stream:
            for spatial in range(3):
                kid = sender.kid(stream, spatial)
                kids.add(kid)
                keys[f"key of KID {kid:#x}"], _ = derive(
                    sender.base_key, kid, AES_128_GCM_SHA256_128
                )
    return Call(capture, kids, keys)


async def until(condition: Callable[[], bool]) -> None:
    """Wait for what comes in its own time."""
    while not condition():  # noqa: ASYNC110 - nothing tells
        await asyncio.sleep(0.02)


def ciphertexts(call: Call, codec: str) -> list[bytes]:
    """The frames that came, without shim and header; those that are no sealed frames are whole."""
    return [split(frame, codec, call.kids) or frame for frame in call.capture.frames(codec)]


def split(frame: bytes, codec: str, kids: set[int]) -> bytes | None:
    """What is behind the shim and the header of somebody who is here; None without them."""
    try:
        _, sealed = shims.split(codec, frame)
        kid, counter, end = read_header(sealed)
    except NotSFrameError:
        return None
    return sealed[end:] if kid in kids and counter < 1 << 16 else None


def forms(key: bytes) -> list[bytes]:
    """How a key may be written down."""
    return [key, key.hex().encode(), base64url.encode(key).encode()]


def beginnings(parts: list[bytes]) -> bytes:
    """Where a codec's header would be."""
    return b"".join(part[:BEGINNING] for part in parts)


@pytest.fixture
def log(tmp_path: Path) -> Iterator[KeyLog]:
    """For the keys of frames."""
    log = KeyLog(str(tmp_path / "keys"))
    yield log
    log.close()


@pytest.mark.parametrize(
    ("codec", "mode"),
    [
        ("VP8", "e2ee-passphrase"),
        ("VP9", "e2ee-passphrase"),
        ("AV1", "e2ee-passphrase"),
        ("VP9", "e2ee-mls"),
    ],
)
async def test_nothing_of_a_sealed_call(
    codec: str, mode: Mode, log: KeyLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No piece of a frame, no line, no key; behind shim and header all bytes are as of noise."""
    secret = base64url.encode(os.urandom(16))
    if mode == "e2ee-passphrase":
        secret += f":{PASSPHRASE}"
    capture = listen(monkeypatch)
    await call(capture, codec, log, mode, secret)
    secrets = {"passphrase": PASSPHRASE.encode(), "room secret": read_secret(secret)}
    sealed = known(tmp_path / "keys", capture, **secrets)
    assert len(sealed.kids) >= 2 * 5 * 3  # of two people
    everything = capture.everything()
    plain = [frame for name in (RECORDINGS[codec], SOUND) for frame in recorded(name)]
    assert shared(windows([*plain, LINE.encode()]), everything) == 0
    text = b"\0".join(everything)
    assert [name for name, key in sealed.keys.items() for form in forms(key) if form in text] == []
    for one in (codec, "opus"):
        came = capture.frames(one)
        assert len(came) >= PICTURES
        assert all(split(frame, one, sealed.kids) for frame in came)
    parts = ciphertexts(sealed, codec) + ciphertexts(sealed, "opus")
    assert chi_square(b"".join(parts)) < CHI_SQUARE_LIMIT
    assert chi_square(beginnings(parts)) < CHI_SQUARE_LIMIT


@pytest.mark.parametrize("codec", RECORDINGS)
async def test_everything_of_a_clear_one(
    codec: str, log: KeyLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: the same search finds frames of both kinds and the line; nothing is as noise."""
    capture = listen(monkeypatch)
    await call(capture, codec, log)
    clear = known(tmp_path / "keys", capture)
    everything = capture.everything()
    for name in (RECORDINGS[codec], SOUND):
        assert shared(windows(recorded(name)), capture.received) > 1000
    assert shared(windows([LINE.encode()]), everything) > 0
    for one in (codec, "opus"):
        parts = ciphertexts(clear, one)
        assert not any(split(frame, one, clear.kids) for frame in capture.frames(one))
        assert chi_square(b"".join(parts)) > CHI_SQUARE_LIMIT
        assert chi_square(beginnings(parts)) > CHI_SQUARE_LIMIT
