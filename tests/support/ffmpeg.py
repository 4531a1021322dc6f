"""FFmpeg's WHIP muxer, out of PyAV's wheel, in a process of its own: libav may crash, pytest not.

Run as a program it publishes a moving picture and a tone, in real time, until SIGTERM.
"""

from __future__ import annotations

import argparse
import fractions
import math
import signal
import struct
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import av

from sfu.lan import prepare_in
from tests.support.processes import ChildProcess

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import FrameType

    from av.container import OutputContainer

WIDTH: Final = 320
HEIGHT: Final = 180
FRAME_RATE: Final = 20
SAMPLE_RATE: Final = 48_000
SAMPLES: Final = 960
"""Of one Opus packet: 20 ms."""
TONE: Final = 440
AMPLITUDE: Final = 8000
STRIPE: Final = 40
"""Pixels; how far it moves each frame is what `Page.moves` sees."""


class Encoder(NamedTuple):
    """What turns numbers into packets of one stream."""

    interval: float
    """Seconds between two of them."""
    encode: Callable[[int], Sequence[av.Packet[Any]]]


class FfmpegPublisher(ChildProcess):
    """Publishes until it is stopped; what libav says is in `said`."""

    def __init__(self, folder: Path, url: str, *options: str) -> None:
        """Keep its certificate and its log in `folder`.

        Without a certificate the muxer of a build with GnuTLS makes one on P-224, which no OpenSSL
        of today takes.
        """
        certificate = prepare_in(
            folder / "ffmpeg", ["127.0.0.1"], now=datetime.now(UTC)
        ).certificate
        command = [sys.executable, "-m", "tests.support.ffmpeg", url, str(certificate), *options]
        super().__init__(
            command,
            folder / f"ffmpeg-{time.monotonic_ns()}.log",
            {"PYTHONPATH": str(Path(__file__).resolve().parents[2])},
        )


def picture(number: int) -> av.VideoFrame:
    """A grey picture with a white stripe that goes through it."""
    frame = av.VideoFrame(WIDTH, HEIGHT, "yuv420p")
    luma, *chroma = frame.planes
    left = number * STRIPE // 4 % (WIDTH - STRIPE)
    row = b"\x50" * left + b"\xe0" * STRIPE + b"\x50" * (luma.line_size - left - STRIPE)
    luma.update(row * HEIGHT)
    for plane in chroma:
        plane.update(b"\x80" * plane.buffer_size)
    frame.pts, frame.time_base = number, fractions.Fraction(1, FRAME_RATE)
    return frame


def sound(number: int) -> av.AudioFrame:
    """Twenty milliseconds of a tone, in stereo."""
    first = number * SAMPLES
    values = [
        round(AMPLITUDE * math.sin(2 * math.pi * TONE * (first + at) / SAMPLE_RATE))
        for at in range(SAMPLES)
    ]
    frame = av.AudioFrame("s16", "stereo", SAMPLES)
    frame.planes[0].update(struct.pack(f"<{2 * SAMPLES}h", *(v for v in values for _ in "LR")))
    frame.sample_rate, frame.time_base = SAMPLE_RATE, fractions.Fraction(1, SAMPLE_RATE)
    frame.pts = first
    return frame


def video_encoder(container: OutputContainer, arguments: argparse.Namespace) -> Encoder:
    """H.264, the one codec that the muxer takes."""
    options = {"preset": "superfast", "tune": "zerolatency", "profile": arguments.profile}
    stream = container.add_stream("libx264", rate=FRAME_RATE, options=options)
    stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
    stream.codec_context.gop_size = round(FRAME_RATE * arguments.gop)
    return Encoder(1 / FRAME_RATE, lambda number: stream.encode(picture(number)))


def audio_encoder(container: OutputContainer) -> Encoder:
    """Opus at 48 kHz in stereo, the only form that the muxer takes."""
    stream = container.add_stream("libopus", rate=SAMPLE_RATE, layout="stereo")
    return Encoder(SAMPLES / SAMPLE_RATE, lambda number: stream.encode(sound(number)))


def publish(
    container: OutputContainer, encoders: Sequence[Encoder], goes_on: Callable[[], bool]
) -> None:
    """Encode and send in real time."""
    container.start_encoding()
    sys.stdout.write("publishing\n")
    sys.stdout.flush()
    begun, numbers = time.monotonic(), [0] * len(encoders)
    while goes_on():
        due, place = min((e.interval * numbers[at], at) for at, e in enumerate(encoders))
        time.sleep(max(0.0, begun + due - time.monotonic()))
        container.mux(encoders[place].encode(numbers[place]))
        numbers[place] += 1


def main() -> None:
    """Publish until SIGTERM; then let the muxer take its leave."""
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("certificate", help="PEM, with the key in it")
    parser.add_argument("--token")
    parser.add_argument("--gop", type=float, default=1.0, help="seconds between key frames")
    parser.add_argument("--profile", default="baseline")
    parser.add_argument("--audio", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--video", action=argparse.BooleanOptionalAction, default=True)
    arguments = parser.parse_args()

    ended: list[int] = []  # an exception would be lost if it came while libav calls back

    def leave(number: int, _frame: FrameType | None) -> None:
        ended.append(number)

    signal.signal(signal.SIGTERM, leave)
    options = {"cert_file": arguments.certificate, "key_file": arguments.certificate}
    if arguments.token:
        options["authorization"] = arguments.token
    with av.open(arguments.url, "w", format="whip", options=options) as container:
        encoders = [video_encoder(container, arguments)] if arguments.video else []
        if arguments.audio:
            encoders.append(audio_encoder(container))
        publish(container, encoders, lambda: not ended)


if __name__ == "__main__":
    main()
