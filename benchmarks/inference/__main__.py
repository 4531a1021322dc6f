"""Takes the figures of inference: who is right how often, in each mode, behind each mitigation."""

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from itertools import product
from pathlib import Path
from typing import Final

from benchmarks.__main__ import RESULTS, ROOT, commit, machine
from benchmarks.inference import browsers, calls, films, layers, models, plot, speech, table
from benchmarks.inference.observed import Observed, load, save
from benchmarks.inference.report import judge

FILE: Final = RESULTS / "inference.json"
PLOT: Final = RESULTS / "inference.svg"
SECONDS: Final = 60.0
SEED: Final = 1


def main() -> int:
    """Hold the calls, or take those of a folder; judge all guesses, and keep the JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.inference")
    parser.add_argument("--calls", type=Path, help="keep calls here, and use what is here already")
    parser.add_argument(
        "--fit", action="store_true", help="write sfu/visibility/inference/models.py"
    )
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        kept = options.calls or Path(folder)
        observed, chromium = list(_all(kept)), _spoken(kept)
    if options.fit:
        models.refit(observed)
        return 0
    found = {
        "machine": machine(),
        "commit": commit(),
        "seconds": SECONDS,
        **judge(observed, chromium),
    }
    FILE.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    PLOT.write_text(plot.draw(found), encoding="utf-8")
    text = table.tables(found)
    table.put_into_page(text)
    sys.stdout.write(text)
    sys.stdout.write(
        f"Written: {FILE.relative_to(ROOT)} its plot, and the tables of docs/inference.md.\n"
    )
    return 0


def _all(folder: Path) -> Iterator[Observed]:
    """What was seen of every call; it is held if it is not in the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for mitigation, mode in product(calls.CONCEALED, calls.MODES):
        yield from _kept(folder, f"{mitigation} {mode}", partial(_talk, folder, mode, mitigation))
    yield from _kept(folder, "films", partial(films.observe, seconds=SECONDS, seed=SEED))
    yield from _kept(folder, "layers", partial(layers.observe, seconds=SECONDS, seed=SEED))


def _spoken(folder: Path) -> list[Observed]:
    talks = speech.talks("test", folder, seconds=SECONDS, seed=SEED)
    return _kept(folder, "browsers", partial(browsers.observe, talks, seconds=SECONDS))


def _talk(folder: Path, mode: calls.Mode, mitigation: str) -> list[Observed]:
    talks = {
        split: speech.talks(split, folder, seconds=SECONDS, seed=SEED) for split in calls.SPLITS
    }
    return calls.observe(mode, mitigation, talks, seconds=SECONDS)


def _kept(folder: Path, name: str, hold: Callable[[], list[Observed]]) -> list[Observed]:
    path = folder / f"{name.replace(' ', '-')}.json"
    if not path.is_file():
        sys.stdout.write(f"calls: {name}\n")
        sys.stdout.flush()
        save(path, hold())
    return load(path)


if __name__ == "__main__":
    sys.exit(main())
