"""What a crowd costs a group: members who come at once, go at once, and renew a hundred times.

    .venv/bin/python -m benchmarks.crowd

Writes results/crowd.json; docs/mls.md has a table of what it said.
"""

import asyncio
import json
import logging
import secrets
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, Self

import msgspec
import structlog

from benchmarks.__main__ import RESULTS, ROOT, commit, machine
from benchmarks.crowd_members import Member, Plan
from benchmarks.server import BenchServer
from benchmarks.storm import measure
from sfu_clients.sealing import base64url

PROCESSES: Final = 3
IN_EACH: Final = 4
JOIN_SECONDS: Final = 2.0
LEAVE_SECONDS: Final = 1.0
CALM_AT, LEAVE_AT, END_AT = 17.0, 22.0, 30.0

EVERY: Final = 5
"""Of twelve, each sends a piece of sound every 100 ms: more is more than two cores can decode."""

CHANGES: Final = 100
CYCLE_SECONDS: Final = 1.6
"""Somebody comes, and goes half a cycle later: two epochs."""

SIMULATED: Final = 50
START_SECONDS: Final = 60.0


class Crew:
    """Processes with members in them, started together; within `with`."""

    def __init__(self, plans: Iterable[Plan]) -> None:
        self._plans = list(plans)
        self._processes: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        for plan in self._plans:
            process = subprocess.Popen(
                [sys.executable, "-m", "benchmarks.crowd_members"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                cwd=ROOT,
            )
            self._processes.append(process)
            _tell(process, msgspec.json.encode(plan))
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._processes:
            process.kill()
            process.communicate()

    def play(self) -> tuple[list[dict[str, Any]], float]:
        """What all members said, in the order of the plans, and the seconds of CPU they took."""
        for process in self._processes:
            assert process.stdout is not None
            if process.stdout.readline() != b"ready\n":
                raise RuntimeError("Members did not start.")
        began = time.time() + 0.5
        for process in self._processes:
            _tell(process, repr(began).encode())
        last = max(member.leaves for plan in self._plans for member in plan.members)
        found = []
        for process in self._processes:
            told, _ = process.communicate(timeout=last + START_SECONDS)
            found.append(json.loads(told))
        return [one for each in found for one in each["members"]], sum(
            each["cpu_s"] for each in found
        )


def _tell(process: subprocess.Popen[bytes], line: bytes) -> None:
    assert process.stdin is not None
    process.stdin.write(line + b"\n")
    process.stdin.flush()


def twelve(server: BenchServer) -> dict[str, Any]:
    """Twelve join within two seconds, and half of them leave within one."""
    count = PROCESSES * IN_EACH
    members = [
        Member(
            name=f"member {number}",
            joins=number * JOIN_SECONDS / count,
            leaves=END_AT if number % 2 else LEAVE_AT + number * LEAVE_SECONDS / count,
            every=EVERY,
        )
        for number in range(count)
    ]
    windows = (
        ("joining", 0.0, CALM_AT),
        ("calm", CALM_AT, LEAVE_AT),
        ("leaving", LEAVE_AT, END_AT),
    )
    room, secret = "twelve", base64url.encode(secrets.token_bytes(16))
    plans = [
        Plan(server.url, room, secret, tuple(members[place::PROCESSES]), windows)
        for place in range(PROCESSES)
    ]
    before = _cpu(server.pid)
    with Crew(plans) as crew:
        told, cpu = crew.play()
    return {
        **judge_crowd(told, [one.name for one in members[1::2]]),
        "members_cpu_s": round(cpu, 1),
        "server_cpu_s": round(_cpu(server.pid) - before, 1),
        "every_ms": EVERY * 20,
    }


def judge_crowd(told: Sequence[dict[str, Any]], stayed: Sequence[str]) -> dict[str, Any]:
    """When all agreed, and for how long somebody was not heard."""
    staying = [one for one in told if one["name"] in stayed]
    entered = max(one["entered"] for one in told)
    left = max(one["left"] for one in told if one["name"] not in stayed)
    return {
        "members": len(told),
        "joining": {
            "converged_s": _since(entered, _agreed_at(told, len(told), 0.0)),
            "commits": max(epoch for one in told for at, epoch, _ in one["epochs"] if at < CALM_AT),
            "without_keys_s": _spread(
                one["epochs"][0][0] - one["entered"] for one in told if one["epochs"]
            ),
            "first_sound_s": _spread(_first_sounds(told)),
            "longest_silence_s": _longest(told, "joining"),
        },
        "calm": {"longest_silence_s": _longest(told, "calm")},
        "leaving": {
            "converged_s": _since(left, _agreed_at(staying, len(staying), LEAVE_AT)),
            "epochs": len(
                {epoch for one in staying for at, epoch, _ in one["epochs"] if at >= LEAVE_AT}
            ),
            "longest_silence_s": _longest(staying, "leaving", among=stayed),
        },
        "unheard_pairs": sum(len(told) - 1 - len(one["heard"]) for one in told),
        "sent": {
            kind: sum(one["sent"].get(kind, 0) for one in told)
            for kind in sorted({kind for one in told for kind in one["sent"]})
        },
        "bytes_sent_each": round(sum(one["sent_bytes"] for one in told) / len(told)),
        "bytes_told_each": round(sum(one["told_bytes"] for one in told) / len(told)),
        "thought_s": _spread(one["thought"] for one in told),
        "refused": dict(sum((Counter(one["refused"]) for one in told), Counter())),
    }


def _agreed_at(told: Sequence[dict[str, Any]], size: int, after: float) -> float | None:
    """When the last of them saw so many members, with the same keys as the others."""
    seen = [[at for at, members in one["sizes"] if members == size and at > after] for one in told]
    if not all(seen):
        return None
    last = max(each[0] for each in seen)
    keys = {max((at, key) for at, _, key in one["epochs"] if at <= last)[1] for one in told}
    return last if len(keys) == 1 else None


def _since(event: float, at: float | None) -> float | None:
    return None if at is None else round(at - event, 2)


def _first_sounds(told: Sequence[dict[str, Any]]) -> list[float]:
    """Of each pair: from when both were in the room to the first sound."""
    entered = {one["name"]: one["entered"] for one in told}
    return [
        heard["first"] - max(one["entered"], entered[name])
        for one in told
        for name, heard in one["heard"].items()
        if heard["first"] is not None
    ]


def _longest(
    told: Sequence[dict[str, Any]], window: str, among: Sequence[str] | None = None
) -> dict[str, float | None]:
    """Between two pieces of sound of the same member; of all pairs, and of the median one."""
    return _spread(
        heard["longest"].get(window, 0.0)
        for one in told
        for name, heard in one["heard"].items()
        if among is None or name in among
    )


def _spread(seconds: Iterable[float]) -> dict[str, float | None]:
    ordered = sorted(seconds)
    if not ordered:
        return {"p50": None, "max": None}
    return {"p50": round(ordered[len(ordered) // 2], 3), "max": round(ordered[-1], 3)}


def changes(server: BenchServer) -> dict[str, Any]:
    """Two speak, one listens, and others come and go: the longest gap in the sound."""
    cycles = CHANGES // 2
    begin, end = 6.0, 6.0 + cycles * CYCLE_SECONDS
    windows = (("calm", 3.0, begin), ("changing", begin, end), ("calm again", end + 2, end + 5))
    visitors = [
        Member(
            f"visitor {number}",
            joins=begin + number * CYCLE_SECONDS,
            leaves=begin + (number + 0.5) * CYCLE_SECONDS,
            listens=False,
        )
        for number in range(cycles)
    ]
    stay = end + 5
    crews = (
        [Member("speaker 1", 0.0, stay, every=1, listens=False)],
        [Member("speaker 2", 0.2, stay, every=1, listens=False)],
        [Member("listener", 0.4, stay)],
        visitors,
    )
    room, secret = "changes", base64url.encode(secrets.token_bytes(16))
    with Crew(Plan(server.url, room, secret, tuple(crew), windows) for crew in crews) as crew:
        told, cpu = crew.play()
    (listener,) = (one for one in told if one["name"] == "listener")
    times = {epoch: at for at, epoch, _ in listener["epochs"] if begin <= at <= end + 2}
    first = {
        epoch: min(at for one in told for at, of, _ in one["epochs"] if of == epoch)
        for epoch in times
    }
    return {
        "epochs": len(times),
        "seconds_between_epochs": _spread(later - at for at, later in pairwise(times.values())),
        "keys_after_the_first_s": _spread(at - first[epoch] for epoch, at in times.items()),
        "longest_gap_ms": {
            name: {window: round(1000 * seconds) for window, seconds in heard["longest"].items()}
            for name, heard in listener["heard"].items()
        },
        "gaps_over_60_ms": {name: heard["gaps"] for name, heard in listener["heard"].items()},
        "pieces": {name: heard["pieces"] for name, heard in listener["heard"].items()},
        "members_cpu_s": round(cpu, 1),
    }


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def main() -> int:
    """Measure all three, and write what was found."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    found: dict[str, Any] = {"machine": machine(), "commit": commit()}
    with BenchServer() as server:
        for name, run in (("twelve", twelve), ("changes", changes)):
            found[name] = run(server)
            _print(name, found[name])
    found["simulated"] = [
        asyncio.run(measure(SIMULATED, charged=charged)) for charged in (False, True)
    ]
    _print("simulated", found["simulated"])
    (RESULTS / "crowd.json").write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    return 0


def _print(name: str, found: object) -> None:
    sys.stdout.write(f"{name}: {json.dumps(found)}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
