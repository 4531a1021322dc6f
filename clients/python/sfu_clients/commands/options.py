"""What the commands of `sfu-client` are told alike: server, room, who one is, and for how long."""

import argparse
import math
import os
from pathlib import Path
from typing import Final, NoReturn, TypeAlias, cast

from sfu.keylog import KeyLog
from sfu.signalling.messages import Mode
from sfu_clients.client import Client
from sfu_clients.errors import ClientError
from sfu_clients.media.concealment import NOTHING_HIDDEN, Concealment
from sfu_clients.sealing.mls.devices import DeviceFile
from sfu_clients.sealing.session import GROUP_MODE, SEALED_MODE

SECRETS: Final = {
    "hop": "none",
    SEALED_MODE: "what follows #key= in the link",
    GROUP_MODE: "what follows #mls= in the link",
}
MODES: Final = f"hop, {SEALED_MODE} and {GROUP_MODE}"

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
    add_mode_options(command)
    command.add_argument(
        "--identity",
        type=Path,
        metavar="FILE",
        help="keeps who we are in e2ee-mls from call to call; without: somebody new each time",
    )
    command.add_argument(
        "--keylog", metavar="FILE", help="write our keys there, for `sfu-client verify`"
    )
    command.add_argument("--seconds", type=read_seconds, help="how long; without: until ctrl-C")
    command.add_argument("--json", action="store_true", help="print one line of JSON at the end")


def add_mode_options(command: argparse.ArgumentParser) -> None:
    """Whether and how the room is sealed."""
    command.add_argument("--mode", default="hop", help=f"of the room: {MODES}")
    command.add_argument(
        "--secret", help="what follows #key= or #mls= in a room's link, or SALT:PASSPHRASE"
    )
    command.set_defaults(identity=None)


def read_seconds(text: str) -> float:
    """A time span above 0; raises ClientError."""
    try:
        number = float(text)
    except ValueError:
        number = 0
    if not 0 < number < math.inf:
        raise ClientError(f"{text!r} are no seconds: say a number above 0.")
    return number


def client(
    options: argparse.Namespace,
    *,
    consents_to: str | None = None,
    concealment: Concealment = NOTHING_HIDDEN,
) -> Client:
    """The participant that the options describe; raises ClientError."""
    mode: Mode = read_mode(options)
    return Client(
        options.url,
        options.room,
        name=options.name,
        token=options.token or os.environ.get("SFU_TOKEN"),
        insecure=options.insecure,
        secret=read_secret(options, mode),
        mode=mode,
        consents_to=consents_to,
        concealment=concealment,
        keylog=None if options.keylog is None else _open_keylog(options.keylog),
        device=None if options.identity is None else DeviceFile(options.identity).open(),
    )


def read_secret(options: argparse.Namespace, mode: Mode) -> str | None:
    """The secret of a sealed room, None in the mode `hop`."""
    return None if mode == "hop" else options.secret or os.environ.get("SFU_SECRET")


def read_mode(options: argparse.Namespace) -> Mode:
    """The mode that fits the other options; raises ClientError."""
    mode = options.mode
    if mode not in SECRETS:
        raise ClientError(f"Modes are {MODES}, not {mode!r}.")
    if mode == "hop" and options.secret is not None:
        raise ClientError("The mode hop has no secret: its server can read everything.")
    if mode != "hop" and not (options.secret or os.environ.get("SFU_SECRET")):
        raise ClientError(f"The mode {mode} needs --secret: {SECRETS[mode]}.")
    if mode != GROUP_MODE and options.identity is not None:
        raise ClientError(f"An identity is for the mode {GROUP_MODE}.")
    return cast("Mode", mode)


def _open_keylog(path: str) -> KeyLog:
    try:
        return KeyLog(path)
    except OSError as error:
        raise ClientError(f"Keys cannot be written to {path} ({error.strerror}).") from error
