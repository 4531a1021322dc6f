"""Debian's tcpdump, as people run it: what went over this machine's loopback, in a file."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.support.patience import wait_until
from tests.support.processes import ChildProcess

TCPDUMP: Final = shutil.which("tcpdump", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
START_SECONDS: Final = 10.0
BUFFER_KIB: Final = "32768"


def why_not() -> str | None:
    """Why nothing can be captured here, in a sentence; None if it can."""
    if TCPDUMP is None:
        return "tcpdump is missing: tests/tools/install-packages.sh browsers"
    return None if os.geteuid() == 0 else "capturing needs root"


@contextmanager
def capturing(path: Path, *expression: str, interface: str = "lo") -> Iterator[Path]:
    """Capture what fits the expression; the file is whole when the block is left."""
    assert TCPDUMP is not None
    options = ["-i", interface, "-U", "-B", BUFFER_KIB, "-w", str(path), "-Z", "root"]
    process = ChildProcess([TCPDUMP, *options, *expression], path.with_suffix(".log"))
    try:
        wait_until(lambda: "listening on" in process.said, START_SECONDS, "tcpdump listens")
        yield path
    finally:
        process.stop()
    assert "0 packets dropped by kernel" in process.said, process.said


@contextmanager
def both_legs(folder: Path, port: int, *, second: int | None = None) -> Iterator[tuple[str, str]]:
    """What goes to a server's port, and what comes from it, or from another port of it."""
    to_server, from_server = folder / "to-server.pcap", folder / "from-server.pcap"
    with (
        capturing(to_server, f"udp dst port {port}"),
        capturing(from_server, f"udp src port {second or port}"),
    ):
        yield str(to_server), str(from_server)
