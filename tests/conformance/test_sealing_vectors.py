"""The page and the Python clients seal alike: both keep to the same vectors."""

import json
from pathlib import Path
from typing import Any

import pytest

from sfu_clients.sealing.chat import ChatOpener, ChatSealer
from sfu_clients.sealing.frames import MLS_KIDS, FrameInfo, Opener, Sealer, Sender, Stream
from sfu_clients.sealing.passphrase import RoomKeys, stretch

FILE = Path(__file__).parents[1] / "data" / "vectors" / "sealed-frames.json"
VECTORS = json.loads(FILE.read_text(encoding="utf-8"))
KEYS = RoomKeys(bytes.fromhex(VECTORS["secret"]), VECTORS["room"])
SENDER = Sender(
    bytes.fromhex(VECTORS["sender"]["base_key"]), VECTORS["sender"]["ident"], KEYS.context
)


def test_the_keys_of_a_room() -> None:
    """From the secret of a link, and from a passphrase."""
    assert KEYS.context.hex() == VECTORS["context"]
    told = VECTORS["passphrase"]
    assert stretch(told["text"], bytes.fromhex(told["salt"])).hex() == told["secret"]


def test_the_hello() -> None:
    """It names the sender, and leads to their base key."""
    told = VECTORS["hello"]
    hello = KEYS.meet(bytes.fromhex(told["wire"]))
    assert hello.name == told["name"]
    assert (hello.sender.ident, hello.sender.base_key.hex()) == (told["sender"], told["base_key"])


def member(told: dict[str, Any]) -> Sender:
    """Somebody in a group of the mode `e2ee-mls`."""
    base_key, context = bytes.fromhex(told["base_key"]), bytes.fromhex(told["context"])
    return Sender(base_key, told["leaf"], context, told["epoch"], MLS_KIDS)


@pytest.mark.parametrize(
    ("sender", "told"),
    [
        *(
            pytest.param(
                SENDER, one, id=f"{one['codec']} in stream {one['stream']}, a shared secret"
            )
            for one in VECTORS["streams"]
        ),
        *(
            pytest.param(member(one), stream, id=f"{stream['codec']} of leaf {one['leaf']}")
            for one in VECTORS["members"]
            for stream in one["streams"]
        ),
    ],
)
def test_the_frames(sender: Sender, told: dict[str, Any]) -> None:
    """Sealed byte for byte, and opened."""
    codec, stream = told["codec"], Stream(told["stream"])
    sealer, opener = Sealer(sender, stream), Opener(sender, stream)
    for frame in told["frames"]:
        info = FrameInfo(
            **{name: frame[name] for name in
               ("key_frame", "spatial", "temporal", "width", "height", "time")}
        )  # fmt: skip
        media = bytes.fromhex(frame["media"])
        assert sealer.seal(codec, media, info).hex() == frame["wire"]
        opened = opener.open(codec, bytes.fromhex(frame["wire"]))
        assert opened is not None
        assert opened[0] == media


def test_the_chat() -> None:
    """Line by line."""
    sealer, opener = ChatSealer(SENDER), ChatOpener(SENDER)
    for told in VECTORS["chat"]:
        assert sealer.seal(told["text"]) == told["line"]
        assert opener.open(told["line"]) == told["text"]
