"""Writes padded-frames.json: frames of each codec as the Python clients pad them.

    .venv/bin/python tests/data/vectors/pad.py

A test of the page and one of Python compare their own padding with it, so both are the same.
"""

import json
import random
from pathlib import Path
from typing import Any, Final

from sfu.wire.matroska import superframe
from sfu_clients.media.padding import padder

FILE: Final = Path(__file__).with_name("padded-frames.json")
SIZES: Final = (0, 1, 2, 3, 8, 17, 127, 128, 130, 700)
HEADS: Final = tuple(map(bytes.fromhex, ("", "03", "83", "4300", "4305", "c3ff04", "43ffffff00")))
"""Of packets of code 3: counts, and lengths of padding, of which some are too long."""
OBUS: Final = ("32", "12000a01aa32", "120036005a", "1200", "10", "12", "7a83800000000032")
"""What temporal units begin with, or what looks like it."""


def vectors() -> list[dict[str, Any]]:
    """The same each time: for each codec a stream, since the padding of sound remembers."""
    draw = random.Random(5)  # noqa: S311 - nobody is to be kept from guessing it
    frames = {codec: [draw.randbytes(size) for size in SIZES] for codec in ("VP8", "VP9", "AV1")}
    frames["AV1"] += [bytes.fromhex(head) + draw.randbytes(90) for head in OBUS]
    frames["VP9"].append(superframe([b"\x82one", b"\x82two"]))
    frames["opus"] = [bytes((toc,)) + draw.randbytes(size) for size in (0, 1, 70, 30, 200, 160)
                      for toc in (0xF8, 0xF9, 0xFA)]  # fmt: skip
    frames["opus"] += [bytes((8,)) * size for size in (300, *[90] * 60)]
    frames["opus"] += [_three(draw, head, size) for size in (9, 150, 560) for head in HEADS]
    return [
        {
            "codec": codec,
            "frames": [{"media": one.hex(), "padded": pad(one).hex()} for one in stream],
        }
        for codec, stream in frames.items()
        for pad in [padder(codec)]
    ]


def _three(draw: random.Random, head: bytes, size: int) -> bytes:
    """A packet of code 3, or what looks like one, with this behind its first byte."""
    return b"\xfb" + head + draw.randbytes(size if head else 0)


if __name__ == "__main__":
    FILE.write_text(json.dumps(vectors(), indent=1) + "\n", encoding="utf-8")
