"""A tone that swells once a second, as 16-bit samples, and how loud sound is."""

import math
from array import array
from typing import Final

import av

from sfu_clients.media.encoders import AUDIO_CLOCK

PIECE: Final = 960
"""Samples in 20 ms."""

FREQUENCY: Final = 440
_PEAK: Final = 8000
_SILENCE: Final = 127


class Tone:
    """One second of sound, over and over."""

    def __init__(self) -> None:
        self._samples = array(
            "h",
            (
                round(
                    _PEAK
                    * math.sin(2 * math.pi * FREQUENCY * n / AUDIO_CLOCK)
                    * math.sin(math.pi * n / AUDIO_CLOCK) ** 2
                )
                for n in range(AUDIO_CLOCK)
            ),
        )

    def piece(self, number: int) -> av.AudioFrame:
        """Piece `number` of 20 ms."""
        start = number * PIECE % AUDIO_CLOCK
        frame = av.AudioFrame("s16", "mono", PIECE)
        frame.sample_rate = AUDIO_CLOCK
        frame.planes[0].update(self._samples[start : start + PIECE].tobytes())
        return frame


def level(frame: av.AudioFrame) -> int:
    """Loudness of 16-bit sound in dB below full scale, 0 to 127 (RFC 6464)."""
    samples = memoryview(frame.planes[0]).cast("h")
    power = sum(value * value for value in samples[::4]) / max(1, len(samples[::4]))
    if power == 0:
        return _SILENCE
    return min(_SILENCE, max(0, round(-10 * math.log10(power / (1 << 30)))))
