"""The channel to the witness: what happens to that process costs samples, and no time of ours."""

import os
import signal
import time
from collections.abc import Iterator
from typing import Any

import pytest

from sfu.visibility.channel import HANGS, PACE, PAUSE, Channel
from sfu.visibility.samples import MAX_BYTES, Excerpt, Finding

SMALL = Excerpt(1, "opus", 0, ())
LARGE = Excerpt(2, "opus", 0, (bytes(MAX_BYTES // 500),) * 500)


@pytest.fixture
def channel() -> Iterator[Channel]:
    """With a process that has begun."""
    channel = Channel()
    assert list(channel.follow_up(now=100.0)) == []
    yield channel
    channel.close()


def process(channel: Channel) -> Any:  # noqa: ANN401
    return channel._process  # noqa: SLF001 - to be ended from outside


def answers(channel: Channel, *, now: float) -> list[Finding]:
    """Wait for them, for 20 s at most."""
    until = time.monotonic() + 20
    while time.monotonic() < until:
        if found := list(channel.follow_up(now=now)):
            return found
        time.sleep(0.01)
    return []


def test_one_sample_at_a_time(channel: Channel) -> None:
    """The next one is taken when the first is judged; at once if its stream was never tried."""
    channel.put(SMALL, now=100.0)
    assert not channel.is_free(first=True, now=100.0 + PACE)
    assert [finding.number for finding in answers(channel, now=100.0)] == [1]
    assert not channel.is_free(first=False, now=100.0)
    assert channel.is_free(first=False, now=100.0 + PACE)
    assert channel.is_free(first=True, now=100.0)


def test_a_process_that_stands_still_is_not_waited_for(channel: Channel) -> None:
    """More than the socket holds is kept back; after a while the process is replaced."""
    before = process(channel)
    os.kill(before.pid, signal.SIGSTOP)
    channel.put(LARGE, now=100.0)
    began = time.monotonic()
    for _ in range(100):
        channel.follow_up(now=101.0)
    assert time.monotonic() - began < 1
    channel.follow_up(now=100.0 + HANGS)
    assert channel.deaths == 1
    assert before.returncode == -signal.SIGKILL
    channel.follow_up(now=100.0 + HANGS + PAUSE / 2)
    assert process(channel) is None
    channel.follow_up(now=100.0 + HANGS + PAUSE)
    channel.put(SMALL, now=200.0)
    assert answers(channel, now=200.0)


def test_a_process_that_ends_is_counted(channel: Channel) -> None:
    """As one that a limit or a broken decoder ended."""
    process(channel).kill()
    process(channel).wait()
    channel.follow_up(now=101.0)
    assert channel.deaths == 1
    assert not channel.is_free(first=True, now=101.0)


def test_a_process_that_cannot_start_is_tried_later(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without memory for it goes on forwarding."""
    channel = Channel()

    def refuse(*_: object, **__: object) -> None:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    with monkeypatch.context() as patch:
        patch.setattr("subprocess.Popen", refuse)
        assert list(channel.follow_up(now=100.0)) == []
    assert channel.deaths == 1
    channel.follow_up(now=100.0 + PAUSE)
    assert process(channel) is not None
    channel.close()


def test_the_process_has_nothing_of_ours(channel: Channel, monkeypatch: pytest.MonkeyPatch) -> None:
    """No secret in its environment, and no files but the socket."""
    monkeypatch.setenv("SFU_AUTH_SECRET", "not for the witness")
    channel.close()
    channel.follow_up(now=101.0)
    channel.put(SMALL, now=101.0)
    assert answers(channel, now=101.0)
    folder = f"/proc/{process(channel).pid}"
    with open(f"{folder}/environ", "rb") as environ:  # noqa: PTH123 - no path of the project's
        assert b"SFU_AUTH_SECRET" not in environ.read()
    targets = [os.readlink(f"{folder}/fd/{fd}") for fd in os.listdir(f"{folder}/fd")]  # noqa: PTH115, PTH208
    assert all(target == "/dev/null" or target.startswith("socket:") for target in targets)
