"""Writes sealed-frames.json: frames, hellos and lines of chat as the Python clients seal them.

    .venv/bin/python tests/data/vectors/seal.py

A test of the page and one of Python compare their own sealing with it, so both are the same.
"""

import json
import random
from pathlib import Path
from typing import Any, Final

from sfu_clients.sealing.chat import ChatSealer
from sfu_clients.sealing.frames import MLS_KIDS, FrameInfo, Sealer, Sender, Stream
from sfu_clients.sealing.passphrase import RoomKeys, stretch

FILE: Final = Path(__file__).with_name("sealed-frames.json")
SECRET: Final = bytes(range(16))
ROOM: Final = "standup"
LAYERS: Final = ((0, 0), (1, 0), (2, 0), (0, 2), (1, 2), (2, 2), (0, 1))
MEMBERS: Final = ((0, 0), (5, 258), (1023, 1 << 40))
"""Leaves and epochs of groups."""
CODECS: Final = (
    ("opus", Stream.MICROPHONE),
    ("VP8", Stream.CAMERA),
    ("VP9", Stream.CAMERA),
    ("AV1", Stream.SCREEN),
    ("opus", Stream.SCREEN_AUDIO),
)


def vectors() -> dict[str, Any]:
    """The same each time, but for the hello, which is drawn anew."""
    keys = RoomKeys(SECRET, ROOM)
    sender, hello = keys.introduce("Änne")
    fixed = Sender(bytes(range(32)), 0xC0FFEE, keys.context)
    members = [Sender(bytes(range(32)), leaf, SECRET, epoch, MLS_KIDS) for leaf, epoch in MEMBERS]
    chat = ChatSealer(fixed)
    return {
        "secret": SECRET.hex(),
        "room": ROOM,
        "context": keys.context.hex(),
        "hello": {"wire": hello.hex(), "name": "Änne", "sender": sender.ident,
                  "base_key": sender.base_key.hex()},
        "passphrase": {"text": "Sesam, öffne dich", "salt": SECRET.hex(),
                       "secret": stretch("Sesam, öffne dich", SECRET).hex()},
        "sender": {"base_key": fixed.base_key.hex(), "ident": fixed.ident},
        "streams": [_stream(fixed, codec, stream) for codec, stream in CODECS],
        "members": [_member(member) for member in members],
        "chat": [{"text": text, "line": chat.seal(text)} for text in ("", "Hallo", "ä" * 200)],
    }  # fmt: skip


def _member(sender: Sender) -> dict[str, Any]:
    return {
        "base_key": sender.base_key.hex(),
        "leaf": sender.ident,
        "context": sender.context.hex(),
        "epoch": sender.epoch,
        "streams": [_stream(sender, codec, stream) for codec, stream in CODECS[:3]],
    }


def _stream(sender: Sender, codec: str, stream: Stream) -> dict[str, Any]:
    dice = random.Random(codec)  # noqa: S311 - the same bytes each time
    sealer = Sealer(sender, stream)
    layers = LAYERS if codec in {"VP9", "AV1"} else ((0, 0),) * 10
    return {
        "codec": codec,
        "stream": int(stream),
        "frames": [
            _frame(sealer, codec, dice, layer, first=place < len(set(layers[:3])))
            for place, layer in enumerate(layers)
        ],
    }


def _frame(
    sealer: Sealer, codec: str, dice: random.Random, layer: tuple[int, int], *, first: bool
) -> dict[str, Any]:
    media = dice.randbytes(dice.choice((0, 1, 3, 100, 300)))
    spatial, temporal = layer
    info = FrameInfo(
        key_frame=first,
        spatial=spatial,
        temporal=temporal,
        width=320 << spatial if first else 0,
        height=180 << spatial if first else 0,
        time=dice.randrange(1 << 32),
    )
    return {
        "key_frame": info.key_frame,
        "spatial": spatial,
        "temporal": temporal,
        "width": info.width,
        "height": info.height,
        "time": info.time,
        "media": media.hex(),
        "wire": sealer.seal(codec, media, info).hex(),
    }


if __name__ == "__main__":
    FILE.write_text(json.dumps(vectors(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
