"""The command `sfu-client load`: many participants at once, and what the server made of them."""

import argparse
import asyncio
import json
import os
import sys
from typing import Any, Final

import uvloop
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Table

from sfu_clients.commands.options import (
    Commands,
    add_mode_options,
    read_mode,
    read_seconds,
    read_secret,
)
from sfu_clients.commands.stay import stop_signals
from sfu_clients.errors import ClientError
from sfu_clients.load.layouts import LAYOUTS, MAX_SECONDS, layout
from sfu_clients.load.run import Plan, Run, some_room
from sfu_clients.sealing.session import GROUP_MODE

REFRESH_SECONDS: Final = 0.25
DEFAULT_SECONDS: Final = 30.0
DEFAULT_RECORDING: Final = "vp9-l3t3-key"


def add(commands: Commands) -> None:
    """Describe it to the command line."""
    command = commands.add_parser("load", help="put many participants on a server, and measure")
    command.add_argument("url", metavar="URL", help="the server, as in http://localhost:8080")
    command.add_argument("--layout", required=True, help=f"one of {', '.join(LAYOUTS)}")
    command.add_argument("--publishers", type=int, metavar="P", help="how many publish")
    command.add_argument("--subscribers", type=int, metavar="N", help="how many only watch")
    command.add_argument("--room", help="the room; without: one of its own")
    command.add_argument(
        "--seconds",
        type=read_seconds,
        default=DEFAULT_SECONDS,
        help="how long, once all have joined",
    )
    command.add_argument(
        "--recording", default=DEFAULT_RECORDING, metavar="NAME", help="the video to send"
    )
    command.add_argument("--token", help="what lets us in; without: SFU_TOKEN of the environment")
    command.add_argument(
        "--insecure", action="store_true", help="believe any certificate, as of `make run LAN=1`"
    )
    add_mode_options(command)
    command.add_argument(
        "--server-pid", type=int, metavar="PID", help="the server's process, for its CPU time"
    )
    command.add_argument("--json", action="store_true", help="print one line of JSON at the end")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run it; ctrl-C ends it early, with its report."""
    if options.seconds > MAX_SECONDS:
        raise ClientError(f"A load lasts at most {MAX_SECONDS:.0f} seconds.")
    mode = read_mode(options)
    if mode == GROUP_MODE:
        raise ClientError("A load has no groups yet: take the mode e2ee-passphrase.")
    plan = Plan(
        url=options.url,
        room=options.room or some_room(),
        layout=layout(options.layout, options.publishers, options.subscribers),
        seconds=options.seconds,
        recording=options.recording,
        token=options.token or os.environ.get("SFU_TOKEN"),
        insecure=options.insecure,
        server_pid=options.server_pid,
        secret=read_secret(options, mode),
    )
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        found = runner.run(_run(Run(plan), shown=not options.json))
    if options.json:
        sys.stdout.write(json.dumps(found) + "\n")
    else:
        Console().print(table(found))
    return 0


async def _run(load: Run, *, shown: bool) -> dict[str, Any]:
    with stop_signals() as stop:
        running = asyncio.ensure_future(load.run(stop))
        if shown:
            await _show(load, running)
        return await running


async def _show(load: Run, running: asyncio.Future[dict[str, Any]]) -> None:
    """Draw a bar until it is over."""
    columns = TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:.0f} %")
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, auto_refresh=False) as bars:
        bar = bars.add_task("", total=1.0)
        while not running.done():
            progress = load.progress
            part = min(1.0, progress.done / progress.total)
            bars.update(bar, description=progress.doing, completed=part, refresh=True)
            await asyncio.wait((running,), timeout=REFRESH_SECONDS)


def table(found: dict[str, Any]) -> Table:
    """The report for people."""
    drawn = Table(title=_title(found), title_justify="left", show_header=False)
    drawn.add_column()
    drawn.add_column(justify="right")
    first, forward = found["first_frame_ms"], found["forward_ms"]
    for name, value in (
        ("packets received", f"{found['packets']:,}"),
        ("loss", f"{found['loss']:.3%}"),
        ("freezes, streams that stood still", f"{found['freezes']}, {found['stalled']}"),
        ("frames decodable, undecodable", f"{found['frames']:,}, {found['undecodable_frames']:,}"),
        ("first frame p50, p95", _ms(first["p50"], first["p95"])),
        ("forwarding p50, p99, p99.9", _ms(forward["p50"], forward["p99"], forward["p999"])),
        ("server's CPU per forwarded packet", _or_unknown(found["server_us_per_packet"], " us")),
        ("generator's headroom", f"{found['headroom']:.0%} of a core"),
        ("at the limit", f"{found['limit']}: {found['reason']}"),
    ):
        drawn.add_row(name, value)
    return drawn


def _title(found: dict[str, Any]) -> str:
    return (
        f"{found['layout']}: {found['publishers']} publish, {found['subscribers']} watch, "
        f"{found['streams']} streams of {found['recording']}, {found['seconds']:.0f} s"
    )


def _ms(*values: float | None) -> str:
    return ", ".join("unknown" if value is None else f"{value:.1f}" for value in values) + " ms"


def _or_unknown(value: float | None, unit: str) -> str:
    return "unknown" if value is None else f"{value:.1f}{unit}"
