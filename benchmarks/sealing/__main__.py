"""Takes the figures of sealing: the server's, a page's in a call, its worker's, and Python's."""

import argparse
import json
import sys
from typing import Any, Final

from benchmarks.__main__ import RESULTS, ROOT, commit, machine
from benchmarks.sealing import calls, python, server, worker
from tests.support.browsers import Kind

FILE: Final = RESULTS / "sealing.json"
BROWSERS: Final[tuple[Kind, ...]] = ("chromium", "firefox")
PARTS: Final = ("server", "calls", "worker", "python")


def main() -> int:
    """Measure all parts, or those that are named; print a line per figure, and keep the JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sealing")
    parser.add_argument(
        "parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; without: all"
    )
    parser.add_argument("--mode", default="e2ee-passphrase", help="which mode seals, on the server")
    options = parser.parse_args()
    if unknown := set(options.parts) - set(PARTS):
        parser.error(f"there is no part {min(unknown)}")
    found = json.loads(FILE.read_text(encoding="utf-8")) if FILE.is_file() else {}
    for part in options.parts or PARTS:
        measured = {
            "machine": machine(),
            "commit": commit(),
            "found": _measure(part, mode=options.mode),
        }
        found[part] = measured
        FILE.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    sys.stdout.write(f"Written: {FILE.relative_to(ROOT)}\n")
    return 0


def _measure(part: str, *, mode: str) -> Any:  # noqa: ANN401 - JSON
    match part:
        case "server":
            cost = server.measure(mode)
            _say(server.line(cost))
            return {mode: cost}
        case "calls":
            return [_call(browser, way) for browser in BROWSERS for way in calls.WAYS[browser]]
        case "worker":
            return {browser: _worker(browser) for browser in BROWSERS}
        case _:
            rows = python.measure()
            for row in rows:
                _say(f"python, {row['codec']} of {row['bytes']} bytes: {_sealed(row)}")
            return rows


def _call(browser: Kind, way: calls.Way) -> dict[str, Any]:
    row = calls.measure(browser, way)
    ratio, each = row["ratio"], row["worker_us_per_frame"]
    _say(
        f"{browser} {way}: {row['clear_cpu_ms_per_s']['median']:.0f} ms of CPU a second in clear, "
        f"{row['sealed_cpu_ms_per_s']['median']:.0f} sealed; ratio {ratio['median']:.2f} "
        f"({ratio['least']:.2f} to {ratio['most']:.2f}); worker {each['median']:.0f} us per frame"
    )
    return row


def _worker(browser: Kind) -> list[dict[str, Any]]:
    rows = worker.measure(browser)
    for row in rows:
        costs = ", ".join(
            f"{what} {row[what]['cpu_us']['median']:.0f} us of CPU and "
            f"{row[what]['latency_us']['p50']:.0f} us later"
            for what in worker.TREATMENTS
        )
        _say(f"{browser}'s worker, {row['codec']} of {row['bytes']} bytes: {costs}")
    return rows


def _sealed(row: dict[str, Any]) -> str:
    return f"sealed in {row['seal_us']['median']:.1f} us, opened in {row['open_us']['median']:.1f}"


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
