"""Speech of espeak-ng with pauses in between, and when there is speech by the waveform itself."""

import math
import subprocess
import wave
from array import array
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Final, NamedTuple

import msgspec

from benchmarks.inference.scripts import VOICES, Split, Voice, sentences

RATE: Final = 22_050
"""Samples per second, as espeak-ng makes them."""

PIECE_SECONDS: Final = 0.02
"""Of one label: one packet of Opus."""

PIECE: Final = round(RATE * PIECE_SECONDS)
FULL_SCALE: Final = 32_767

AUDIBLE: Final = -45.0
"""dB below full scale, over a piece: less is a pause, in speech that peaks at -10 to -3 dB."""

JOINED: Final = 10
"""Pauses within speech of less than so many pieces (200 ms) belong to it."""

NOISES: Final = (None, -65.0, -50.0)
"""Of the room, in dB below full scale: none at all, a quiet one, and one with a fan."""

NOISE_SECONDS: Final = 3

PAUSES: Final = (0.3, 2.5)
"""Seconds between one who stops and one who begins."""


TURNS: Final = (0.7, 0.7, 0.15)
"""How likely the other one speaks next, in the three conversations: one is rather a lecture."""


class Talk(NamedTuple):
    """One person's sound of a call, and what it is."""

    path: str
    labels: tuple[bool, ...]
    """Whether there is speech, for each 20 ms."""
    noise: float | None


def talks(split: Split, folder: Path, *, seconds: float, seed: int) -> list[Talk]:
    """The sound of all talkers of a split; two and two take turns."""
    kept = folder / f"{split}.json"
    if kept.is_file():
        return msgspec.json.decode(kept.read_bytes(), type=list[Talk])
    voices = VOICES[split]
    random = Random(f"{split} {seed}")  # noqa: S311 - the same calls each time
    made = []
    for first in range(0, len(voices), 2):
        turns = TURNS[first // 2]
        tracks = _conversation(voices[first : first + 2], split, seconds, turns, random)
        for place, clean in enumerate(tracks, first):
            noise = NOISES[place % len(NOISES)]
            path = folder / f"{split}-{place}.wav"
            _write(path, _with_noise(clean, noise, random))
            made.append(Talk(str(path), labels(clean), noise))
    kept.write_bytes(msgspec.json.encode(made))
    return made


def _conversation(
    voices: Sequence[Voice], split: Split, seconds: float, turns: float, random: Random
) -> list["array[int]"]:
    """Each voice's samples; whoever does not speak is silent."""
    tracks = [array("h", bytes(2 * round(seconds * RATE))) for _ in voices]
    at, turn = random.uniform(*PAUSES), 0
    while at < seconds - 1:
        said = say(voices[turn], random.choice(sentences(voices[turn], split)))
        begin = round(at * RATE)
        room = len(tracks[turn]) - begin
        tracks[turn][begin : begin + min(len(said), room)] = said[:room]
        at += len(said) / RATE + random.uniform(*PAUSES)
        if random.random() < turns:
            turn = 1 - turn
    return tracks


def say(voice: Voice, text: str) -> "array[int]":
    """What espeak-ng makes of a sentence, as loud as this voice is."""
    command = ["espeak-ng", "-v", voice.name, "-s", str(voice.words_per_minute), "--stdout", text]
    said = subprocess.run(command, capture_output=True, check=True, timeout=20)  # noqa: S603
    samples = array("h", said.stdout[44:])  # behind the header of the file
    loudest = max(1, *map(abs, samples))
    factor = voice.gain * FULL_SCALE / loudest
    return array("h", (round(sample * factor) for sample in samples))


def _with_noise(clean: "array[int]", level: float | None, random: Random) -> "array[int]":
    if level is None:
        return clean
    amplitude = FULL_SCALE * 10 ** (level / 20)
    noise = [round(random.gauss(0, amplitude)) for _ in range(NOISE_SECONDS * RATE)]
    noisy = array("h")
    for begin in range(0, len(clean), len(noise)):
        offset = random.randrange(len(noise))
        turned = noise[offset:] + noise[:offset]
        pairs = zip(clean[begin : begin + len(noise)], turned, strict=False)
        noisy.extend(max(-FULL_SCALE, min(FULL_SCALE, one + other)) for one, other in pairs)
    return noisy


def _write(path: Path, samples: "array[int]") -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples.tobytes())


def labels(clean: Sequence[int]) -> tuple[bool, ...]:
    """Whether there is speech in each piece, by its energy before noise and encoding."""
    loud = [_level(clean[begin : begin + PIECE]) > AUDIBLE for begin in _begins(clean)]
    return tuple(_joined(loud))


def _begins(samples: Sequence[int]) -> range:
    return range(0, len(samples) - PIECE + 1, PIECE)


def _level(samples: Sequence[int]) -> float:
    """In dB below full scale."""
    power = sum(sample * sample for sample in samples) / len(samples) / FULL_SCALE**2
    return 10 * math.log10(power) if power else -math.inf


def _joined(loud: Sequence[bool]) -> Iterator[bool]:
    """The same, without the short pauses between sounds of one sentence."""
    last = -JOINED - 1
    following = len(loud) + JOINED + 1
    nexts = [following] * len(loud)
    for place in reversed(range(len(loud))):
        following = place if loud[place] else following
        nexts[place] = following
    for place, sound in enumerate(loud):
        last = place if sound else last
        yield sound or nexts[place] - last <= JOINED
