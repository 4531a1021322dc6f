"""The trace over HTTP: for moderators alone, in the words of metrics and the time of clocks."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import ClientSession, web

from sfu.media.selector import SwitchReason
from sfu.signalling.tokens import Grant
from sfu.signalling.trace import TraceRoutes
from tests.support.house import House
from tests.support.media import VIDEO_SSRC, VP8, video_track
from tests.support.packets import rtp, vp8

PATH = "/rooms/hall/trace"
MODERATOR = {"Authorization": "Bearer moderator"}
EPOCH = 1_700_000_000.0
GRANTS = {
    "moderator": Grant(moderator=True),
    "guest": Grant(),
    "scrape": Grant(may_publish=False, may_subscribe=False, scrape=True),
    "elsewhere": Grant(room="other", moderator=True),
}


class Site:
    """The route over rooms in memory, on a port of this machine."""

    def __init__(self) -> None:
        self.house = House(grants=GRANTS)
        self.application = web.Application()
        hall = self.house.hall
        routes = TraceRoutes(self.house.lobby, clock=lambda: EPOCH + hall.now, epoch=lambda: EPOCH)
        routes.add_to(self.application)
        self.client: ClientSession

    async def get(self, headers: dict[str, str]) -> tuple[int, Any]:
        """Ask for the trace."""
        async with self.client.get(PATH, headers=headers) as answer:
            if answer.status == 200:
                assert answer.headers["Cache-Control"] == "no-store"
                return 200, await answer.json()
            return answer.status, await answer.text()


@pytest_asyncio.fixture
async def site() -> AsyncIterator[Site]:
    """Served until the test is over."""
    site = Site()
    runner = web.AppRunner(site.application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with ClientSession(f"http://127.0.0.1:{runner.addresses[0][1]}") as site.client:
        yield site
    await runner.cleanup()


@pytest.mark.parametrize(
    ("headers", "status", "words"),
    [
        pytest.param({}, 401, "needs a token", id="no token"),
        pytest.param({"Authorization": "Bearer guest"}, 403, "moderators", id="a guest's"),
        pytest.param({"Authorization": "Bearer scrape"}, 403, "no room", id="for metrics"),
        pytest.param({"Authorization": "Bearer elsewhere"}, 403, "another room", id="elsewhere"),
        pytest.param(
            {**MODERATOR, "Origin": "https://evil.example"}, 403, "origin", id="another page"
        ),
    ],
)
async def test_it_is_for_moderators_of_the_room(
    site: Site, headers: dict[str, str], status: int, words: str
) -> None:
    """Everybody else gets a sentence."""
    site.house.guest(token="guest")
    assert (answer := await site.get(headers))[0] == status
    assert words in answer[1]


async def test_of_an_empty_room_there_is_none(site: Site) -> None:
    """It ended with the room."""
    status, words = await site.get(MODERATOR)
    assert status == 404
    assert "Nobody" in words


async def test_it_tells_when_what_and_why(site: Site) -> None:
    """Of a subscription that is there, and of one that has ended."""
    hall = site.house.hall
    ana, (camera,) = hall.publisher(video_track())
    ben = hall.viewer(camera)
    began = hall.now
    ana.send([rtp(vp8(key_frame=True, picture_id=1), ssrc=VIDEO_SSRC, payload_type=VP8)])
    ben.participant.wish(camera, 0, now=began + 0.25)
    hall.pass_time(0.1)
    _, trace = await site.get(MODERATOR)
    assert (trace["room"], trace["written"]) == ("hall", EPOCH + hall.now)
    (told,) = trace["subscriptions"]
    on, *others = told.pop("events")
    assert others == []
    assert on == {
        "event": "switch",
        "at": EPOCH + began,
        "from": None,
        "to": "S0T0",
        "wanted": "S0T0",
        "direction": "on",
        "reason": SwitchReason.START,
        "seconds": 0.0,
    }
    assert told == {
        "viewer": ben.participant.id,
        "publication": camera.id,
        "watched": True,
        "layer": "S0T0",
        "wanted": None,
    }
    ben.participant.wish(camera, 8640, now=began + 0.5)
    ben.participant.disconnect()
    (told,) = (await site.get(MODERATOR))[1]["subscriptions"]
    assert told["events"][0] == on
    assert (told["watched"], told["layer"]) == (False, None)


async def test_a_key_frame_that_was_asked_for_has_its_cause(site: Site) -> None:
    """Here that of somebody who came late; and whom nothing has happened to has no entries."""
    hall = site.house.hall
    ana, (camera,) = hall.publisher(video_track())
    ana.send([rtp(vp8(key_frame=True, picture_id=1), ssrc=VIDEO_SSRC, payload_type=VP8)])
    hall.viewer(camera)
    (silent,) = (await site.get(MODERATOR))[1]["subscriptions"]
    assert silent["events"] == []
    hall.pass_time(0.1)
    (told,) = (await site.get(MODERATOR))[1]["subscriptions"]
    assert told["events"] == [
        {"event": "key_frame_request", "at": EPOCH + 100.0, "cause": "subscribed"}
    ]
