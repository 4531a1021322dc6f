"""CPU time of a browser's renderers, thread by thread, as the kernel counts it."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

PROC: Final = Path("/proc")

RENDERERS: Final = ("--type=renderer", "-contentproc")
"""How Chromium and Firefox start what runs a page."""


WORKERS: Final = ("DedicatedWorker", "DOM Worker")
"""What they call the thread of a worker."""


def renderers(root: int) -> list[int]:
    """The processes below `root` that run pages."""
    return [pid for pid in _descendants(root) if any(word in _command(pid) for word in RENDERERS)]


def cpu_us(pids: list[int]) -> Counter[str]:
    """Microseconds so far by the name of the thread; what has ended is not counted."""
    spent: Counter[str] = Counter()
    for pid in pids:
        for task in PROC.glob(f"{pid}/task/*"):
            try:
                nanoseconds = int((task / "schedstat").read_text().split()[0])
                spent[(task / "comm").read_text().strip()] += nanoseconds // 1000
            except (OSError, IndexError):  # ended meanwhile
                continue
    return spent


def of_workers(spent: Counter[str]) -> int:
    """The part of workers in what was spent."""
    return sum(us for name, us in spent.items() if name.startswith(WORKERS))


def _descendants(root: int) -> Iterator[int]:
    children: dict[int, list[int]] = {}
    for stat in PROC.glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        children.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    waiting = [root]
    while waiting:
        found = children.get(waiting.pop(), [])
        yield from found
        waiting += found


def _command(pid: int) -> str:
    try:
        return (PROC / str(pid) / "cmdline").read_text().replace("\0", " ")
    except OSError:
        return ""
