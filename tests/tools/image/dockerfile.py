"""What a Dockerfile and its .dockerignore say, as far as ours go."""

import fnmatch
import re
from collections.abc import Iterator

from tests.tools.image.errors import CheckError


def instructions(text: str) -> Iterator[tuple[str, str]]:
    """Each instruction's word, and what follows it on one line; comments are left out."""
    lines = [line for line in text.split("\n") if not line.lstrip().startswith("#")]
    for line in re.sub(r"\\[ \t]*\n", " ", "\n".join(lines)).split("\n"):
        if line.strip():
            word, *rest = line.split(maxsplit=1)
            yield word, "".join(rest).strip()


class Ignored:
    """The paths that a .dockerignore keeps out: of all rules that match one, the last wins.

    A rule that matches a folder matches what is in it. `**` is known at the beginning of a rule
    only; raises CheckError where it stands elsewhere.
    """

    def __init__(self, text: str) -> None:
        lines = [line.strip() for line in text.splitlines()]
        self._rules = [line for line in lines if line and not line.startswith("#")]
        for rule in self._rules:
            if "**" in rule.removeprefix("!").removeprefix("**/"):
                raise CheckError(f"The rule {rule} of .dockerignore is not known here: teach it.")

    def __contains__(self, path: str) -> bool:
        ignored = False
        for rule in self._rules:
            if _matches(rule.removeprefix("!"), path):
                ignored = not rule.startswith("!")
        return ignored


def _matches(pattern: str, path: str) -> bool:
    parts = path.split("/")
    name = pattern.removeprefix("**/")
    depth = name.count("/") + 1
    starts = [0] if name == pattern else range(len(parts) - depth + 1)
    return any(fnmatch.fnmatchcase("/".join(parts[at : at + depth]), name) for at in starts)
