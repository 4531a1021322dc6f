"""Writes windows.json: sizes of test calls of `make bench-inference`, and what is true of them.

python tests/data/inference/record.py CALLS

CALLS is the folder of `python -m benchmarks.inference --calls CALLS`.
"""

import json
import sys
from pathlib import Path
from typing import Any, Final

sys.path.append(str(Path(__file__).parents[3]))

from benchmarks.inference.observed import Observed, load, slots

FILE: Final = Path(__file__).with_name("windows.json")

TALKS: Final = 3
"""Streams of sound for each mode, one with each noise: none, quiet, loud."""


KEPT: Final = (("none", TALKS, 0), ("constant rate", 1, 0), ("films", 0, 1), ("layers", 0, 1))
"""Files of calls by how they begin; streams of sound and of pictures for each mode."""


def kept(folder: Path) -> list[Observed]:
    """Some streams of test calls: sound and pictures, and sound at a constant rate."""
    found = []
    for name, talks, films in KEPT:
        for path in sorted(folder.glob(f"{name.replace(' ', '-')}*.json")):
            for mode in ("hop", "e2ee-passphrase"):
                test = [one for one in load(path) if (one.mode, one.split) == (mode, "test")]
                found += [one for one in test if one.kind == "audio"][:talks]
                found += [one for one in test if one.kind == "video"][:films]
    return found


def written(observed: Observed) -> dict[str, Any]:
    """Windows as [packets, bytes]; events as numbers of windows; nothing else of a packet."""
    cut = list(slots(observed))
    begins = cut[0].begins

    def places(times: list[float]) -> list[int]:
        return sorted({place for at in times if 0 <= (place := int((at - begins) * 10)) < len(cut)})

    return {
        "mode": observed.mode,
        "mitigation": observed.mitigation,
        "kind": observed.kind,
        "windows": [[slot.window.packets, slot.window.bytes] for slot in cut],
        "speech": "".join("1" if slot.speech else "0" for slot in cut)
        if observed.kind == "audio"
        else "",
        "key_frames": places(observed.key_frames),
        "changes": places(observed.changes),
    }


def main() -> None:
    """Write the file, one stream a line."""
    lines = [json.dumps(written(one), separators=(",", ":")) for one in kept(Path(sys.argv[1]))]
    FILE.write_text("[\n" + ",\n".join(lines) + "\n]\n", encoding="utf-8")


if __name__ == "__main__":
    main()
