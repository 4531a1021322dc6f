"""Whether media can be read: decided against noise, or not decided."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from sfu.errors import MalformedPacket
from sfu_clients.payload import unwrap
from sfu_clients.verify.reading.decoding import Decoded, decode
from sfu_clients.verify.reading.formats import guess, has_key_frame, pieces
from sfu_clients.verify.reading.noise import noise_like, unevenness

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sfu_clients.verify.reading.formats import Payloads
    from sfu_clients.verify.streams.stream import Stream

MAX_FRAMES: Final = 200
MIN_FRAMES: Final = 20
MIN_SOUND_FRAMES: Final = 50
NOISES: Final = 5
"""How often noise is decoded for comparison."""

MIN_SHARE: Final = 0.5
"""Part of the frames that have to show something."""

CLEARLY_MORE: Final = 0.3
"""So much larger a part than of any noise is evidence by itself; or:"""

CLEARLY_STEADIER: Final = 0.6
"""what is shown changes less than this part of what any noise shows."""

MIN_STEADY_SHARE: Final = 0.9
MAX_UNEVENNESS: Final = 6.0
"""Standard deviations; encrypted bytes are within four. Steadiness counts beyond them only."""

_NO_DIFFERENCE: Final = 0.8
_MAX_SOUND_BYTES: Final = 400
_ALMOST: Final = 0.1


class Answer(StrEnum):
    """What the comparison with noise says."""

    READABLE = "readable"
    OPAQUE = "opaque"
    UNDECIDED = "undecided"


@dataclass(slots=True)
class Reading:
    """What could be read of a stream, and by what figures."""

    answer: Answer
    codec: str | None = None
    frames: int = 0
    evidence: str = ""
    payloads: list[list[bytes]] = field(default_factory=list)
    """Of each whole picture or piece of sound that was looked at."""
    content: list[tuple[float, tuple[float, ...]]] = field(default_factory=list)
    """What was shown, and when its first packet was captured."""


def read(stream: Stream) -> Reading:
    """Try to read what the keys leave of a stream."""
    if stream.kind == "audio":
        return _read_sound(stream)
    return _read_pictures(stream)


def _read_sound(stream: Stream) -> Reading:
    found = pieces(stream.samples, sound=True)[: 2 * MAX_FRAMES]
    payloads = [payload for _, payload in found]
    if len(found) < MIN_SOUND_FRAMES:
        return Reading(Answer.UNDECIDED, "opus", len(found), _too_few(len(found)), payloads)
    frames = [payload[0] for payload in payloads]
    return _compare("opus", [at for at, _ in found], frames, payloads)


def _read_pictures(stream: Stream) -> Reading:
    found = pieces(stream.samples, sound=False)
    pictures = [payloads for _, payloads in found]
    if len(found) < MIN_FRAMES:
        return Reading(Answer.UNDECIDED, None, len(found), _too_few(len(found)), pictures)
    codec = guess(pictures)
    if codec is None:
        words = "the payloads have none of the formats VP8, VP9, H.264 and AV1"
        return Reading(Answer.UNDECIDED, None, len(found), words, pictures)
    first = next((n for n, one in enumerate(pictures) if has_key_frame(codec, [one])), None)
    begins = 0 if first is None else min(first, len(found) - MIN_FRAMES)
    found, pictures = found[begins:][:MAX_FRAMES], pictures[begins:][:MAX_FRAMES]
    reading = _compare(codec, [at for at, _ in found], _frames(codec, pictures), pictures)
    if reading.answer is Answer.OPAQUE and first is None:
        reading.answer = Answer.UNDECIDED
        reading.evidence += "; but no key frame was captured, with which a decoder could begin"
    return reading


def _too_few(count: int) -> str:
    return f"only {count} whole frames were captured"


def _frames(codec: str, pictures: Sequence[Payloads]) -> list[bytes]:
    """What a decoder gets; nothing where the payloads make no sense."""
    frames = []
    for payloads in pictures:
        try:
            frames.append(unwrap(codec, payloads))
        except MalformedPacket:
            frames.append(b"\0")
    return frames


def _compare(
    codec: str, times: Sequence[float], frames: Sequence[bytes], payloads: list[list[bytes]]
) -> Reading:
    real = decode(codec, frames)
    noises = [decode(codec, noise_like(codec, frames, seed)) for seed in range(NOISES)]
    uneven = unevenness(frames)
    answer = decide(real, noises, uneven)
    words = _figures(real, noises, codec) + f"; bytes {uneven:.1f} sigma from even"
    content = [(times[place], shown) for place, shown in real.shown]
    return Reading(answer, codec, len(frames), words, payloads, content)


def decide(real: Decoded, noises: Sequence[Decoded], uneven: float) -> Answer:
    """Compare what real frames show with what noise does."""
    most, least = max(one.share for one in noises), min(one.step for one in noises)
    more = real.share >= MIN_SHARE and real.share >= most + CLEARLY_MORE
    # How steady a few frames of noise are is chance, too: this alone would err now and then.
    steadier = real.share >= MIN_STEADY_SHARE and real.step < CLEARLY_STEADIER * least
    if more or (steadier and uneven > MAX_UNEVENNESS):
        return Answer.READABLE
    no_more = real.share <= most + _ALMOST
    no_steadier = real.step >= _NO_DIFFERENCE * least or not real.shown
    if no_more and no_steadier and uneven <= MAX_UNEVENNESS:
        return Answer.OPAQUE
    return Answer.UNDECIDED


def _figures(real: Decoded, noises: Sequence[Decoded], codec: str) -> str:
    unit = "dB" if codec == "opus" else "of 255"
    most, least = max(one.share for one in noises), min(one.step for one in noises)
    name = "Opus" if codec == "opus" else codec
    steps = "" if not real.shown else f" that change by {real.step:.1f} {unit}"
    noise = "" if least == float("inf") else f" that change by {least:.1f} {unit} or more"
    return (
        f"as {name}, {real.share:.0%} of {real.given} frames show something{steps}; of noise of "
        f"the same sizes at most {most:.0%}{noise}"
    )
