"""Options, tables and lines of the commands."""

import argparse
import asyncio
import io
import os
import sys
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from sfu_clients.__main__ import main
from sfu_clients.commands.lines import MAX_LINE, LineSplitter, lines_given_to
from sfu_clients.commands.options import client, read_seconds
from sfu_clients.commands.publish import open_sources, read_concealment, read_rate, read_size
from sfu_clients.commands.table import table
from sfu_clients.errors import ClientError
from sfu_clients.media.concealment import NOTHING_HIDDEN


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("640x360", (640, 360)),
        ("641x361", (640, 360)),
        ("96x64", (96, 64)),
        ("1920x1200", (1920, 1200)),
    ],
)
def test_sizes(text: str, size: tuple[int, int]) -> None:
    """Even ones."""
    assert read_size(text) == size


@pytest.mark.parametrize("text", ["", "640", "x", "95x64", "96x63", "1922x100", "640X360", "-1x5"])
def test_what_is_no_size(text: str) -> None:
    """Is told."""
    with pytest.raises(ClientError, match="is no size"):
        read_size(text)


@pytest.mark.parametrize("text", ["0", "61", "x", "", "1.5", "-1"])
def test_what_is_no_rate(text: str) -> None:
    """Is told."""
    assert read_rate("30") == 30
    with pytest.raises(ClientError, match="is no rate"):
        read_rate(text)


@pytest.mark.parametrize("text", ["0", "-1", "inf", "nan", "x", ""])
def test_what_is_no_time_span(text: str) -> None:
    """Is told."""
    assert read_seconds("0.5") == 0.5
    with pytest.raises(ClientError, match="seconds"):
        read_seconds(text)


def options(**changed: object) -> argparse.Namespace:
    """As the command line would make them."""
    given = {
        "url": "http://localhost:1", "room": "r", "name": "n", "token": None, "insecure": False,
        "mode": "hop", "secret": None, "source": "pattern", "codec": None, "size": None,
        "rate": None, "loop": False, "identity": None, "keylog": None, "constant_rate": False,
        "no_audio_level": False, "padding": False,
    }  # fmt: skip
    return argparse.Namespace(**{**given, **changed})


async def test_tokens_come_from_the_environment_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """The option first."""
    monkeypatch.setenv("SFU_TOKEN", "from the environment")
    assert client(options())._join.token == "from the environment"  # noqa: SLF001
    assert client(options(token="said"))._join.token == "said"  # noqa: SLF001


@pytest.mark.parametrize("hidden", ["constant_rate", "no_audio_level", "padding"])
def test_each_can_be_hidden_by_itself(hidden: str) -> None:
    """And nothing is, without the option."""
    assert read_concealment(options()) == NOTHING_HIDDEN
    field = "hide_level" if hidden == "no_audio_level" else hidden
    assert read_concealment(options(**{hidden: True})) == replace(NOTHING_HIDDEN, **{field: True})


def test_recordings_stay_as_they_are() -> None:
    """Options for encoders make no sense with them."""
    (source,) = open_sources(options(source="recording:opus"))
    assert source.codec == "opus"
    for changed in ({"codec": "vp8"}, {"size": (96, 64)}, {"rate": 5}, {"loop": True}):
        with pytest.raises(ClientError, match="as it was recorded"):
            open_sources(options(source="recording:opus", **changed))


def test_simulcast_is_sent_in_part(capsys: pytest.CaptureFixture[str]) -> None:
    """And that is said."""
    (source,) = open_sources(options(source="recording:vp8-simulcast"))
    assert source.codec == "VP8"
    assert "largest" in capsys.readouterr().err


def test_the_table_fits_a_terminal() -> None:
    """Every figure stands in it, in 80 columns; what nobody has is left out."""
    report: dict[str, Any] = {
        "id": "a1b2c3d4e5f6", "kind": "video", "codec": "VP9", "layer": "S2T2", "width": 1280,
        "height": 720, "frames_decoded": 123456, "kbps": 1234.5, "loss": 0.0123, "freezes": 3,
        "latency_ms": {"p50": 12.3, "p99": 1234.5}, "note": None,
    }  # fmt: skip
    out = io.StringIO()
    Console(file=out, width=80).print(table([report], title="Room r"))
    for figure in ("a1b2c3d4e5f6", "VP9", "S2T2", "1280x720", "123456", "1.23%", "12/1234"):
        assert figure in out.getvalue(), figure
    empty: dict[str, Any] = {"id": None, "kind": "audio", "codec": None, "kbps": 0.0, "loss": 0.0}
    assert len(table([empty], title="").columns) < len(table([report], title="").columns)


@given(st.lists(st.binary(max_size=50), max_size=20))
def test_lines_are_those_that_were_written(parts: list[bytes]) -> None:
    """However they are cut into pieces on their way."""
    splitter = LineSplitter()
    whole = b"".join(parts) + b"\n"
    lines = [line for part in (*parts, b"\n") for line in splitter.take(part)]
    texts = [line.decode(errors="replace").strip() for line in whole.split(b"\n")]
    assert lines == [text for text in texts if text]


def test_lines_without_end_are_cut() -> None:
    """Nobody fills our memory."""
    splitter = LineSplitter()
    lines = [line for _ in range(10) for line in splitter.take(b"x" * MAX_LINE)]
    assert lines
    assert all(len(line) <= 2 * MAX_LINE for line in lines)


async def test_standard_input_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pipe, to its end; a last line needs no end of its own."""
    heard: list[str] = []
    reader, writer = os.pipe()
    with os.fdopen(reader) as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        with lines_given_to(heard.append):
            os.write(writer, b"base\nhd")
            await asyncio.sleep(0.05)
            assert heard == ["base"]
            os.close(writer)
            await asyncio.sleep(0.05)
    assert heard == ["base", "hd"]


@pytest.mark.parametrize("stdin", [None, open(os.devnull, encoding="utf-8"), io.StringIO("x")])  # noqa: SIM115, PTH123
async def test_no_standard_input_is_no_problem(
    monkeypatch: pytest.MonkeyPatch, stdin: object
) -> None:
    """Closed, nothing, or not a file."""
    monkeypatch.setattr(sys, "stdin", stdin)
    with lines_given_to(print):
        await asyncio.sleep(0)


def test_help_is_complete(capsys: pytest.CaptureFixture[str]) -> None:
    """Each option of each command is explained."""
    for command in ("publish", "subscribe"):
        with pytest.raises(SystemExit) as ended:
            main([command, "--help"])
        assert ended.value.code == 0
        said = capsys.readouterr().out
        for option in (
            "--room",
            "--token",
            "--name",
            "--insecure",
            "--mode",
            "--seconds",
            "--json",
        ):
            assert option in said


def test_a_mistake_has_its_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    """2 for the user's, in one line."""
    assert main(["subscribe", "http://localhost:1", "--room", "a b"]) == 2
    assert capsys.readouterr().err.count("\n") == 1
