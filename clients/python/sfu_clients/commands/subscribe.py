"""The command `sfu-client subscribe`: receives what others publish in a room, and measures it."""

import argparse
import asyncio
import sys
from typing import Final

from sfu_clients import tasks
from sfu_clients.commands.lines import lines_given_to
from sfu_clients.commands.options import Commands, add_call_options, client
from sfu_clients.commands.stay import stay
from sfu_clients.errors import ClientError
from sfu_clients.follower import Follower
from sfu_clients.wishes import read_height, read_wish

MAX_WISHES: Final = 100
"""Lines that wait for the server; further ones are not heard."""


def add(commands: Commands) -> None:
    """Describe it to the command line."""
    command = commands.add_parser(
        "subscribe",
        help="receive what others publish, and measure it",
        epilog="While it runs, a line on standard input changes the wish of all pictures (sd), "
        "or of one (PUBLICATION sd).",
    )
    add_call_options(command, name="Subscriber")
    command.add_argument(
        "--wish",
        type=read_height,
        metavar="base|sd|hd|HEIGHT|off",
        help="the largest picture, in lines of its short side; without: the best there is",
    )
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Subscribe until it is enough."""
    asyncio.run(_subscribe(options))
    return 0


async def _subscribe(options: argparse.Namespace) -> None:
    wishes: asyncio.Queue[str] = asyncio.Queue(MAX_WISHES)
    async with client(options) as participant, Follower(participant, options.wish) as follower:
        obeying = tasks.start(_obey(follower, wishes), "wishes")
        failing = asyncio.ensure_future(follower.failed.wait())
        try:
            with lines_given_to(lambda line: None if wishes.full() else wishes.put_nowait(line)):
                await stay(
                    participant,
                    follower.reports,
                    seconds=options.seconds,
                    as_json=options.json,
                    done=failing,
                )
            if failing.done() and follower.problem is not None:
                raise follower.problem
        finally:
            failing.cancel()
            await tasks.stop(obeying)


async def _obey(follower: Follower, wishes: asyncio.Queue[str]) -> None:
    """Change wishes as the lines say."""
    while True:
        line = await wishes.get()
        try:
            publication, height = read_wish(line)
            await follower.wish(height, publication)
        except ClientError as error:
            sys.stderr.write(f"sfu-client: {error}\n")
