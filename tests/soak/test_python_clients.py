"""The Python clients for a long time: SOAK_SECONDS, ten minutes if nothing is said."""

import os
import time
from pathlib import Path
from statistics import median
from typing import NamedTuple

import pytest

from tests.support.commands import Command, client
from tests.support.server import Server

SECONDS = int(os.environ.get("SOAK_SECONDS", "600"))
SAMPLES = 60
RATE = 30
GROWTH_BYTES = 4 << 20
"""What allocators may add by chance between the middle and the end."""


class Use(NamedTuple):
    """What a process holds."""

    memory: int
    threads: int
    files: int


def use(command: Command) -> Use:
    """Read it from the kernel."""
    folder = Path(f"/proc/{command.pid}")
    status = dict(
        line.split(":\t", 1)
        for line in (folder / "status").read_text().splitlines()
        if ":\t" in line
    )
    memory = int(status["VmRSS"].split()[0]) * 1024
    return Use(memory, int(status["Threads"]), len(list((folder / "fd").iterdir())))


@pytest.mark.timeout(SECONDS + 120)
def test_memory_stays_flat_while_frames_flow(server: Server, tmp_path: Path) -> None:
    """A publisher and a subscriber, for long: nothing grows, nothing stops, and both end well."""
    room = (server.url, "--room", "soak", "--json", "--seconds")
    with (
        client(tmp_path, "publish", *room, str(SECONDS + 10)) as publisher,
        client(tmp_path, "subscribe", *room, str(SECONDS)) as subscriber,
    ):
        samples: dict[str, list[Use]] = {"publisher": [], "subscriber": []}
        for _ in range(SAMPLES):
            time.sleep((SECONDS - 10) / SAMPLES)
            samples["publisher"].append(use(publisher))
            samples["subscriber"].append(use(subscriber))
        assert subscriber.ends() == 0, subscriber.process.said
        assert publisher.ends() == 0, publisher.process.said

    for name, uses in samples.items():
        middle, end = (uses[SAMPLES // 3 : 2 * SAMPLES // 3], uses[2 * SAMPLES // 3 :])
        before, after = (median(one.memory for one in part) for part in (middle, end))
        print(f"{name}: {before / 1e6:.1f} MB, then {after / 1e6:.1f} MB; {uses[-1]}")  # noqa: T201
        assert after - before < GROWTH_BYTES, f"{name} grew"
        assert max(one.files for one in end) <= max(one.files for one in middle)
        assert max(one.threads for one in end) <= max(one.threads for one in middle)

    sent = {one["kind"]: one for one in publisher.publications()}
    came = {one["kind"]: one for one in subscriber.publications()}
    print(sent, came)  # noqa: T201
    assert sent["video"]["frames_sent"] > 0.95 * RATE * SECONDS
    assert came["video"]["frames_decoded"] > 0.95 * RATE * SECONDS
    assert came["audio"]["frames_decoded"] > 0.95 * 50 * SECONDS
    assert came["video"]["loss"] == came["audio"]["loss"] == 0
    assert came["video"]["latency_from"] == "picture"
