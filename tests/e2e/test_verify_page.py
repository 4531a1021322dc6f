"""The experiment of docs/verify.md, typed as the page has it: it says what the page says."""

import os
import pty
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, NamedTuple

import pytest

from tests.support import netns, tcpdump
from tests.support.netns import Namespace
from tests.support.patience import wait_until

pytestmark = pytest.mark.skipif(
    (tcpdump.why_not() or netns.why_not()) is not None, reason="capturing and namespaces need root"
)

PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "verify.md"
LINE_SECONDS: Final = 40
BEGINNING: Final = {"sfu serve": "Milkglass is at", "tcpdump": "listening on"}
"""What people see before they type the next line."""

_BLOCK: Final = re.compile(r"^```\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_CONFIDENCE: Final = re.compile(r"confidence \d+%")


class Experiment(NamedTuple):
    """What the page tells."""

    commands: list[str]
    questions: dict[str, str]
    """What is asked afterwards, and the answer."""
    sealed: str
    """The options of the sealed call."""
    sealed_questions: dict[str, str]


def read_page() -> Experiment:
    """The section about one machine."""
    section = PAGE.read_text(encoding="utf-8").partition("### On this system")[2]
    section = section.partition("\n### ")[0]
    typed, asked = _BLOCK.findall(section)
    questions = {}
    for question in asked.split("$ ")[1:]:
        command, _, answer = question.partition("\n")
        questions[command] = answer
    after = section.rpartition("```")[2].replace("\n", " ")
    sealed, *pairs = re.findall(r"`([^`]+)`", after)
    return Experiment(
        typed.splitlines(), questions, sealed, dict(zip(pairs[::2], pairs[1::2], strict=True))
    )


class Terminal:
    """A shell at a terminal, on a machine of its own."""

    def __init__(self, machine: Namespace, folder: Path) -> None:
        self._ours, theirs = pty.openpty()
        self._count = 0
        self.printed = ""
        self._shell = subprocess.Popen(  # noqa: S603 - what our page says is typed into it
            machine.command("setsid", "--ctty", "bash", "--norc", "--noediting", "-i"),
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            cwd=folder,
            env={**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
        )
        os.close(theirs)
        os.set_blocking(self._ours, False)
        self.type("stty -echo")

    def type(self, line: str) -> str:
        """Type a line, and wait until it is done or has begun; return what was printed since."""
        self._count += 1
        before, end = len(self.printed), f"line {self._count} is done"
        goes_on = line.endswith("&")
        then = " " if goes_on else "; "  # on the same line: who subscribes reads what is typed
        os.write(self._ours, f"{line}{then}echo line {self._count} is 'done'\n".encode())
        begins = [words for command, words in BEGINNING.items() if line.startswith(command)]
        expected = [end, *(begins if goes_on else ())]
        wait_until(
            lambda: all(words in self._read()[before:] for words in expected),
            LINE_SECONDS,
            f"{line} has begun or is done; printed {self.printed}",
        )
        return self.printed[before:].partition(end)[0]

    def _read(self) -> str:
        with suppress(BlockingIOError):
            self.printed += os.read(self._ours, 1 << 16).decode().replace("\r\n", "\n")
        return self.printed

    def close(self) -> None:
        """End what still runs, and the shell."""
        try:
            self.type("kill $(jobs -p); wait")
        finally:
            os.close(self._ours)  # which hangs up
            self._shell.wait(LINE_SECONDS)


@contextmanager
def terminal(folder: Path) -> Iterator[Terminal]:
    """On a machine with nobody else's servers."""
    machine = Namespace()
    try:
        opened = Terminal(machine, folder)
        try:
            yield opened
        finally:
            opened.close()
    finally:
        machine.remove()


def same(answer: str) -> str:
    """An answer, whatever its confidence."""
    return _CONFIDENCE.sub("confidence", answer)


def test_the_experiment_is_as_the_page_tells(tmp_path: Path) -> None:
    """Line by line, and answer by answer."""
    page = read_page()
    assert len(page.questions) == 2
    with terminal(tmp_path) as shell:
        for command in page.commands:
            shell.type(command)
        shell.type("wait %2 %3")
        for question, answer in page.questions.items():
            assert same(answer) in same(shell.type(question)), shell.printed


def test_the_same_sealed(tmp_path: Path) -> None:
    """With the options that the page names, shorter; other keys, and other answers."""
    page = read_page()
    assert len(page.sealed_questions) == 2
    with terminal(tmp_path) as shell:
        for command in page.commands:
            changed = re.sub(r"--room \S+", page.sealed, command)
            shell.type(changed.replace("--seconds 20", "--seconds 12").replace(" 10 ", " 5 "))
        shell.type("wait %2 %3")
        ask, _ = next(iter(page.questions)).split(" | ")
        for keys, answer in page.sealed_questions.items():
            assert f"Verdict: {answer}" in shell.type(f"{ask} {keys}"), shell.printed
