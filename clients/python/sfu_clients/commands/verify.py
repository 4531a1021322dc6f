"""The command `sfu-client verify`: what captures of both legs tell of the server between them."""

import argparse
import json
import sys
from pathlib import Path

from sfu_clients.commands.options import Commands
from sfu_clients.errors import ClientError
from sfu_clients.verify.examination import examine
from sfu_clients.verify.keys.log import read_key_files
from sfu_clients.verify.picture import draw
from sfu_clients.verify.report import as_json, as_text


def add(commands: Commands) -> None:
    """Describe it to the command line."""
    command = commands.add_parser(
        "verify", help="compare captures of both legs: what could the server see?"
    )
    command.add_argument("first", metavar="LEG_A", help="a capture where the media was sent")
    command.add_argument("second", metavar="LEG_B", help="a capture where it was received")
    command.add_argument(
        "--keys", nargs="+", default=[], metavar="FILE", help="key logs of these legs"
    )
    command.add_argument("--picture", metavar="FILE", help="draw the comparison there, as SVG")
    command.add_argument("--json", action="store_true", help="print one line of JSON")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Examine, and say what was found; raises ClientError."""
    found = examine(options.first, options.second, read_key_files(options.keys))
    if options.picture is not None:
        try:
            Path(options.picture).write_text(draw(found), encoding="utf-8")
        except OSError as error:
            raise ClientError(f"{options.picture} cannot be written ({error.strerror}).") from error
    sys.stdout.write(json.dumps(as_json(found)) + "\n" if options.json else as_text(found))
    return 0
