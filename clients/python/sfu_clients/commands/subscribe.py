"""The command `sfu-client subscribe`: receives what others publish in a room, and measures it."""

import argparse
import asyncio

from sfu_clients.commands.options import Commands, add_call_options, client
from sfu_clients.commands.stay import stay
from sfu_clients.follower import Follower
from sfu_clients.wishes import read_height


def add(commands: Commands) -> None:
    """Describe it to the command line."""
    command = commands.add_parser("subscribe", help="receive what others publish, and measure it")
    add_call_options(command, name="Subscriber")
    command.add_argument(
        "--wish", type=read_height, metavar="base|sd|hd|HEIGHT|off", help="the largest picture"
    )
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Subscribe until it is enough."""
    asyncio.run(_subscribe(options))
    return 0


async def _subscribe(options: argparse.Namespace) -> None:
    async with client(options) as participant, Follower(participant, options.wish) as follower:
        await stay(participant, follower.reports, seconds=options.seconds, as_json=options.json)
