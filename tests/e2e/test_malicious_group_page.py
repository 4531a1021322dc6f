"""A server that holds back what a real page should see of a real client's, in a group.

The numbers are those of the adversarial tests in docs/security.md.
"""

import asyncio
from typing import Any

import pytest

from sfu_clients.media.sources import PatternSource, ToneSource
from tests.support.groups import names, room, until
from tests.support.malice import Malice, Media, corrupt
from tests.support.media import OPUS
from tests.support.page import Page, Seat
from tests.support.secrets import SECRET

HELD_SECONDS = 5.0
FOR_EVER = float("inf")
TOLD_SECONDS = 30.0
"""Two beacons, and what a busy machine needs."""

SETTLE_SECONDS = 2.0


@pytest.fixture
def malice(monkeypatch: pytest.MonkeyPatch) -> Malice:
    """The server of this test."""
    return corrupt(monkeypatch)


class Holding:
    """Holds back pictures for Ben, once it is told for how long, and lets sound through."""

    def __init__(self, malice: Malice) -> None:
        self._malice = malice
        self.seconds = 0.0
        malice.forward = self.forward

    def forward(self, name: str, packet: bytes) -> list[bytes]:
        if name != "Ben" or not self.seconds or Media(packet).payload_type == OPUS:
            return [packet]
        if self.seconds < FOR_EVER:
            loop = asyncio.get_running_loop()
            loop.call_later(self.seconds, self._malice.send, name, packet)
        return []


async def known(page: Page, name: str, source: Any) -> dict[str, Any]:  # noqa: ANN401 - a Source
    """What the page knows of somebody's publication."""
    return await asyncio.to_thread(page.find, name, source) or {}


@pytest.mark.parametrize(
    ("seconds", "key", "words"),
    [
        pytest.param(FOR_EVER, "frozen", "lets nothing of it through", id="34: one stream stopped"),
        pytest.param(HELD_SECONDS, "delayed", "held back", id="35: five seconds late"),
    ],
)
async def test_what_is_held_back_is_told(
    malice: Malice, person: Seat, seconds: float, key: str, words: str
) -> None:
    """Ana's picture is attacked and her sound is not: the tile of her picture says so."""
    ben = person("Ben", "chromium")
    holding = Holding(malice)
    async with room() as hall:
        ana = await hall.enter("Ana")
        await ana.publish(PatternSource("VP8", size=(320, 180), rate=10), ToneSource())
        await asyncio.to_thread(ben.join, hall.url, "hall", mls=SECRET, camera=0, mic=0)
        await until(lambda: names(ana) == ["Ana", "Ben"])
        try:
            await asyncio.to_thread(ben.sees, "Ana")
            await asyncio.sleep(SETTLE_SECONDS)
            before = await known(ben, "Ana", "camera")
            assert (before["frozen"], before["delayed"]) == (False, False)
            holding.seconds = seconds
            await asyncio.to_thread(ben.reads, words, TOLD_SECONDS)
            assert (await known(ben, "Ana", "camera"))[key] is True
            assert (await known(ben, "Ana", "microphone"))[key] is False
        finally:
            await asyncio.to_thread(ben.close)
