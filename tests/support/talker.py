"""Somebody who speaks whenever a test says so, as a source of sound."""

import math
from array import array
from random import Random
from typing import Final

import av

from sfu.signalling.messages import MediaSource
from sfu_clients.media.concealment import Concealment
from sfu_clients.media.cutter import Cutter, FrameSeal
from sfu_clients.media.encoders import AUDIO_CLOCK, OpusEncoder
from sfu_clients.media.tone import PIECE, level
from sfu_clients.rtp.outgoing import MediaPacket

SYLLABLES: Final = 4
"""In a second."""

VOICE: Final = 140.0
"""Hz."""

NOISE: Final = 20
"""Of the room; samples reach 32767."""


class TalkerSource:
    """Speaks whenever `speaking` says so."""

    name: MediaSource = "microphone"
    codec = "opus"

    def __init__(self) -> None:
        self.speaking = False
        self._encoder = OpusEncoder()
        self._cutter = Cutter(self.codec)
        self._number = 0
        self._random = Random(3)  # noqa: S311

    def due(self) -> float:
        return self._number * PIECE / AUDIO_CLOCK

    def produce(self, *, now: float) -> list[MediaPacket]:
        del now
        sound = self._sound()
        timestamp = self._number * PIECE
        self._number += 1
        return self._cutter.cut(self._encoder.encode(sound, timestamp, level=level(sound)))

    def _sound(self) -> av.AudioFrame:
        """Voiced and hissing syllables, or only the room."""
        begin = self._number * PIECE
        samples = array("h", (self._sample(begin + place) for place in range(PIECE)))
        frame = av.AudioFrame("s16", "mono", PIECE)
        frame.sample_rate = AUDIO_CLOCK
        frame.planes[0].update(samples.tobytes())
        return frame

    def _sample(self, number: int) -> int:
        noise = self._random.uniform(-1, 1)
        if not self.speaking:
            return round(NOISE * noise)
        seconds = number / AUDIO_CLOCK
        syllable = SYLLABLES * seconds
        swell = math.sin(math.pi * (syllable % 1)) ** 2
        if int(syllable) % 3 == 2:  # a consonant
            return round(6000 * swell * noise)
        pitch = VOICE * (1 + 0.2 * math.sin(2 * math.pi * seconds / 1.7))
        harmonics = (math.sin(2 * math.pi * pitch * k * seconds) / k for k in range(1, 6))
        return round(6000 * swell * sum(harmonics) + NOISE * noise)

    def ask_key_frame(self) -> None:
        pass

    def set_bitrate(self, bitrate: int) -> None:
        pass

    def seal(self, seal: FrameSeal) -> None:
        self._cutter.seal(seal)

    def conceal(self, concealment: Concealment) -> None:
        self._encoder = OpusEncoder(constant_rate=concealment.constant_rate)
        if concealment.padding:
            self._cutter.pad()
