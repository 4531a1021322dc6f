"""What the commands of `sfu-client` are told alike: server, room, who one is, and for how long."""

import argparse
import math
import os
from typing import NoReturn, TypeAlias

from sfu.keylog import KeyLog
from sfu_clients.client import Client
from sfu_clients.errors import ClientError
from sfu_clients.sealing.session import SEALED_MODE

Commands: TypeAlias = "argparse._SubParsersAction[Parser]"  # noqa: SLF001 - its only name
"""Where a command adds its parser."""


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one sentence, by ClientError."""

    def error(self, message: str) -> NoReturn:
        """Without the usage: `--help` prints it."""
        raise ClientError(
            f"{message[:1].upper()}{message[1:].rstrip('.')}; see {self.prog} --help."
        )


def add_call_options(command: argparse.ArgumentParser, *, name: str) -> None:
    """Who joins which room of which server, how, and for how long."""
    command.add_argument("url", metavar="URL", help="the server, as in http://localhost:8080")
    command.add_argument("--room", required=True, help="the room to join")
    command.add_argument("--token", help="what lets us in; without: SFU_TOKEN of the environment")
    command.add_argument("--name", default=name, help="what others see in the roster")
    command.add_argument(
        "--insecure", action="store_true", help="believe any certificate, as of `make run LAN=1`"
    )
    command.add_argument("--mode", default="hop", help="of the room: hop, or e2ee-passphrase")
    command.add_argument(
        "--secret", help="what follows #key= in a sealed room's link, or SALT:PASSPHRASE"
    )
    command.add_argument(
        "--keylog", metavar="FILE", help="write our keys there, for `sfu-client verify`"
    )
    command.add_argument("--seconds", type=read_seconds, help="how long; without: until ctrl-C")
    command.add_argument("--json", action="store_true", help="print one line of JSON at the end")


def read_seconds(text: str) -> float:
    """A time span above 0; raises ClientError."""
    try:
        number = float(text)
    except ValueError:
        number = 0
    if not 0 < number < math.inf:
        raise ClientError(f"{text!r} are no seconds: say a number above 0.")
    return number


def client(options: argparse.Namespace) -> Client:
    """The participant that the options describe; raises ClientError."""
    secret = options.secret or os.environ.get("SFU_SECRET")
    if options.mode not in {"hop", SEALED_MODE}:
        raise ClientError(f"Modes are hop and {SEALED_MODE}, not {options.mode!r}.")
    if options.mode == "hop" and options.secret is not None:
        raise ClientError("The mode hop has no secret: its server can read everything.")
    if options.mode == SEALED_MODE and secret is None:
        raise ClientError(f"The mode {SEALED_MODE} needs --secret: what follows #key= in the link.")
    return Client(
        options.url,
        options.room,
        name=options.name,
        token=options.token or os.environ.get("SFU_TOKEN"),
        insecure=options.insecure,
        secret=None if options.mode == "hop" else secret,
        keylog=None if options.keylog is None else _open_keylog(options.keylog),
    )


def _open_keylog(path: str) -> KeyLog:
    try:
        return KeyLog(path)
    except OSError as error:
        raise ClientError(f"Keys cannot be written to {path} ({error.strerror}).") from error
