"""The command `sfu-client` as child processes, and what they report."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Final

from tests.support.patience import wait_until
from tests.support.processes import ChildProcess

CLIENT: Final = (sys.executable, "-m", "sfu_clients")
END_SECONDS: Final = 30.0
"""For a command to start, connect and end, beside the seconds that it is told to stay."""

ENVIRONMENT: Final = {
    **os.environ,
    "PYTHONPATH": str(Path(__file__).resolve().parents[2] / "clients" / "python"),
}


class Command:
    """One `sfu-client …` that runs."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        log = folder / f"sfu-client-{len(list(folder.glob('sfu-client-*')))}.log"
        self.process = ChildProcess([*CLIENT, *arguments], log, ENVIRONMENT)
        self.pid = self.process.pid

    def ends(self, seconds: float = END_SECONDS) -> int:
        """Wait until it ends by itself; return its exit code."""
        wait_until(lambda: not self.process.alive, seconds, f"it ends; said {self.process.said!r}")
        return self.process.stop()

    def publications(self) -> list[dict[str, Any]]:
        """What it reported with --json, which is all that it may say."""
        (line,) = self.process.said.splitlines()
        reported: list[dict[str, Any]] = json.loads(line)["publications"]
        return reported


@contextmanager
def client(folder: Path, *arguments: str) -> Iterator[Command]:
    """Start `sfu-client` with these arguments; it does not outlive the block."""
    command = Command(folder, *arguments)
    try:
        yield command
    finally:
        if command.process.alive:
            command.process.stop()


def refused(*arguments: str) -> tuple[int, str]:
    """Exit code and words of a command that ends at once, and prints nothing."""
    code, printed, said = ran(*arguments)
    assert printed == ""
    return code, said


def ran(*arguments: str) -> tuple[int, str, str]:
    """Exit code, what was printed, and what was said besides, of a command that ends at once."""
    done = subprocess.run(  # noqa: S603 - our own
        [*CLIENT, *arguments],
        capture_output=True,
        text=True,
        timeout=END_SECONDS,
        check=False,
        stdin=subprocess.DEVNULL,
        env=ENVIRONMENT,
    )
    return done.returncode, done.stdout, done.stderr


def camera_of(command: AbstractContextManager[Command]) -> dict[str, Any]:
    """What a command has received of the page's camera."""
    with command as subscriber:
        assert subscriber.ends() == 0, subscriber.process.said
        reports = subscriber.publications()
    (camera,) = [one for one in reports if (one["source"], one["codec"]) == ("camera", "VP9")]
    return camera
