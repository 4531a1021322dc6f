"""The command `sfu-client`: publish, subscribe, load and verify without a browser."""

import sys
from collections.abc import Callable, Sequence
from typing import Final

from sfu_clients.commands import load, publish, subscribe, unseal, verify
from sfu_clients.commands.options import Commands, Parser
from sfu_clients.errors import ClientError, ConnectionEnded, Unreachable

COMMANDS: Final[Sequence[Callable[[Commands], None]]] = (
    publish.add,
    subscribe.add,
    load.add,
    unseal.add_key,
    unseal.add,
    verify.add,
)
"""Each adds a parser whose `run` takes the options and returns the exit code."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return 0, 2 for a mistake of the user's, or 1 when the server is gone.

    Ctrl-C ends a call well, with 0; before there is one, with 130 as shells expect.
    """
    parser = Parser(prog="sfu-client", description="Rooms of an SFU without a browser.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for add in COMMANDS:
        add(commands)
    try:
        options = parser.parse_args(arguments)
        code: int = options.run(options)
    except ClientError as error:
        sys.stderr.write(f"sfu-client: {error}\n")
        return 1 if isinstance(error, ConnectionEnded | Unreachable) else 2
    except KeyboardInterrupt:
        return 130
    return code


if __name__ == "__main__":
    sys.exit(main())
