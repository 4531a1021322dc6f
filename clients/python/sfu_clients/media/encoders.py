"""Live encoders, from pictures and sound to frames that a packetizer takes."""

import os
from fractions import Fraction
from typing import Any, Final

import av
from av.audio.codeccontext import AudioCodecContext
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType

from sfu_clients.errors import ClientError
from sfu_clients.payload import EncodedFrame

VIDEO_CLOCK: Final = 90_000
AUDIO_CLOCK: Final = 48_000
AUDIO_BITRATE: Final = 48_000

LOWER_RATE: Final = 0.85
HIGHER_RATE: Final = 1.5
"""An encoder begins anew, with a key frame, when its bitrate is to change by these factors."""

_NO_KEY_FRAMES: Final = 1_000_000
"""Key frames come when somebody asks for one."""

_LIBRARIES: Final = {
    "VP8": ("libvpx", {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0",
                       "error-resilient": "1", "auto-alt-ref": "0"}),
    "VP9": ("libvpx-vp9", {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0",
                           "error-resilient": "1", "auto-alt-ref": "0"}),
    "H264": ("libx264", {"preset": "veryfast", "tune": "zerolatency", "profile": "baseline",
                         "level": "31", "forced-idr": "1"}),
    "AV1": ("libsvtav1", {"preset": "12", "svtav1-params": "pred-struct=1:rc=2:lp=1"}),
}  # fmt: skip

_LAYERS: Final = (0, 2, 1, 2)
"""VP8's temporal layers, picture by picture, in FFmpeg's layering mode 3: T0 refers to the last T0,
T1 and the first T2 to it too, the second T2 to T1; nothing refers to T2."""
_SECOND_T2: Final = 3


class VideoEncoder:
    """Encodes pictures as they come, without delay; VP8 in three temporal layers."""

    def __init__(self, codec: str, width: int, height: int, *, rate: int, bitrate: int) -> None:
        """`rate` in pictures per second. Raises ClientError if the library is missing."""
        self.codec = codec
        self.width = width
        self.height = height
        self._rate = rate
        self._bitrate = bitrate
        self._pictures = 0  # since the encoder began
        self._key_wanted = False
        self._context = self._open()

    def _open(self) -> VideoCodecContext:
        library, options = _LIBRARIES[self.codec]
        os.environ.setdefault("SVT_LOG", "0")  # else SVT-AV1 writes to the terminal
        try:
            context = av.CodecContext.create(library, "w")
        except av.codec.codec.UnknownCodecError as error:
            raise ClientError(f"This machine has no encoder for {self.codec}.") from error
        assert isinstance(context, VideoCodecContext)
        context.width, context.height = self.width, self.height
        context.pix_fmt = "yuv420p"
        context.time_base = Fraction(1, VIDEO_CLOCK)
        context.framerate = Fraction(self._rate, 1)
        context.bit_rate = self._bitrate
        context.gop_size = _NO_KEY_FRAMES
        context.max_b_frames = 0
        context.thread_count = 1
        context.options = {**options, **self._layering()}
        return context

    def _layering(self) -> dict[str, str]:
        if self.codec != "VP8":
            return {}
        kbps = self._bitrate // 1000
        rates = f"{kbps * 4 // 10},{kbps * 6 // 10},{kbps}"  # each with those below it
        return {
            "ts-parameters": f"ts_number_layers=3:ts_target_bitrate={rates}"
            ":ts_rate_decimator=4,2,1:ts_periodicity=4:ts_layer_id=0,2,1,2:ts_layering_mode=3"
        }

    def ask_key_frame(self) -> None:
        """Make the next picture that can be one a key frame."""
        self._key_wanted = True

    def set_bitrate(self, bitrate: int) -> None:
        """Aim at so many bits per second, if that is much different."""
        if not LOWER_RATE < bitrate / self._bitrate < HIGHER_RATE:
            self._bitrate = bitrate
            self._pictures = 0
            self._key_wanted = False
            self._context = self._open()

    def encode(self, picture: av.VideoFrame, timestamp: int) -> list[EncodedFrame]:
        """Encode one picture; most encoders return one frame for it."""
        place = self._pictures % len(_LAYERS)
        self._pictures += 1
        layered = self.codec == "VP8"
        picture.pts = timestamp
        picture.time_base = self._context.time_base
        picture.pict_type = PictureType.NONE
        if self._key_wanted and not (layered and place):  # a key frame is a base frame
            picture.pict_type = PictureType.I
            self._key_wanted = False
        temporal = _LAYERS[place] if layered else 0
        return [
            EncodedFrame(
                data=bytes(packet),
                timestamp=timestamp if packet.pts is None else packet.pts,
                key_frame=packet.is_keyframe,
                temporal=temporal,
                layer_sync=temporal > 0 and place != _SECOND_T2,
                discardable=temporal == max(_LAYERS),
                width=self.width,
                height=self.height,
            )
            for packet in self._encode(picture)
        ]

    def _encode(self, picture: av.VideoFrame) -> "list[av.Packet[Any]]":
        try:
            return self._context.encode(picture)
        except av.FFmpegError as error:
            what = f"{self.codec} of {self.width}x{self.height}"
            raise ClientError(f"{what} cannot be encoded: {error.strerror}.") from error


class OpusEncoder:
    """Encodes stereo or mono sound in pieces of 20 ms."""

    def __init__(self, layout: str = "mono", *, constant_rate: bool = False) -> None:
        """At a constant rate, silence takes as many bytes as speech does."""
        context = av.CodecContext.create("libopus", "w")
        assert isinstance(context, AudioCodecContext)
        context.sample_rate = AUDIO_CLOCK
        context.format = "s16"
        context.layout = layout
        context.bit_rate = AUDIO_BITRATE
        context.time_base = Fraction(1, AUDIO_CLOCK)
        context.options = {"application": "voip", "frame_duration": "20", "dtx": "0"}
        context.options["vbr"] = "off" if constant_rate else "on"
        self._context = context

    def encode(self, sound: av.AudioFrame, timestamp: int, *, level: int) -> list[EncodedFrame]:
        """Encode one piece of 960 samples; `timestamp` in samples."""
        sound.pts = timestamp
        sound.time_base = self._context.time_base
        return [
            EncodedFrame(data=bytes(packet), timestamp=timestamp, key_frame=True, level=level)
            for packet in self._context.encode(sound)
        ]
