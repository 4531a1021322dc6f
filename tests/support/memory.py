"""What is in the memory of another process."""

import re
from collections.abc import Iterator
from pathlib import Path

CHUNK = 1 << 24
"""Bytes read at once."""


def find(pid: int, needles: dict[str, bytes]) -> set[str]:
    """The names of those byte strings that stand somewhere in a process's writable memory.

    Needs to be root, or the process's parent where ptrace is not restricted.
    """
    longest = max(map(len, needles.values()))
    found: set[str] = set()
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        for start, end in _writable(pid):
            rest = b""
            for at in range(start, end, CHUNK):
                memory.seek(at)
                try:
                    data = rest + memory.read(min(CHUNK, end - at))
                except OSError:  # given back meanwhile
                    break
                found |= {name for name, needle in needles.items() if needle in data}
                rest = data[-longest:]
    return found


def _writable(pid: int) -> Iterator[tuple[int, int]]:
    for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
        if (area := re.match(r"([0-9a-f]+)-([0-9a-f]+) rw", line)) is not None:
            yield int(area[1], 16), int(area[2], 16)
