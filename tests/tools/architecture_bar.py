"""Holds the code to the numbers that keep it readable.

    python tests/tools/architecture_bar.py [ROOT]

Prints one line per offence and exits with 1 if there is any. The numbers are explained in
CONTRIBUTING.md. Only syntax is read: nothing is imported, nothing is run.
"""

import ast
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median, quantiles
from typing import Final, NamedTuple

FOLDERS: Final = ("sfu", "tests", "clients", "benchmarks")
"""Where Python is looked for, below the root."""

GENERATED: Final = frozenset({"node_modules", "__pycache__", "artifacts"})

MAX_FILE_LINES: Final = 400
MAX_CLASS_LINES: Final = 250
MAX_FUNCTION_LINES: Final = 60
MAX_MEDIAN_FUNCTION_LINES: Final = 8
MAX_P90_FUNCTION_LINES: Final = 30

ASYNC_HOMES: Final = frozenset(
    {
        "sfu/server.py",
        "sfu/transport/udp.py",
        "sfu/transport/tcp.py",
        "sfu/signalling/websocket.py",
        "sfu/signalling/http.py",
        "sfu/signalling/moderation.py",
        "sfu/signalling/recordings.py",
        "sfu/signalling/trace.py",
        "sfu/signalling/visibility.py",
        "sfu/signalling/whip.py",
    }
)
"""The only files of the server that may wait; all others compute and return."""


class Offence(NamedTuple):
    """One thing to mend, and where."""

    path: str
    line: int
    words: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.words}"


def lines_of(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> int:
    """How long a definition is, without its decorators."""
    return (node.end_lineno or node.lineno) - node.lineno + 1


def functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function and method, nested ones too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def offences_of_first_line(path: str, tree: ast.Module) -> Iterator[Offence]:
    """A module begins with one sentence that fits on its first line."""
    docstring = ast.get_docstring(tree)
    if docstring is None:
        yield Offence(path, 1, "no docstring: say in one sentence what this file is for")
        return
    first = docstring.partition("\n")[0]
    if not first.endswith(".") or ". " in first:
        yield Offence(path, 1, "the first line of the docstring is not one sentence")


def offences_of_size(path: str, tree: ast.Module, lines: int) -> Iterator[Offence]:
    """Files, classes and functions end before the reader forgets how they began."""
    if lines > MAX_FILE_LINES:
        yield Offence(path, 1, f"file of {lines} lines, at most {MAX_FILE_LINES}")
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and lines_of(node) > MAX_CLASS_LINES:
            words = f"class {node.name} of {lines_of(node)} lines, at most {MAX_CLASS_LINES}"
            yield Offence(path, node.lineno, words)
    for function in functions(tree):
        if lines_of(function) > MAX_FUNCTION_LINES:
            words = (
                f"function {function.name} of {lines_of(function)} lines, "
                f"at most {MAX_FUNCTION_LINES}"
            )
            yield Offence(path, function.lineno, words)


def offences_of_waiting(path: str, tree: ast.Module) -> Iterator[Offence]:
    """Between a datagram and its copies nothing waits, so `async def` has few homes."""
    if not path.startswith("sfu/") or path in ASYNC_HOMES:
        return
    for function in functions(tree):
        if isinstance(function, ast.AsyncFunctionDef):
            words = f"async def {function.name} outside the files that may wait"
            yield Offence(path, function.lineno, words)


def offences_of_typical_size(lengths: Sequence[int]) -> Iterator[Offence]:
    """The server's functions are short as a rule, not only below a limit."""
    if len(lengths) < 2:
        return
    middle, ninth = median(lengths), quantiles(lengths, n=10)[8]
    if middle > MAX_MEDIAN_FUNCTION_LINES:
        words = f"median function of {middle:g} lines, at most {MAX_MEDIAN_FUNCTION_LINES}"
        yield Offence("sfu", 0, words)
    if ninth > MAX_P90_FUNCTION_LINES:
        words = f"one function in ten is over {ninth:g} lines, at most {MAX_P90_FUNCTION_LINES}"
        yield Offence("sfu", 0, words)


def sources(root: Path) -> Iterator[Path]:
    """Every Python file that people wrote."""
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*.py")):
            if not GENERATED.intersection(path.relative_to(root).parts):
                yield path


def offences(root: Path) -> Iterator[Offence]:
    """Everything to mend below `root`."""
    lengths: list[int] = []
    for source in sources(root):
        path, text = source.relative_to(root).as_posix(), source.read_text(encoding="utf-8")
        tree = ast.parse(text, filename=path)
        yield from offences_of_first_line(path, tree)
        yield from offences_of_size(path, tree, text.count("\n"))
        yield from offences_of_waiting(path, tree)
        if path.startswith("sfu/"):
            lengths.extend(lines_of(function) for function in functions(tree))
    yield from offences_of_typical_size(lengths)


def main(arguments: Sequence[str]) -> int:
    """Print what is to be mended; 1 if there is anything, else 0."""
    root = Path(arguments[0]) if arguments else Path(__file__).resolve().parents[2]
    found = list(offences(root))
    sys.stdout.writelines(f"{offence}\n" for offence in found)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
