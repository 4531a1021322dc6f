"""Whatever the witness does, what is forwarded is the same, byte for byte."""

import gc
import os
import signal
import tracemalloc
from collections.abc import Iterator, Sequence

import pytest

from sfu.visibility.channel import HANGS, PAUSE
from sfu.visibility.testimony import Witness
from tests.support.screening import Reel, Screening

SECONDS = 12.0
STREAMS = ["vp9-l3t3-key", "opus"]
WISHES = (720, 360, 0, 180, 720, 360)
ONE_SAMPLE = 200_000
"""Bytes; if it kept each, there would be one every two seconds."""


class Stalled:
    """A witness whose processes stand still from their beginning, and a call that it watches."""

    def __init__(self, name: str) -> None:
        self.reels = Reel(), Reel()
        self.call = Screening(name, self.reels)
        self.stopped: list[int] = []
        self.witness = Witness(self.call.hall.directory, clock=lambda: 0.0)
        self.call.on_follow_up = self._follow_up

    def _follow_up(self, now: float) -> None:
        self.witness.follow_up(now=now)
        process = self.witness.channel._process  # noqa: SLF001 - to be stopped from outside
        if process is not None and process.pid not in self.stopped:
            os.kill(process.pid, signal.SIGSTOP)
            self.stopped.append(process.pid)


@pytest.fixture
def stalled(name: str) -> Iterator[Stalled]:
    """Its processes end with the test."""
    stalled = Stalled(name)
    yield stalled
    stalled.witness.close()


@pytest.mark.parametrize("name", STREAMS)
def test_a_witness_that_stands_still_changes_nothing(name: str, stalled: Stalled) -> None:
    """Nobody gets another packet, and the publisher no other report; wishes change all the time."""
    reels = Reel(), Reel()
    call = Screening(name, reels)
    for lines in WISHES:
        for one in (call, stalled.call):
            one.viewers[0].participant.wish(one.publication, lines, now=one.hall.now)
            one.play(SECONDS / len(WISHES))
    for reel, same in zip(reels, stalled.reels, strict=True):
        assert reel.sent == same.sent
        assert len(reel.sent) > SECONDS * 10
    assert call.requests == stalled.call.requests
    assert len(stalled.stopped) == 1
    assert stalled.witness.samples.total() == 0


@pytest.mark.parametrize("name", STREAMS[:1])
def test_a_witness_that_stands_still_takes_no_more_memory(name: str, stalled: Stalled) -> None:
    """Not with time, and not with every process that takes the place of one that hung."""
    reels = Reel(), Reel()
    more = memory(stalled.call, stalled.reels) - memory(Screening(name, reels), reels)
    assert more < ONE_SAMPLE
    assert stalled.witness.channel.deaths == 2


def memory(call: Screening, reels: Sequence[Reel]) -> int:
    """Bytes that a call has come to hold after so long that a witness hangs twice."""
    tracemalloc.start()
    try:
        for _ in range(round(2 * (HANGS + PAUSE))):
            call.play(1)
            call.requests.clear()
            for reel in reels:
                reel.sent.clear()
        gc.collect()
        return tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
