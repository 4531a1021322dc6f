"""Follower: everything in the room is subscribed, and what ended is reported as ended."""

import asyncio
from collections.abc import Callable

from sfu_clients.client import Client
from sfu_clients.follower import Follower
from sfu_clients.media.recorded import RecordedSource
from sfu_clients.media.sources import ToneSource
from sfu_clients.recordings.recording import load_recording
from tests.support.running import running, settings


async def until(condition: Callable[[], object]) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def test_follows_the_room() -> None:
    """What was there, what comes, and what ends; wishes hold for what comes later, too."""
    async with (
        running(settings()) as (_, url),
        Client(url, "hall", name="Ana") as ana,
        Client(url, "hall", name="Ben") as ben,
    ):
        (sound,) = await ana.publish(ToneSource())
        async with Follower(ben, 180) as follower:
            await until(lambda: len(ben.subscribers) == 1)
            await ana.publish(RecordedSource(load_recording("vp9-l3t3-key")))
            await until(lambda: len(ben.subscribers) == 2)
            (video,) = [one for one in ben.subscribers.values() if one.publication.kind == "video"]
            await until(lambda: video.viewing.height == 180)
            await follower.wish(360)
            await until(lambda: video.viewing.height == 360)
            await follower.wish(180, video.publication.id)
            await until(lambda: video.viewing.height == 180)
            await until(lambda: follower.reports()[0]["frames_decoded"] > 5)
            await ana.unpublish(sound)
            await until(lambda: len(ben.subscribers) == 1)
            ended, going = follower.reports()
            assert (ended["state"], ended["kind"]) == ("ended", "audio")
            assert ended["frames_decoded"] > 5
            assert "state" not in going
        assert follower.problem is None
        await ana.publish(ToneSource())
        await until(lambda: len(ben.publications()) == 2)
        await asyncio.sleep(0.05)
        assert len(ben.subscribers) == 1, "nobody follows any more"
