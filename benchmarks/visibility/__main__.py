"""Counts instructions by callgrind, which are nearly the same however busy the machine is."""

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

from benchmarks.__main__ import RESULTS, ROOT, commit, machine
from benchmarks.visibility.uncounted import install

NONE, OFF, ON = "no visibility", "witness off", "witness on"
VARIANTS: Final = (NONE, OFF, ON)
RUN_SECONDS: Final = 900

_VALGRIND: Final = ("valgrind", "--tool=callgrind", "--collect-atstart=no")
_TOTAL: Final = re.compile(r"^totals: (\d+)$", re.MULTILINE)


def main() -> int:
    """Measure, print a table, and write results/visibility.json."""
    with ThreadPoolExecutor() as pool:  # they count, and do not time
        measured = dict(zip(VARIANTS, pool.map(_measure, VARIANTS), strict=True))
    found = {"machine": machine(), "commit": commit(), "cases": list(_cases(measured))}
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / "visibility.json"
    path.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    sys.stdout.write(f"Written: {path.relative_to(ROOT)}\n")
    return 0


def _cases(measured: dict[str, list[dict[str, Any]]]) -> Iterator[dict[str, Any]]:
    """Compare the variants of each case; `path` is the way of packets, `all` has the timers too."""
    sys.stdout.write(_row("instructions per received packet", *VARIANTS, "off costs", "on costs"))
    for together in zip(*measured.values(), strict=True):
        first = together[0]
        case = {key: first[key] for key in ("stream", "viewers", "packets")}
        case["samples"] = together[-1]["samples"]
        for place, what in enumerate(("path", "all")):
            none, off, on = (one["counts"][place] / one["packets"][place] for one in together)
            case[what] = dict(zip(VARIANTS, map(round, (none, off, on)), strict=True))
            name = f"{first['stream']}, viewers: {first['viewers']}, {what}"
            costs = f"{off / none - 1:+.2%}", f"{on / off - 1:+.2%}"
            sys.stdout.write(_row(name, *(f"{count:,.0f}" for count in (none, off, on)), *costs))
        yield case


def _row(name: str, *cells: str) -> str:
    return f"{name:34}" + "".join(f"{cell:>15}" for cell in cells) + "\n"


def _measure(variant: str) -> list[dict[str, Any]]:
    """Run all cases of a variant in a process of their own, and read what callgrind counted."""
    with tempfile.TemporaryDirectory() as folder:
        out, counting = Path(folder) / "out", Path(folder) / "counting.so"
        source = Path(__file__).with_name("counting.c")
        _call("cc", "-shared", "-fPIC", "-O2", "-o", str(counting), str(source))
        command = (sys.executable, "-m", "benchmarks.visibility", variant, str(counting))
        told = _call(*_VALGRIND, f"--callgrind-out-file={out}", *command)
        cases: list[dict[str, Any]] = json.loads(told)
        for place, case in enumerate(cases):
            dumps = (Path(f"{out}.{2 * place + part}") for part in (1, 2))
            case["counts"] = [sum(map(int, _TOTAL.findall(dump.read_text()))) for dump in dumps]
        return cases


def _call(*command: str) -> str:
    done = subprocess.run(  # noqa: S603 - our own commands
        command,
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": "0"},
        capture_output=True,
        text=True,
        check=False,
        timeout=RUN_SECONDS,
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    return done.stdout


def _run(variant: str, counting: str) -> list[dict[str, Any]]:
    """Be the process that is measured."""
    if variant == NONE:
        install()
    from benchmarks.visibility.play import run  # noqa: PLC0415 - not before it is installed

    return run(counting, observes=variant != NONE, witnesses=variant == ON)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        sys.stdout.write(json.dumps(_run(*sys.argv[1:])))
    else:
        sys.exit(main())
