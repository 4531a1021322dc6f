"""The command `sfu-client publish`: a test picture, a file or a recording goes into a room."""

import argparse
import asyncio
import re
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from sfu_clients.commands.options import Commands, add_call_options, client
from sfu_clients.commands.stay import stay
from sfu_clients.errors import ClientError
from sfu_clients.media.concealment import Concealment
from sfu_clients.media.files import MAX_RATE, MAX_SIZE, open_file
from sfu_clients.media.recorded import RecordedSource
from sfu_clients.media.sources import (
    PATTERN_RATE,
    PATTERN_SIZE,
    PatternSource,
    Source,
    ToneSource,
)
from sfu_clients.publisher import Publisher
from sfu_clients.recordings.recording import load_recording
from sfu_clients.sealing import base64url
from sfu_clients.sealing.consent import KEY_BYTES

CODECS: Final = {"vp8": "VP8", "vp9": "VP9", "av1": "AV1", "h264": "H264"}
"""Encoding names by the words of the option."""

SMALLEST: Final = (96, 64)
LARGEST: Final = (1920, 1200)
"""Pictures that are drawn or encoded."""

_RECORDING: Final = "recording:"


def add(commands: Commands) -> None:
    """Describe it to the command line."""
    command = commands.add_parser("publish", help="send pictures and sound into a room")
    add_call_options(command, name="Publisher")
    command.add_argument(
        "--source",
        default="pattern",
        metavar="pattern|PATH|recording:NAME",
        help="a test picture and tone, a media file, or a recorded stream; without: pattern",
    )
    command.add_argument("--loop", action="store_true", help="begin a file again when it ends")
    command.add_argument("--codec", choices=CODECS, help="to encode pictures in; without: vp8")
    command.add_argument("--size", type=read_size, metavar="WxH", help="largest picture")
    command.add_argument("--rate", type=read_rate, help="most pictures per second")
    command.add_argument(
        "--consent-to-recording",
        type=read_key,
        metavar="PUBLIC_KEY",
        help="in sealed rooms: let recordings of this key open what is sent",
    )
    _add_concealment(command)
    command.set_defaults(run=run)


def _add_concealment(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--constant-rate",
        action="store_true",
        help="hide when somebody speaks: as many bytes of sound for silence as for speech",
    )
    command.add_argument(
        "--no-audio-level",
        action="store_true",
        help="leave loudness out of the packets; then nobody is found to be the speaker",
    )
    command.add_argument(
        "--padding",
        action="store_true",
        help="hide sizes: sound in packets of one size, pictures up to 12 %% longer",
    )


def read_concealment(options: argparse.Namespace) -> Concealment:
    """What is to be hidden."""
    return Concealment(
        constant_rate=options.constant_rate,
        hide_level=options.no_audio_level,
        padding=options.padding,
    )


def read_size(text: str) -> tuple[int, int]:
    """Width and height, both even; raises ClientError."""
    found = re.fullmatch(r"([0-9]{1,4})x([0-9]{1,4})", text)
    if found is not None:
        width, height = int(found[1]) & ~1, int(found[2]) & ~1
        if SMALLEST[0] <= width <= LARGEST[0] and SMALLEST[1] <= height <= LARGEST[1]:
            return width, height
    raise ClientError(f"{text!r} is no size: say 96x64 to 1920x1200.")


def read_rate(text: str) -> int:
    """Pictures per second; raises ClientError."""
    if re.fullmatch(r"[0-9]{1,2}", text) and 1 <= int(text) <= 60:  # noqa: PLR2004
        return int(text)
    raise ClientError(f"{text!r} is no rate: say 1 to 60.")


def read_key(text: str) -> str:
    """A recording's public key, as `sfu-client recording-key` prints it; raises ClientError."""
    with suppress(ValueError):
        if len(base64url.decode(text)) == KEY_BYTES:
            return text
    raise ClientError(f"{text!r} is no public key: say what `sfu-client recording-key` printed.")


def run(options: argparse.Namespace) -> int:
    """Publish until it is enough."""
    sources = open_sources(options)
    asyncio.run(_publish(options, sources))
    return 0


def open_sources(options: argparse.Namespace) -> list[Source]:
    """What `--source` names; raises ClientError."""
    name: str = options.source
    if name.startswith(_RECORDING):
        if options.codec or options.size or options.rate or options.loop:
            raise ClientError("A recording is sent as it was recorded: leave the other options.")
        recording = load_recording(name.removeprefix(_RECORDING))
        if len(recording.streams) > 1:
            sys.stderr.write("sfu-client: Only the largest of the simulcast streams is sent.\n")
        return [RecordedSource(recording)]
    codec = CODECS[options.codec or "vp8"]
    if name == "pattern":
        size, rate = options.size or PATTERN_SIZE, options.rate or PATTERN_RATE
        return [PatternSource(codec, size=size, rate=rate), ToneSource()]
    size, rate = options.size or MAX_SIZE, options.rate or MAX_RATE
    return open_file(name, codec, loop=options.loop, size=size, rate=rate)


async def _publish(options: argparse.Namespace, sources: Sequence[Source]) -> None:
    hidden = read_concealment(options)
    participating = client(options, consents_to=options.consent_to_recording, concealment=hidden)
    async with participating as participant:
        publishers = await participant.publish(*sources)
        over = asyncio.ensure_future(_all_ended(publishers))
        try:
            await stay(
                participant,
                lambda: [publisher.report() for publisher in publishers],
                seconds=options.seconds,
                as_json=options.json,
                done=over,
            )
        finally:
            over.cancel()
        for publisher in publishers:
            if publisher.problem is not None:
                raise publisher.problem


async def _all_ended(publishers: Sequence[Publisher]) -> None:
    for publisher in publishers:
        await publisher.ended.wait()
