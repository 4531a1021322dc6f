"""What sealing costs in Python: one frame sealed, one opened, by size."""

import time
from statistics import median
from typing import Any, Final

from sfu_clients.sealing.frames import FrameInfo, Opener, Sealer, Sender, Stream

SIZES: Final = {"opus": (100,), "VP9": (1_000, 5_000, 20_000)}
"""Bytes of media in a frame."""

FRAMES: Final = 1000
"""Fewer than a replay window holds."""

ROUNDS: Final = 9

_SENDER: Final = Sender(bytes(range(32)), 0x01020304, bytes(16))


def measure() -> list[dict[str, Any]]:
    """Microseconds of CPU per frame, for each size; sizes take turns."""
    cases = [(codec, size) for codec, sizes in SIZES.items() for size in sizes]
    sealed: dict[int, list[float]] = {size: [] for _, size in cases}
    opened: dict[int, list[float]] = {size: [] for _, size in cases}
    for _ in range(ROUNDS):
        for codec, size in cases:
            seal, open_ = _round(codec, bytes(size))
            sealed[size].append(seal)
            opened[size].append(open_)
    return [
        {
            "codec": codec,
            "bytes": size,
            "seal_us": told(sealed[size]),
            "open_us": told(opened[size]),
        }
        for codec, size in cases
    ]


def _round(codec: str, media: bytes) -> tuple[float, float]:
    sealer, opener = Sealer(_SENDER, Stream.CAMERA), Opener(_SENDER, Stream.CAMERA)
    began = time.process_time()
    frames = [sealer.seal(codec, media, FrameInfo(spatial=2)) for _ in range(FRAMES)]
    between = time.process_time()
    for frame in frames:
        opener.open(codec, frame)
    ended = time.process_time()
    if opener.opened != FRAMES:
        raise RuntimeError("What was sealed does not open.")
    return 1e6 * (between - began) / FRAMES, 1e6 * (ended - between) / FRAMES


def told(samples: list[float]) -> dict[str, float]:
    """The middle of some samples, and how far they spread."""
    return {
        "median": round(median(samples), 3),
        "least": round(min(samples), 3),
        "most": round(max(samples), 3),
    }
