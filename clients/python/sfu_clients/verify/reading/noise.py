"""Noise that looks like given frames: of their sizes, and with what is the same in most of them.

A decoder that does not complain proves nothing: Opus plays any bytes, VP8 shows most. So the same
decoder gets frames whose insides are random, and what it makes of the real ones has to be better.
What a seal leaves clear (shims, key identifiers) and what a codec begins with stays, so that the
only difference is in what could be media.
"""

from collections import Counter
from collections.abc import Sequence
from math import sqrt
from random import Random
from typing import Final

HEAD_BYTES: Final = 32
"""Positions that are looked at: SFrame's header and a shim fit."""

_KEPT_HEADS: Final = {"opus": 1, "VP8": 3, "VP9": 3, "H264": 6, "AV1": 10}
_VP8_KEY_HEAD: Final = 10
_VP8_INTER: Final = 0x01
_USUAL: Final = 0.5
_VALUES: Final = 256


def constant_positions(frames: Sequence[bytes]) -> frozenset[int]:
    """Where, near the beginning, most frames have the same byte."""
    found = []
    for position in range(HEAD_BYTES):
        values = Counter(frame[position] for frame in frames if len(frame) > position)
        if values and values.most_common(1)[0][1] > _USUAL * values.total():
            found.append(position)
    return frozenset(found)


def noise_like(codec: str, frames: Sequence[bytes], seed: int) -> list[bytes]:
    """Frames of the same sizes that hold nothing; the same for the same seed."""
    chance = Random(seed)  # noqa: S311 - noise, no secret
    constant = constant_positions(frames)
    noise = []
    for frame in frames:
        made = bytearray(chance.randbytes(len(frame)))
        head = _head_bytes(codec, frame)
        for position in range(min(len(frame), HEAD_BYTES)):
            if position < head or position in constant:
                made[position] = frame[position]
        noise.append(bytes(made))
    return noise


def _head_bytes(codec: str, frame: bytes) -> int:
    is_key = codec == "VP8" and frame[:1] and not frame[0] & _VP8_INTER
    return _VP8_KEY_HEAD if is_key else _KEPT_HEADS[codec]


def unevenness(frames: Sequence[bytes]) -> float:
    """By how many standard deviations bytes are less even than random ones (chi-square).

    Heads are left out where they are constant, and the whole of what is constant by 32 bytes.
    """
    constant = constant_positions(frames)
    counts: Counter[int] = Counter()
    for frame in frames:
        head = bytes(one for at, one in enumerate(frame[:HEAD_BYTES]) if at not in constant)
        counts.update(head + frame[HEAD_BYTES:])
    total = counts.total()
    if total < 5 * _VALUES:
        return 0.0
    expected = total / _VALUES
    square = sum((counts[value] - expected) ** 2 / expected for value in range(_VALUES))
    freedom = _VALUES - 1
    return (square - freedom) / sqrt(2 * freedom)
