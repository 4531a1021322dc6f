"""The commands `sfu-client recording-key` and `sfu-client unseal`, for sealed recordings."""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from sfu_clients.commands.options import Commands
from sfu_clients.recordings.unseal import Report, unseal
from sfu_clients.sealing.consent import load_key, make_key


def add_key(commands: Commands) -> None:
    """Describe it to the command line."""
    command = commands.add_parser("recording-key", help="make a key for sealed recordings")
    command.add_argument("file", type=Path, metavar="FILE", help="where the secret half goes")
    command.set_defaults(run=run_key)


def run_key(options: argparse.Namespace) -> int:
    """Print the half that a request to record names as `public_key`."""
    sys.stdout.write(f"{make_key(options.file)}\n")
    return 0


def add(commands: Commands) -> None:
    """Describe it to the command line."""
    command = commands.add_parser("unseal", help="open a sealed recording with its key")
    command.add_argument("recording", type=Path, metavar="RECORDING", help="recording.sealed")
    command.add_argument("--key", type=Path, required=True, help="what `recording-key` wrote")
    command.add_argument(
        "-o", "--output", type=Path, required=True, metavar="OUT.webm", help="where it goes"
    )
    command.add_argument("--json", action="store_true", help="print one line of JSON at the end")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Open what can be opened, and say what was and what was not."""
    report = unseal(options.recording, load_key(options.key), options.output)
    if options.json:
        sys.stdout.write(json.dumps(asdict(report)) + "\n")
        return 0
    for line in _lines(report):
        sys.stdout.write(f"{line}\n")
    return 0


def _lines(report: Report) -> list[str]:
    lines = [
        f"{track.person}, {track.source} ({track.codec}): {track.pictures} written, "
        f"{track.unopened} not opened"
        for track in report.tracks
    ]
    lines += [
        f"{track.person}, {track.source} ({track.codec}): unreadable" for track in report.unreadable
    ]
    if report.broken:
        lines.append("The recording was broken off; what it has was written.")
    return lines
