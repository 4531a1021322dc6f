"""The page and the Python clients pad alike: both keep to the same vectors."""

import json
from pathlib import Path
from typing import Any

import pytest

from sfu_clients.media.padding import padder

FILE = Path(__file__).parents[1] / "data" / "vectors" / "padded-frames.json"
STREAMS = json.loads(FILE.read_text(encoding="utf-8"))


@pytest.mark.parametrize("told", STREAMS, ids=[one["codec"] for one in STREAMS])
def test_the_frames(told: dict[str, Any]) -> None:
    """Padded byte for byte, in the order of the stream."""
    pad = padder(told["codec"])
    for frame in told["frames"]:
        assert pad(bytes.fromhex(frame["media"])).hex() == frame["padded"]
