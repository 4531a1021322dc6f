"""The command `sfu-client publish`: a test picture, a file or a recording goes into a room."""

import argparse
import asyncio
import re
from typing import Final

from sfu_clients.commands.options import Commands, add_call_options, client
from sfu_clients.commands.stay import stay
from sfu_clients.errors import ClientError
from sfu_clients.media.sources import (
    PATTERN_RATE,
    PATTERN_SIZE,
    PatternSource,
    Source,
    ToneSource,
)

CODECS: Final = {"vp8": "VP8", "vp9": "VP9", "av1": "AV1", "h264": "H264"}
"""Encoding names by the words of the option."""


def add(commands: Commands) -> None:
    """Describe it to the command line."""
    command = commands.add_parser("publish", help="send pictures and sound into a room")
    add_call_options(command, name="Publisher")
    command.add_argument("--source", default="pattern", help="pattern, or recording:NAME")
    command.add_argument("--codec", choices=CODECS, help="of live pictures; without: vp8")
    command.add_argument(
        "--size", type=size, default=PATTERN_SIZE, metavar="WxH", help="of live pictures, in pixels"
    )
    command.add_argument(
        "--rate", type=int, default=PATTERN_RATE, help="of live pictures, per second"
    )
    command.set_defaults(run=run)


def size(text: str) -> tuple[int, int]:
    """Width and height, both even."""
    found = re.fullmatch(r"(\d{2,4})x(\d{2,4})", text)
    if found is None:
        raise ValueError(text)
    return int(found[1]) & ~1, int(found[2]) & ~1


def run(options: argparse.Namespace) -> int:
    """Publish until it is enough."""
    sources = _sources(options)
    asyncio.run(_publish(options, sources))
    return 0


def _sources(options: argparse.Namespace) -> list[Source]:
    if options.source == "pattern":
        codec = CODECS[options.codec or "vp8"]
        return [PatternSource(codec, size=options.size, rate=options.rate), ToneSource()]
    raise ClientError(f"There is no source {options.source!r}.")


async def _publish(options: argparse.Namespace, sources: list[Source]) -> None:
    async with client(options) as participant:
        publishers = await participant.publish(*sources)
        await stay(
            participant,
            lambda: [publisher.report() for publisher in publishers],
            seconds=options.seconds,
            as_json=options.json,
        )
