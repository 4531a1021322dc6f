"""Channel: the witness's process, and a socket pair to it that never makes us wait."""

from __future__ import annotations

import select
import socket
import subprocess
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING, Final

import structlog

from sfu.errors import MalformedPacket
from sfu.visibility.samples import Excerpt, Finding, Incoming, write

if TYPE_CHECKING:
    from collections.abc import Iterable

log = structlog.get_logger()

PAUSE: Final = 10.0
"""Seconds before a process that ended is replaced."""

HANGS: Final = 15.0
"""Seconds after which a process that does not answer is ended."""

PACE: Final = 0.5
"""Seconds from one sample to the next, at least: with many streams each is tried more seldom.
A stream's first sample need not wait for it."""

_READ: Final = 1 << 16

_COMMAND: Final = (sys.executable, "-P", "-m", "sfu.visibility.witness")


class Channel:
    """One process at a time, and one sample at a time: a slow witness costs samples alone."""

    def __init__(self) -> None:
        self.deaths = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._socket: socket.socket
        self._arrivals: select.poll
        self._incoming: Incoming[Finding]
        self._unsent = b""
        self._answered = True
        self._asked_at = 0.0
        self._start_at = 0.0

    def is_free(self, *, first: bool, now: float) -> bool:
        """Whether a sample would be taken now, if it is the `first` of its stream or not."""
        rested = first or now >= self._asked_at + PACE
        return self._answered and self._process is not None and rested

    def put(self, excerpt: Excerpt, *, now: float) -> None:
        """Send a sample, as far as it goes at once; it has to be free."""
        self._unsent = write(excerpt)
        self._answered = False
        self._asked_at = now

    def follow_up(self, *, now: float) -> Iterable[Finding]:
        """Move what can be moved at once, and return what was found."""
        try:
            if self._process is not None:
                return self._exchange(now=now)
            if now >= self._start_at:
                self._start()
        except (OSError, MalformedPacket) as error:
            log.warning("witness.ended", why=str(error))
            self._end(now=now)
        return []

    def _exchange(self, *, now: float) -> list[Finding]:
        try:
            while self._unsent:
                self._unsent = self._unsent[self._socket.send(self._unsent) :]
        except BlockingIOError:
            pass
        if not self._arrivals.poll(0):  # to be told by an exception costs five times as much
            if not self._answered and now >= self._asked_at + HANGS:
                raise MalformedPacket("it does not answer")
            return []
        data = self._socket.recv(_READ)
        if not data:
            raise MalformedPacket("it has closed its end")
        found = self._incoming.feed(data)
        self._answered = self._answered or bool(found)
        return found

    def _start(self) -> None:
        """Give the process nothing of ours: neither files nor the environment with its secret."""
        self._socket, theirs = socket.socketpair()
        self._socket.setblocking(False)  # noqa: FBT003 - the standard library's way
        with theirs, ExitStack() as undo:
            undo.callback(self._socket.close)
            self._process = subprocess.Popen(  # noqa: S603 - our own module
                _COMMAND,
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={"PYTHONPATH": ":".join(filter(None, sys.path))},
                cwd="/",
            )
            undo.pop_all()
        self._arrivals = select.poll()
        self._arrivals.register(self._socket, select.POLLIN)
        self._incoming = Incoming(Finding)
        self._unsent, self._answered = b"", True

    def _end(self, *, now: float) -> None:
        self.deaths += 1
        self._start_at = now + PAUSE
        self.close()

    def close(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        if process is not None:
            self._socket.close()
            process.kill()
            process.wait()
