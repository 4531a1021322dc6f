"""What a forwarded packet costs the server in a sealed room, beside the same packets in `hop`."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

from benchmarks.sealing.python import told
from benchmarks.server import BenchServer

ROOT: Final = Path(__file__).resolve().parents[2]
RECORDING: Final = "vp9-l3t3-key"
SUBSCRIBERS: Final = 20
SECONDS: Final = 8
LOAD_SECONDS: Final = 90
"""Longest that one load may take, everybody's coming and going included."""

PAIRS: Final = 10
"""Of one load in each mode, on one of two servers each; the servers change from pair to pair."""

CONTROLS: Final = 4
"""Pairs of which both are in clear."""


def measure(mode: str) -> dict[str, Any]:
    """Microseconds of the server's CPU per packet in both modes, and their ratio, pair by pair.

    What else the machine does disturbs both of a pair alike, since they run at the same time.
    """
    clear: list[float] = []
    sealed: list[float] = []
    noise: list[float] = []
    with BenchServer() as one, BenchServer() as other:
        _pair((one, "hop"), (other, "hop"))  # servers that have just started are slower
        for number in range(PAIRS):
            servers = (one, other) if number % 2 == 0 else (other, one)
            costs = _pair((servers[0], "hop"), (servers[1], mode))
            clear.append(costs[0])
            sealed.append(costs[1])
            if number < CONTROLS:
                costs = _pair((servers[0], "hop"), (servers[1], "hop"))
                noise.append(costs[1] / costs[0])
    return {
        "what": "CPU of the server's process per packet that it forwarded",
        "layout": f"webinar, 1 publisher, {SUBSCRIBERS} subscribers, {RECORDING} and opus",
        "runs": f"{PAIRS} pairs of {SECONDS} s at the same time, on two servers in turns",
        "clear_us": told(clear),
        "sealed_us": told(sealed),
        "ratio": told([after / before for before, after in zip(clear, sealed, strict=True)]),
        "noise": told(noise),
    }


def _pair(*loads: tuple[BenchServer, str]) -> list[float]:
    """What each server spent per packet, all of them at the same time."""
    running = [_start(*load) for load in loads]
    try:
        said = [process.communicate(timeout=LOAD_SECONDS)[0] for process in running]
    finally:
        for process in running:
            process.kill()
            process.wait()
    return [float(json.loads(text)["server_us_per_packet"]) for text in said]


def _start(server: BenchServer, mode: str) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "sfu_clients", "load", server.url, "--json"]
    command += ["--layout", "webinar", "--publishers", "1", "--subscribers", str(SUBSCRIBERS)]
    command += ["--seconds", str(SECONDS), "--recording", RECORDING, "--mode", mode]
    command += ["--server-pid", str(server.pid)]
    secret = {} if mode == "hop" else {"SFU_SECRET": "AAECAwQFBgcICQoLDA0ODw"}
    return subprocess.Popen(  # noqa: S603 - our own command
        command, stdout=subprocess.PIPE, cwd=ROOT, env={**os.environ, **secret}
    )


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
