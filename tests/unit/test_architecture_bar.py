"""The architecture bar finds what it is there to find."""

from pathlib import Path

import pytest

from tests.tools.architecture_bar import main, offences

GOOD = '"""One idea."""\n\n\ndef answer() -> int:\n    """What it is."""\n    return 42\n'


def body(lines: int, indent: str) -> str:
    return f"{indent}x = 1\n" * lines


def found(root: Path, path: str, text: str) -> list[str]:
    """The words of every offence in a tree with this one file."""
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return [offence.words for offence in offences(root)]


def test_good_code_passes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Silence and 0 mean that there is nothing to mend."""
    assert found(tmp_path, "sfu/good.py", GOOD) == []
    assert main([str(tmp_path)]) == 0
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param("x = 1\n", "no docstring", id="no docstring"),
        pytest.param('"""Parses RTP"""\n', "not one sentence", id="no full stop"),
        pytest.param('"""Parses. Writes too."""\n', "not one sentence", id="two sentences"),
        pytest.param('"""Parses RTP and\nRTCP."""\n', "not one sentence", id="spills over"),
        pytest.param(
            f'"""One."""\n{body(400, "")}', "file of 401 lines, at most 400", id="long file"
        ),
        pytest.param(
            f'"""One."""\n\n\ndef long() -> None:\n{body(60, "    ")}',
            "function long of 61 lines, at most 60",
            id="long function",
        ),
        pytest.param(
            f'"""One."""\n\n\nclass Long:\n{body(250, "    ")}',
            "class Long of 251 lines, at most 250",
            id="long class",
        ),
        pytest.param(
            f'"""One."""\n\n\nclass A:\n  def f(self):\n    def inner():\n{body(60, " " * 8)}',
            "function inner of 61 lines, at most 60",
            id="long nested function",
        ),
    ],
)
def test_names_the_offence(tmp_path: Path, text: str, words: str) -> None:
    """Each number of the bar is held, in every folder of Python."""
    assert any(words in one for one in found(tmp_path, "tests/one.py", text))


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        pytest.param("sfu/media/router.py", False, id="media"),
        pytest.param("sfu/transport/peer.py", False, id="transport"),
        pytest.param("sfu/transport/udp.py", True, id="the UDP shell"),
        pytest.param("sfu/server.py", True, id="the server"),
        pytest.param("tests/unit/test_x.py", True, id="tests"),
    ],
)
def test_only_shells_wait(tmp_path: Path, path: str, *, allowed: bool) -> None:
    """`async def` has a few homes in the server, and nowhere else."""
    text = '"""One."""\n\n\nclass A:\n    async def wait(self) -> None:\n        pass\n'
    assert (found(tmp_path, path, text) == []) is allowed


def test_short_functions_are_the_rule(tmp_path: Path) -> None:
    """A server of many middling functions fails, though none is over the limit."""
    functions = "".join(f"\n\ndef f{i}() -> None:\n{body(31, '    ')}" for i in range(9))
    assert found(tmp_path, "sfu/middling.py", f'"""One."""\n{functions}') == [
        "median function of 32 lines, at most 8",
        "one function in ten is over 32 lines, at most 30",
    ]


def test_offences_fail_the_check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The exit code is what `make check` reads, the line is what people read."""
    assert found(tmp_path, "sfu/bad.py", "x = 1\n") != []
    assert main([str(tmp_path)]) == 1
    assert capsys.readouterr().out.startswith("sfu/bad.py:1: no docstring")
