"""Pictures by a script: still, talking or moving ones, in sizes that change at known times."""

import math
from random import Random
from typing import Final, Literal, NamedTuple

import av

from benchmarks.inference.scripts import Split
from sfu.signalling.messages import MediaSource
from sfu_clients.media.concealment import Concealment
from sfu_clients.media.cutter import Cutter, FrameSeal
from sfu_clients.media.encoders import VIDEO_CLOCK, VideoEncoder
from sfu_clients.media.sources import BITS_PER_PIXEL
from sfu_clients.rtp.outgoing import MediaPacket

Show = Literal["still", "talking", "moving"]

RATE: Final = 15
LARGE, SMALL = (480, 270), (240, 136)


class Scene(NamedTuple):
    """What is to be seen for a while."""

    begins: float
    show: Show
    size: tuple[int, int]


SHOWS: Final[tuple[tuple[Show, tuple[int, int]], ...]] = (
    ("moving", LARGE),
    ("moving", SMALL),
    ("still", LARGE),
    ("talking", LARGE),
    ("talking", SMALL),
)
LENGTHS: Final = (6.0, 10.0)
"""Seconds of a scene."""

KEY_FRAMES_EACH: Final = 5.0
"""Seconds between key frames that somebody asks for, on average, with at least two between."""

SWAY: Final = 24
"""Pixels that a head sways to both sides, in two seconds: cameras of calls stand still."""

PATCHES: Final = 6
"""Different mouths."""


class Times(NamedTuple):
    """What happened when, in seconds since 1970."""

    key_frames: list[float]
    changes: list[float]


class ScriptedPictures:
    """A source; what it did stands in `times`."""

    name: MediaSource = "camera"
    codec = "VP8"

    def __init__(self, split: Split, *, seconds: float, seed: int) -> None:
        random = Random(f"pictures {split} {seed}")  # noqa: S311 - the same calls each time
        self.times = Times([], [])
        self._scenes = _scenes(random, seconds)
        self._keys = _keys(random, seconds)
        self._photos = {size: _Photo(size, random) for size in (LARGE, SMALL)}
        self._cutter = Cutter(self.codec)
        self._number = 0
        self._scene = self._scenes.pop(0)
        self._encoder = self._encode(self._scene.size)

    def _encode(self, size: tuple[int, int]) -> VideoEncoder:
        bitrate = round(size[0] * size[1] * RATE * 2 * BITS_PER_PIXEL)
        return VideoEncoder(self.codec, *size, rate=RATE, bitrate=bitrate)

    def due(self) -> float:
        """One picture after the other."""
        return self._number / RATE

    def produce(self, *, now: float) -> list[MediaPacket]:
        """The next picture."""
        if self._scenes and self._scenes[0].begins <= self.due():
            size, self._scene = self._scene.size, self._scenes.pop(0)
            self.times.changes.append(now)
            if self._scene.size != size:
                self._encoder = self._encode(self._scene.size)
        if self._keys and self._keys[0] <= self.due():
            self._keys.pop(0)
            self._encoder.ask_key_frame()
        frames = self._encoder.encode(self._draw(), self._number * VIDEO_CLOCK // RATE)
        self._number += 1
        self.times.key_frames.extend(now for frame in frames if frame.key_frame)
        return self._cutter.cut(frames)

    def _draw(self) -> av.VideoFrame:
        photo, show, number = self._photos[self._scene.size], self._scene.show, self._number
        sway = SWAY * math.sin(math.pi * number / RATE) if show == "moving" else 0
        return photo.draw(number if show != "still" else 0, sway=round(sway))

    def ask_key_frame(self) -> None:
        """The encoder makes one as soon as it can."""
        self._encoder.ask_key_frame()

    def set_bitrate(self, bitrate: int) -> None:
        """Loopback takes all."""

    def conceal(self, concealment: Concealment) -> None:
        """Pad each frame, if that is asked for."""
        if concealment.padding:
            self._cutter.pad()

    def seal(self, seal: FrameSeal) -> None:
        """Seal each frame before it is cut."""
        self._cutter.seal(seal)


def _scenes(random: Random, seconds: float) -> list[Scene]:
    """Each differs from the one before."""
    scenes: list[Scene] = []
    at = 0.0
    while at < seconds:
        others = [show for show in SHOWS if not scenes or show != scenes[-1][1:]]
        scenes.append(Scene(at, *random.choice(others)))
        at += random.uniform(*LENGTHS)
    return scenes


def _keys(random: Random, seconds: float) -> list[float]:
    times, at = [], 2.0
    while at < seconds:
        at += 2 + random.expovariate(1 / (KEY_FRAMES_EACH - 2))
        times.append(at)
    return times


class _Photo:
    """A still picture with the detail of a photograph, and a mouth that can move."""

    def __init__(self, size: tuple[int, int], random: Random) -> None:
        width, height = size
        self._size = size
        blank = av.VideoFrame(width, height, "yuv420p")
        self._strides = [plane.line_size for plane in blank.planes]
        self._luma = bytes(
            min(235, max(16, 60 + 100 * x // width + 40 * y // height + random.randrange(14)))
            for y in range(height)
            for x in range(self._strides[0])
        )
        self._chroma = [
            bytes(118 + (x + y) // 16 % 20 for y in range(height // 2) for x in range(stride))
            for stride in self._strides[1:]
        ]
        self._patches = [
            bytes(random.randrange(60, 180, 12) for _ in range(width // 10)) for _ in range(PATCHES)
        ]

    def draw(self, number: int, *, sway: int) -> av.VideoFrame:
        """Number 0 is always the same; the head, with its mouth, is `sway` pixels to the right."""
        (width, height), stride = self._size, self._strides[0]
        luma = bytearray(self._luma)
        side, middle = width // 3, width // 2
        for y in range(height // 4, height):
            start = y * stride + middle - side // 2
            luma[start + sway : start + sway + side] = self._luma[start : start + side]
        if number:
            patch = self._patches[number % PATCHES]
            for y in range(height * 2 // 3, height * 2 // 3 + height // 16):
                start = y * stride + middle - len(patch) // 2 + sway
                luma[start : start + len(patch)] = patch
        frame = av.VideoFrame(width, height, "yuv420p")
        for plane, data in zip(frame.planes, (luma, *self._chroma), strict=True):
            plane.update(bytes(data))
        return frame
