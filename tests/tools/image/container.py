"""The server in its stage, as `docker run` would start it, and what is seen of it from outside."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from tests.tools.image.errors import CheckError
from tests.tools.image.stage import PATH, Stage

PATIENCE: Final = 30.0
"""Seconds for anything that the server is asked to do."""

LISTENING: Final = {"tcp": "0A", "tcp6": "0A", "udp": "07", "udp6": "07"}
"""The state of an open port in /proc/net."""

GET: Final = """
import sys, urllib.error, urllib.request
try:
    answer = urllib.request.urlopen(sys.argv[1], timeout=5)
except urllib.error.HTTPError as error:
    answer = error
print(answer.status, answer.read().decode())
"""


def refusal(stage: Stage) -> tuple[int, str]:
    """Start what cannot start; return its exit code, and what it said."""
    command = stage.confined([*stage.entrypoint, *stage.command])
    ended = subprocess.run(  # noqa: S603 - the image's own command
        command, check=False, capture_output=True, text=True, timeout=PATIENCE
    )
    return ended.returncode, ended.stderr


class Container:
    """Alone in its network, as the image's user, on a file system that cannot be written to."""

    def __init__(self, stage: Stage, *, secret: str) -> None:
        self._stage = stage
        command = [*stage.entrypoint, *stage.command]
        self._process = subprocess.Popen(  # noqa: S603 - the image's own command
            stage.confined(command, {"SFU_AUTH_SECRET": secret}), stderr=subprocess.PIPE, text=True
        )
        self._first = 0  # the process that is number 1 inside
        self._wait_until(self._has_begun, "there")

    def _has_begun(self) -> bool:
        process = self._process.pid
        children = Path(f"/proc/{process}/task/{process}/children").read_text(encoding="utf-8")
        self._first = int(children or 0)
        return self._first != 0

    def _wait_until(self, holds: Callable[[], bool], what: str) -> None:
        ends = time.monotonic() + PATIENCE
        while not holds():
            if self._process.poll() is not None or time.monotonic() > ends:
                self._process.kill()
                raise CheckError(f"The server is not {what}: {self._process.communicate()[1]}")
            time.sleep(0.1)

    def inside(self, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        """Run a command of the image beside the server, as its user."""
        uid, gid = self._stage.user.split(":")
        enter = ["nsenter", f"--target={self._first}", "--mount", "--net", "--pid", "--root"]
        enter += ["--wd", f"--setuid={uid}", f"--setgid={gid}", "env", "-i", f"PATH={PATH}"]
        return subprocess.run(  # noqa: S603 - the image's own commands
            [*enter, *command], check=False, capture_output=True, text=True, timeout=PATIENCE
        )

    def wait_until_healthy(self) -> None:
        """Return when the image's own check says so."""
        self._wait_until(lambda: self.inside(self._stage.health).returncode == 0, "healthy")

    def get(self, path: str, port: int) -> str:
        """Status and text of an address of the server's."""
        return self.inside(["python", "-c", GET, f"http://127.0.0.1:{port}{path}"]).stdout

    def ports(self) -> set[str]:
        """What is listened on, as EXPOSE writes it."""
        found = set()
        for name, state in LISTENING.items():
            table = Path(f"/proc/{self._first}/net/{name}").read_text(encoding="utf-8")
            for line in table.splitlines()[1:]:
                _, local, _, status, *_ = line.split()
                if status == state:
                    found.add(f"{int(local.rpartition(':')[2], 16)}/{name[:3]}")
        return found

    def end(self) -> tuple[int, str]:
        """Stop it as an engine does; return its exit code, and what it said."""
        if self._process.poll() is None:
            os.kill(self._first, signal.Signals[self._stage.stop_signal])
        try:
            said = self._process.communicate(timeout=PATIENCE)[1]
        except subprocess.TimeoutExpired:
            self._process.kill()
            raise
        return self._process.returncode, said
