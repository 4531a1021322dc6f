"""Takes the figures: the server's CPU per forwarded packet, beside the floor of this machine."""

import json
import platform
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from benchmarks.floor import Floor
from benchmarks.plot import draw
from benchmarks.server import BenchServer
from sfu_clients.recordings.recording import load_recording

ROOT: Final = Path(__file__).resolve().parents[1]
RESULTS: Final = ROOT / "benchmarks" / "results"

RECORDING: Final = "vp9-l3t3-key"
SUBSCRIBERS: Final = (1, 10, 50)
SECONDS: Final = 15
LOAD_SECONDS: Final = 90
"""Longest that one load may take, everybody's coming and going included."""


def main() -> int:
    """Measure, print a line per figure, and write results/latest.json and its plot."""
    packets = load_recording(RECORDING).streams[-1].packets
    with Floor([len(packet.payload) for packet in packets]) as floor:
        floor.measure()
        capacity = list(_capacity(floor))
    found = {
        "machine": machine(),
        "commit": commit(),
        "floor": floor.report(),
        "capacity": capacity,
        "peers": [],
    }
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "latest.json").write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    (RESULTS / "latest.svg").write_text(draw(found), encoding="utf-8")
    sys.stdout.write(f"Written: {(RESULTS / 'latest.json').relative_to(ROOT)} and its plot.\n")
    return 0


def _capacity(floor: Floor) -> Iterator[dict[str, Any]]:
    """One server for all: a webinar of one publisher, and more and more subscribers."""
    with BenchServer() as server:
        for subscribers in SUBSCRIBERS:
            before = floor.measure()
            told = _load(server, subscribers)
            beside = (before + floor.measure()) / 2
            cost = told["server_us_per_packet"]
            sys.stdout.write(
                f"webinar 1 -> {subscribers}: {cost:.1f} us of CPU per forwarded packet, "
                f"{cost / beside:.1f} times the floor of {beside:.1f} us; "
                f"at the limit: {told['limit']} ({told['reason']})\n"
            )
            sys.stdout.flush()
            yield {
                "layout": "webinar",
                "publishers": 1,
                "subscribers": subscribers,
                "server_us_per_packet": cost,
                "floor_us_per_packet": round(beside, 2),
                "ratio": round(cost / beside, 2),
                "load": told,
            }


def _load(server: BenchServer, subscribers: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "sfu_clients", "load", server.url, "--json"]
    command += ["--layout", "webinar", "--publishers", "1", "--subscribers", str(subscribers)]
    command += ["--seconds", str(SECONDS), "--recording", RECORDING]
    command += ["--server-pid", str(server.pid)]
    done = subprocess.run(  # noqa: S603 - our own command
        command, stdout=subprocess.PIPE, timeout=LOAD_SECONDS, check=True, cwd=ROOT
    )
    return dict(json.loads(done.stdout))


def machine() -> dict[str, Any]:
    """What the figures depend on, and nothing that names the machine."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text(encoding="utf-8").splitlines() if cpuinfo.is_file() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return {
        "cores": len(models) or None,
        "processor": models[0] if models else platform.machine(),
        "system": platform.system(),
        "kernel": platform.release().partition("-")[0],
        "python": platform.python_version(),
    }


def commit() -> str:
    """Of the source, with `-dirty` if it was changed since."""
    done = subprocess.run(
        ["git", "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"],  # noqa: S607
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() or "unknown"


if __name__ == "__main__":
    sys.exit(main())
