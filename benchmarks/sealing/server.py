"""What a forwarded packet costs the server in a sealed room, beside the same packets in `hop`."""

import json
import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from benchmarks.sealing.python import told
from benchmarks.server import BenchServer

ROOT: Final = Path(__file__).resolve().parents[2]
RECORDING: Final = "vp9-l3t3-key"
SUBSCRIBERS: Final = 30
SECONDS: Final = 8
LOAD_SECONDS: Final = 90
"""Longest that one load may take, everybody's coming and going included."""

PAIRS: Final = 8
"""Of one load in each mode; which of them is first changes from pair to pair."""


def measure(mode: str) -> dict[str, Any]:
    """Microseconds of the server's CPU per packet in both modes, and their ratio, pair by pair."""
    costs: dict[str, list[float]] = {"hop": [], mode: []}
    ratios: list[float] = []
    with BenchServer() as server:
        _load(server, "hop")  # a server that has just started is slower
        for pair in range(PAIRS):
            for one in ("hop", mode) if pair % 2 == 0 else (mode, "hop"):
                costs[one].append(_load(server, one))
            ratios.append(costs[mode][-1] / costs["hop"][-1])
    return {
        "what": "CPU of the server's process per packet that it forwarded",
        "layout": f"webinar, 1 publisher, {SUBSCRIBERS} subscribers, {RECORDING} and opus",
        "runs": f"{PAIRS} pairs of {SECONDS} s, in turns",
        "clear_us": told(costs["hop"]),
        "sealed_us": told(costs[mode]),
        "ratio": told(ratios),
        "noise": told(_neighbours(costs["hop"])),
    }


def _neighbours(samples: list[float]) -> list[float]:
    """What ratios are when nothing differs: of one run in clear to the one before it."""
    return [after / before for before, after in pairwise(samples)]


def _load(server: BenchServer, mode: str) -> float:
    command = [sys.executable, "-m", "sfu_clients", "load", server.url, "--json"]
    command += ["--layout", "webinar", "--publishers", "1", "--subscribers", str(SUBSCRIBERS)]
    command += ["--seconds", str(SECONDS), "--recording", RECORDING, "--mode", mode]
    command += ["--server-pid", str(server.pid)]
    secret = {} if mode == "hop" else {"SFU_SECRET": "AAECAwQFBgcICQoLDA0ODw"}
    done = subprocess.run(  # noqa: S603 - our own command
        command,
        stdout=subprocess.PIPE,
        timeout=LOAD_SECONDS,
        check=True,
        cwd=ROOT,
        env={**os.environ, **secret},
    )
    return float(json.loads(done.stdout)["server_us_per_packet"])


def line(found: dict[str, Any]) -> str:
    """For people."""
    clear, sealed, ratio, noise = (
        found[name] for name in ("clear_us", "sealed_us", "ratio", "noise")
    )
    return (
        f"server: {clear['median']:.1f} us per packet in clear, {sealed['median']:.1f} sealed; "
        f"ratio {ratio['median']:.3f} ({ratio['least']:.3f} to {ratio['most']:.3f}), "
        f"noise {noise['least']:.3f} to {noise['most']:.3f}"
    )
