"""The programs of clients/examples do what they say, and are short."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import av
import pytest

from tests.support.commands import ENVIRONMENT, client
from tests.support.patience import wait_until
from tests.support.processes import ChildProcess
from tests.support.server import Server

EXAMPLES = Path(__file__).resolve().parents[2] / "clients" / "examples"
SECONDS = 40


@contextmanager
def example(folder: Path, name: str, *arguments: str) -> Iterator[ChildProcess]:
    """Run one of them."""
    command = [sys.executable, str(EXAMPLES / name), *arguments]
    process = ChildProcess(command, folder / f"{name}.log", ENVIRONMENT)
    try:
        yield process
    finally:
        if process.alive:
            process.stop()


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.py")), ids=lambda path: path.name)
def test_is_short(path: Path) -> None:
    """At most 40 lines, of which the second part of the first sentence says how to run it."""
    lines = path.read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 40
    assert f"python clients/examples/{path.name} " in "\n".join(lines[:4])


def test_the_greeter_greets(server: Server, tmp_path: Path) -> None:
    """Who joins reads their name in the chat."""
    script = (
        "import asyncio, sys\n"
        "from sfu_clients.client import Client\n"
        "from sfu.signalling.messages import Chat\n"
        "async def main():\n"
        "    async with asyncio.timeout(20), Client(sys.argv[1], 'greet', name='Ana') as ana:\n"
        "        async for message in ana.messages():\n"
        "            if isinstance(message, Chat):\n"
        "                return print(message.name, message.text)\n"
        "asyncio.run(main())\n"
    )
    with example(tmp_path, "greet.py", server.url, "greet"):
        wait_until(lambda: server.metric("sfu_participants") == 1, SECONDS, "the bot is there")
        heard = subprocess.run(  # noqa: S603 - our own
            [sys.executable, "-c", script, server.url],
            capture_output=True, text=True, timeout=SECONDS, check=True, env=ENVIRONMENT,
        )  # fmt: skip
    assert heard.stdout == "Greeter Hello, Ana!\n"


@pytest.mark.parametrize("codec", ["vp8", "vp9", "av1", "h264"])
def test_the_recorder_records(server: Server, tmp_path: Path, codec: str) -> None:
    """A file that plays from its first to its last picture, in time."""
    path = tmp_path / "ana.mkv"
    room = (server.url, "--room", "record")
    with example(tmp_path, "record.py", server.url, "record", "Ana", str(path)) as recorder:
        wait_until(lambda: server.metric("sfu_participants") == 1, SECONDS, "the bot is there")
        with client(tmp_path, "publish", *room, "--name", "Ana", "--codec", codec) as publisher:
            wait_until(
                lambda: server.metric("sfu_packets_total", direction="out", kind="video") > 150,
                SECONDS,
                "pictures flow",
            )
            publisher.process.signal(signal.SIGINT)
            assert publisher.ends() == 0
        wait_until(lambda: not recorder.alive, SECONDS, "the recorder ends")
        assert recorder.stop() == 0, recorder.said
    with av.open(path) as file:
        frames = list(file.decode(video=0))
    assert {(frame.width, frame.height) for frame in frames} == {(640, 360)}
    times = [frame.time for frame in frames if frame.time is not None]
    assert len(times) > 30
    assert times == sorted(times)
    assert 0 <= times[0] < 0.5
    assert times[-1] - times[0] == pytest.approx(len(times) / 30, rel=0.2)


def test_the_probe_alarms(server: Server, tmp_path: Path) -> None:
    """When a publisher stands still, within seconds; a room that goes on is fine."""
    with client(tmp_path, "publish", server.url, "--room", "probe", "--name", "Ana") as publisher:
        with example(tmp_path, "probe.py", server.url, "probe", "5") as calm:
            wait_until(lambda: not calm.alive, SECONDS, "it ends")
            assert (calm.stop(), calm.said) == (0, "")
        with example(tmp_path, "probe.py", server.url, "probe", "60") as alarmed:
            wait_until(
                lambda: server.metric("sfu_subscriptions", kind="video", layer="S0T2") == 1,
                SECONDS,
                "it watches",
            )
            before = server.metric("sfu_packets_total", direction="out", kind="video")
            wait_until(
                lambda: (
                    server.metric("sfu_packets_total", direction="out", kind="video") > before + 30
                ),
                SECONDS,
                "pictures flow",
            )
            publisher.process.signal(signal.SIGSTOP)
            try:
                wait_until(lambda: not alarmed.alive, SECONDS, "it alarms")
            finally:
                publisher.process.signal(signal.SIGCONT)
            assert alarmed.stop() == 1
            assert "Ana's camera froze" in alarmed.said
