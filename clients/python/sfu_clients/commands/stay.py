"""One command's stay in a room: until its time is over, ctrl-C, or the end of the call."""

import asyncio
import json
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from rich.live import Live

from sfu_clients.client import Client
from sfu_clients.commands.table import table

REFRESH_SECONDS: Final = 0.25
STOPPING: Final = (signal.SIGINT, signal.SIGTERM)

Reports = Callable[[], Sequence[dict[str, Any]]]


async def stay(
    client: Client,
    reports: Reports,
    *,
    seconds: float | None,
    as_json: bool,
    done: asyncio.Future[Any],
) -> None:
    """Show what is reported, and print it at the end; then raise what ended the call, if it did.

    `done` is done when there is nothing more to do.
    """
    client.on_alarm = _warn
    with stop_signals() as stopped:
        ended = asyncio.ensure_future(client.ended())
        endings: list[asyncio.Future[Any]] = [ended, asyncio.ensure_future(stopped.wait()), done]
        try:
            if as_json:
                await _any(endings, seconds)
                sys.stdout.write(json.dumps({"publications": list(reports())}) + "\n")
            else:
                await _show(endings, seconds, reports, title=f"Room {client.room}")
        finally:
            for ending in endings:
                ending.cancel()
    if ended.done() and not ended.cancelled():
        raise ended.result()


def _warn(sentence: str) -> None:
    sys.stderr.write(f"sfu-client: {sentence}\n")


async def _any(endings: Sequence[asyncio.Future[Any]], seconds: float | None) -> bool:
    """Wait for one of these; False if the time was over before."""
    done, _ = await asyncio.wait(endings, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    return bool(done)


async def _show(
    endings: Sequence[asyncio.Future[Any]], seconds: float | None, reports: Reports, *, title: str
) -> None:
    """Draw the table again and again; the last one stays."""
    until = None if seconds is None else asyncio.get_running_loop().time() + seconds
    with Live(auto_refresh=False) as live:
        over = False
        while not over:
            live.update(table(reports(), title=title), refresh=True)
            left = REFRESH_SECONDS
            if until is not None:
                left = min(left, until - asyncio.get_running_loop().time())
            over = left <= 0 or await _any(endings, left)
        live.update(table(reports(), title=title), refresh=True)


@contextmanager
def stop_signals() -> Iterator[asyncio.Event]:
    """An event that ctrl-C and SIGTERM set."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in STOPPING:
        loop.add_signal_handler(number, stopped.set)
    try:
        yield stopped
    finally:
        for number in STOPPING:
            loop.remove_signal_handler(number)
