"""What can be published live: pictures or sound, encoded and cut into packets as time passes."""

from typing import Final, Protocol

from sfu.signalling.messages import MediaSource
from sfu_clients.media.concealment import Concealment
from sfu_clients.media.cutter import Cutter, FrameSeal
from sfu_clients.media.encoders import AUDIO_CLOCK, VIDEO_CLOCK, OpusEncoder, VideoEncoder
from sfu_clients.media.pattern import Pattern
from sfu_clients.media.tone import PIECE, Tone, level
from sfu_clients.rtp.outgoing import MediaPacket

PATTERN_SIZE: Final = (640, 360)
PATTERN_RATE: Final = 30
BITS_PER_PIXEL: Final = 0.1
"""What a live encoder is given at most."""


class Source(Protocol):
    """What a publisher asks: when something is due, what it is, and to change it."""

    name: MediaSource
    codec: str
    """Encoding name as in SDP."""

    def due(self) -> float | None:
        """When to call `produce` next, in seconds since the first time; None at the end."""
        ...

    def produce(self, *, now: float) -> list[MediaPacket]:
        """The packets to send now; may take as long as encoding takes. `now` is since 1970."""
        ...

    def ask_key_frame(self) -> None:
        """Somebody cannot decode without a new beginning."""
        ...

    def set_bitrate(self, bitrate: int) -> None:
        """The network takes no more than this, in bits per second."""
        ...

    def seal(self, seal: FrameSeal) -> None:
        """Seal each frame before it is cut; raises ClientError if that cannot be."""
        ...

    def conceal(self, concealment: Concealment) -> None:
        """Before the first frame: hide its size; raises ClientError if that cannot be."""
        ...


class PatternSource:
    """The test picture, drawn at the moment that it shows."""

    name: MediaSource = "camera"

    def __init__(
        self,
        codec: str = "VP8",
        *,
        size: tuple[int, int] = PATTERN_SIZE,
        rate: int = PATTERN_RATE,
    ) -> None:
        """`size` is width and height, `rate` pictures per second."""
        self.codec = codec
        self._pattern = Pattern(*size)
        self._rate = rate
        self._most = round(size[0] * size[1] * rate * BITS_PER_PIXEL)
        self._encoder = VideoEncoder(codec, *size, rate=rate, bitrate=self._most)
        self._cutter = Cutter(codec)
        self._number = 0

    def due(self) -> float:
        """One picture after the other."""
        return self._number / self._rate

    def produce(self, *, now: float) -> list[MediaPacket]:
        """Draw, encode and cut the next picture."""
        picture = self._pattern.draw(self._number, now)
        frames = self._encoder.encode(picture, self._number * VIDEO_CLOCK // self._rate)
        self._number += 1
        return self._cutter.cut(frames)

    def ask_key_frame(self) -> None:
        """The encoder makes one as soon as it can."""
        self._encoder.ask_key_frame()

    def set_bitrate(self, bitrate: int) -> None:
        """Encode within it."""
        self._encoder.set_bitrate(min(bitrate, self._most))

    def seal(self, seal: FrameSeal) -> None:
        """Seal each frame before it is cut."""
        self._cutter.seal(seal)

    def conceal(self, concealment: Concealment) -> None:
        """Pad each frame, if that is asked for."""
        if concealment.padding:
            self._cutter.pad()


class ToneSource:
    """The tone, in Opus."""

    name: MediaSource = "microphone"
    codec = "opus"

    def __init__(self) -> None:
        self._tone = Tone()
        self._encoder = OpusEncoder()
        self._cutter = Cutter(self.codec)
        self._number = 0

    def due(self) -> float:
        """Every 20 ms."""
        return self._number * PIECE / AUDIO_CLOCK

    def produce(self, *, now: float) -> list[MediaPacket]:
        """Encode the next piece."""
        del now
        sound = self._tone.piece(self._number)
        timestamp = self._number * PIECE
        self._number += 1
        frames = self._encoder.encode(sound, timestamp, level=level(sound))
        return self._cutter.cut(frames)

    def ask_key_frame(self) -> None:
        """Each piece is one."""

    def set_bitrate(self, bitrate: int) -> None:
        """Sound is small: it stays as it is."""

    def seal(self, seal: FrameSeal) -> None:
        """Seal each frame before it is cut."""
        self._cutter.seal(seal)

    def conceal(self, concealment: Concealment) -> None:
        """Encode and pad each piece accordingly."""
        self._encoder = OpusEncoder(constant_rate=concealment.constant_rate)
        if concealment.padding:
            self._cutter.pad()
