"""The server under test: a process of its own on loopback, with its default settings."""

import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Final, Self

START_SECONDS: Final = 30.0
STOP_SECONDS: Final = 15.0

_STARTED: Final = re.compile(r"Milkglass is at (http://localhost:\d+)/")

SETTINGS: Final = {
    "SFU_HTTP_PORT": "0",
    "SFU_MEDIA_PORT": "0",
    "SFU_MEDIA_HOST": "127.0.0.1",
    "SFU_MEDIA_ANNOUNCE": "127.0.0.1",
    "SFU_ROOMS_MAX_PARTICIPANTS": "100",
    "SFU_ROOMS_DRAIN_SECONDS": "1",
    "SFU_LOG_LEVEL": "warning",
    "SFU_VISIBILITY_WITNESS": "off",
}


class BenchServer:
    """Runs within `with`."""

    def __enter__(self) -> Self:
        self._log = tempfile.TemporaryFile()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "sfu", "serve"],
            stdout=self._log,
            stderr=subprocess.STDOUT,
            cwd=Path(__file__).resolve().parents[1],
            env={**os.environ, **SETTINGS},
        )
        self.pid = self._process.pid
        try:
            self.url = self._wait()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stop()

    def _wait(self) -> str:
        """Its address, as soon as it says it."""
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until and self._process.poll() is None:
            self._log.seek(0)
            said = self._log.read().decode()
            if (started := _STARTED.search(said)) is not None:
                return started[1]
            time.sleep(0.05)
        raise RuntimeError("The server did not start.")

    def _stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()
