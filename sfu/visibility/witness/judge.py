"""Judge: whether a sample tells a decoder more than noise of the same sizes does.

A decoder that does not complain proves nothing: Opus makes sound of any bytes. So the sample is
decoded, and then the same again with noise in the place of all that could be media; only what
noise never does makes it readable.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise
from math import log2, log10, sqrt
from operator import mul, sub
from random import Random
from statistics import fmean, pstdev
from typing import Final, NamedTuple

from sfu.errors import MalformedPacket
from sfu.visibility.samples import Finding, Piece, Sample
from sfu.visibility.witness.decoding import Picture, pictures, sounds
from sfu.visibility.witness.glimpsing import glimpse_of
from sfu.wire.frames import unwrap

TRIALS: Final = 12
"""Times that noise is decoded for one sample."""

FURTHER_TRIALS: Final = 20
"""The same, before a sound is called readable: few trials may agree by chance."""

FEWEST_PICTURES: Final = 4
FEWEST_SOUNDS: Final = 25
DECODED: Final = 0.75
"""Share of the pictures that a decoder has to show, and of noise at most a third of that."""

LEAST_SIDE: Final = 16
"""Points of a side of a picture of anything; noise as a header of AV1 makes lines and points."""

SMOOTH: Final = 0.3
"""Correlation of neighbours in a picture of anything; a flat one has none."""

NEAR: Final = 5.0
"""Standard deviations of noise within which a sound is like noise."""

FAR: Final = 7.0
"""The same, beyond which it is none."""

WINDOW: Final = 120
"""Samples of a piece of sound that are looked at: 2.5 ms."""

HEADER_SHARE: Final = 0.9
"""A place in front of a frame that stays or counts on in so many frames is no media."""

LONGEST_HEADER: Final = 24

_HEADS: Final[dict[str, Callable[[bytes], int]]] = {
    "VP8": lambda frame: 1 if frame[0] & 1 else 10,  # the shim, or the frame tag and the size
    "VP9": lambda _: 0,
    "AV1": lambda _: 4,  # the temporal delimiter, an OBU header and a size
    "H264": lambda _: 5,  # a start code and a NAL unit header
}
"""How many bytes of a frame a seal leaves clear at most; noise keeps them."""


def judge(sample: Sample, random: Random) -> Finding:
    """Decide, and give the figures; of what is readable, with a glimpse."""
    pieces = _whole(sample.pieces)
    if sample.codec == "opus":
        frames = [piece.payload for piece in pieces]
        seen, figures = _judge_sound(frames, random)
    else:
        frames = _frames(sample.codec, pieces)
        seen, figures = _judge_video(sample.codec, frames, random)
    glimpse = glimpse_of(sample.codec, frames) if seen == "readable" else None
    return Finding(sample.number, seen, figures, glimpse)  # type: ignore[arg-type]


def _whole(pieces: Sequence[Piece]) -> list[Piece]:
    """The pieces in order, up to the first that is missing; those without media are left out."""
    ordered = sorted(pieces, key=lambda piece: piece.sequence)
    kept = ordered[:1]
    for before, piece in pairwise(ordered):
        if piece.sequence > before.sequence + 1:
            break
        if piece.sequence > before.sequence:
            kept.append(piece)
    return [piece for piece in kept if piece.payload]


def _frames(codec: str, pieces: Sequence[Piece]) -> list[bytes]:
    """The pictures that are certainly whole: each has another behind it."""
    grouped: dict[int, list[bytes]] = {}
    for piece in pieces:
        grouped.setdefault(piece.timestamp, []).append(piece.payload)
    frames = []
    for payloads in list(grouped.values())[:-1]:
        try:
            frames.append(unwrap(codec, payloads))
        except MalformedPacket:
            frames.append(b"".join(payloads))  # a decoder will not like it either
    return [frame for frame in frames if frame]


# Pictures


class _Show(NamedTuple):
    """What came of some frames."""

    shown: int
    smooth: float
    size: str


def _judge_video(codec: str, frames: Sequence[bytes], random: Random) -> tuple[str, str]:
    if len(frames) < FEWEST_PICTURES:
        return "undecided", f"{codec}: only {len(frames)} whole pictures in a row"
    real = _show(codec, frames)
    noise = [_show(codec, _noise(codec, frames, random)) for _ in range(TRIALS)]
    best = max(show.shown for show in noise)
    figures = (
        f"{codec}: {real.shown} of {len(frames)} pictures decoded ({real.size}), neighbours "
        f"correlate by {real.smooth:.2f}; of noise at best {best} in {TRIALS} trials; "
        f"{_entropy(frames):.2f} bits a byte"
    )
    many = real.shown >= DECODED * len(frames)
    if many and best <= real.shown / 3:
        return ("readable" if real.smooth >= SMOOTH else "undecided"), figures
    return ("undecided" if many else "opaque"), figures


def _noise(codec: str, frames: Sequence[bytes], random: Random) -> list[bytes]:
    return [
        frame[: (head := _HEADS[codec](frame))] + random.randbytes(max(0, len(frame) - head))
        for frame in frames
    ]


def _show(codec: str, frames: Sequence[bytes]) -> _Show:
    found = pictures(codec, frames)
    shown = [one for one in found if one.width >= LEAST_SIDE and one.height >= LEAST_SIDE]
    if not shown:
        return _Show(0, 0.0, "none")
    return _Show(
        len(shown), fmean(map(_smoothness, shown)), f"{shown[-1].width}x{shown[-1].height}"
    )


def _smoothness(picture: Picture) -> float:
    return _correlation(picture.luma[:-1], picture.luma[1:])


def _correlation(one: Sequence[float], other: Sequence[float]) -> float:
    mean_one, mean_other = fmean(one), fmean(other)
    spread = sqrt(
        sum((value - mean_one) ** 2 for value in one)
        * sum((value - mean_other) ** 2 for value in other)
    )
    if spread < len(one):  # nearly flat
        return 0.0
    return sum((a - mean_one) * (b - mean_other) for a, b in zip(one, other, strict=True)) / spread


# Sound


def _judge_sound(frames: Sequence[bytes], random: Random) -> tuple[str, str]:
    if len(frames) < FEWEST_SOUNDS:
        return "undecided", f"opus: only {len(frames)} packets in a row"
    head = _header_length(frames)

    def listen(count: int) -> list[dict[str, float]]:
        return [
            _features([one[:head] + random.randbytes(max(0, len(one) - head)) for one in frames])
            for _ in range(count)
        ]

    real, noise = _features(frames), listen(TRIALS)
    name, distance = _farthest(real, noise)
    if distance >= NEAR:
        noise += listen(FURTHER_TRIALS)
        name, distance = _farthest(real, noise)
    figures = (
        f"opus: {name} lies {distance:.1f} standard deviations from {len(noise)} trials of "
        f"noise behind {head} bytes of header; loudness {real['loudness']:.0f} dB; "
        f"{_entropy(frames):.2f} bits a byte"
    )
    if distance >= FAR:
        return "readable", figures
    return ("opaque" if distance < NEAR else "undecided"), figures


def _farthest(real: dict[str, float], noise: list[dict[str, float]]) -> tuple[str, float]:
    """The feature that is least like noise, and by how many standard deviations."""
    distances = {}
    for name, value in real.items():
        values = [trial[name] for trial in noise]
        distances[name] = abs(value - fmean(values)) / max(pstdev(values), _FLOOR)
    name = max(distances, key=lambda name: distances[name])
    return name, distances[name]


_FLOOR: Final = 0.02
"""Least standard deviation of noise that is believed: a few trials may agree by chance."""


def _header_length(frames: Sequence[bytes]) -> int:
    """How many bytes in front stay, or count on, from frame to frame: a seal's header."""
    shortest = min(LONGEST_HEADER, *map(len, frames))
    for place in range(shortest):
        steady = sum((b[place] - a[place]) % 256 <= 1 for a, b in pairwise(frames))
        if steady < HEADER_SHARE * (len(frames) - 1):
            return place
    return shortest


def _features(frames: Sequence[bytes]) -> dict[str, float]:
    """What is heard: how loud, how rough, and how much either changes from piece to piece."""
    heard = [_hear(sound) for sound in sounds(frames, most=WINDOW)]
    if len(heard) < 2:  # noqa: PLR2004 - nothing to compare
        return dict.fromkeys(("loudness", "roughness", "change", "turn", "decoded"), 0.0)
    loudness, roughness = [one for one, _ in heard], [other for _, other in heard]
    return {
        "loudness": fmean(loudness),
        "roughness": fmean(roughness),
        "change": log10(fmean(abs(b - a) for a, b in pairwise(loudness)) + 0.01),
        "turn": log10(fmean(abs(b - a) for a, b in pairwise(roughness)) + 0.001),
        "decoded": len(heard) / len(frames),
    }


def _hear(sound: Sequence[float]) -> tuple[float, float]:
    """Loudness in dB, and the share of it in the change from one sample to the next."""
    steps = list(map(sub, sound[1:], sound))
    energy, change = sum(map(mul, sound, sound)), sum(map(mul, steps, steps))
    loudness = 10 * log10(energy / max(1, len(sound)) + 1e-9)
    return loudness, change / (energy + 1e-9)


def _entropy(frames: Sequence[bytes]) -> float:
    """Of single bytes; 8 is what noise comes near to."""
    data = b"".join(frames)
    counts = [data.count(value) for value in range(256)]
    return -sum(count / len(data) * log2(count / len(data)) for count in counts if count)
