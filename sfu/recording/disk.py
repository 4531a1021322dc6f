"""Disk: appends to files in a thread of its own, so that media never waits for a slow disk."""

import os
import threading
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue
from typing import BinaryIO, Final

import structlog

log = structlog.get_logger()

MAX_WAITING_BYTES: Final = 16 << 20
"""What all files together may wait for the disk; more is not taken."""

PATIENCE_SECONDS: Final = 10.0
"""How long the end of the server waits for a disk that hangs."""


class Disk:
    """The thread begins with the first file, and ends with `close`."""

    def __init__(self) -> None:
        self.written = 0  # bytes, by the thread alone
        self._taken = 0  # bytes, by the loop alone
        self._queue: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._thread: threading.Thread | None = None

    def open(self, path: Path) -> "File":
        """Return a new file, whose folder exists."""
        return File(self, path)

    def has_room(self, size: int) -> bool:
        """Whether so many bytes may wait besides those that do."""
        return self._taken - self.written + size <= MAX_WAITING_BYTES

    def put(self, size: int, work: Callable[[], None]) -> None:
        """Have this done after all that was put before; it writes `size` bytes."""

        def count() -> None:
            work()
            self.written += size

        self._taken += size
        self._queue.put(count)
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="sfu:disk", daemon=True)
            self._thread.start()

    def _work(self) -> None:
        while (work := self._queue.get()) is not None:
            work()

    def close(self) -> None:
        """Wait until all is written, or for so long; a call that blocks."""
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join(PATIENCE_SECONDS)
            if self._thread.is_alive():
                log.warning("recording.disk_hangs")
            self._thread = None


class File:
    """One file that grows; what the disk refuses is told by `failed`."""

    def __init__(self, disk: Disk, path: Path) -> None:
        self.failed = False
        self.size = 0  # what was appended, written or not yet
        self._disk = disk
        self._path = path
        self._file: BinaryIO | None = None

    def append(self, data: bytes) -> bool:
        """Write at the end; False if the disk is too slow for it now, and then nothing is."""
        if not self._disk.has_room(len(data)):
            return False
        self.size += len(data)
        self._disk.put(len(data), lambda: self._attempt(lambda file: file.write(data)))
        return True

    def patch(self, position: int, data: bytes) -> None:
        """Write over what was appended."""

        def write(file: BinaryIO) -> None:
            file.seek(position)
            file.write(data)
            file.seek(0, os.SEEK_END)

        self._disk.put(0, lambda: self._attempt(write))

    def close(self) -> None:
        """Nothing more will come."""
        self._disk.put(0, self._close)

    def _attempt(self, work: Callable[[BinaryIO], object]) -> None:
        """In the thread: the first failure is the last attempt."""
        if self.failed:
            return
        try:
            if self._file is None:
                self._file = self._path.open("xb")
            work(self._file)
        except OSError as error:
            log.warning("recording.disk_failed", why=error.strerror)
            self.failed = True

    def _close(self) -> None:
        if self._file is None:
            return
        try:
            self._file.close()
        except OSError as error:  # what was buffered did not fit
            log.warning("recording.disk_failed", why=error.strerror)
            self.failed = True
