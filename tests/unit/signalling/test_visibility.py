"""The privacy sheet over HTTP: for moderators alone, and true of what happened in the room."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import ClientSession, web

from sfu.signalling.tokens import Grant
from sfu.signalling.visibility import VisibilityRoutes
from sfu.visibility.observer import Observer
from tests.support.house import House

PATH = "/rooms/hall/visibility"
MODERATOR = {"Authorization": "Bearer moderator"}
GRANTS = {
    "moderator": Grant(moderator=True),
    "guest": Grant(),
    "scrape": Grant(may_publish=False, may_subscribe=False, scrape=True),
    "elsewhere": Grant(room="other", moderator=True),
}


class Site:
    """The route over rooms in memory, on a port of this machine."""

    def __init__(self, *, open_mode: bool) -> None:
        self.house = House(grants=None if open_mode else GRANTS)
        observer = Observer(self.house.hall.directory, None, clock=lambda: 1000.0)
        self.application = web.Application()
        VisibilityRoutes(self.house.lobby, observer.describe).add_to(self.application)
        self.client: ClientSession

    async def get(self, headers: dict[str, str]) -> tuple[int, Any]:
        """Ask for the sheet."""
        async with self.client.get(PATH, headers=headers) as answer:
            if answer.status == 200:
                return 200, await answer.json()
            return answer.status, await answer.text()


@pytest_asyncio.fixture(params=[False], ids=["with tokens"])
async def site(request: pytest.FixtureRequest) -> AsyncIterator[Site]:
    """Served until the test is over."""
    site = Site(open_mode=request.param)
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


@pytest.mark.parametrize("site", [True], ids=["open"], indirect=True)
async def test_in_the_open_development_mode_it_takes_no_token(site: Site) -> None:
    """As for everything else there."""
    site.house.guest()
    status, sheet = await site.get({})
    assert status == 200
    assert (sheet["room"], sheet["mode"], sheet["witness"]) == ("hall", "hop", False)


@pytest.mark.parametrize(
    ("join", "kind", "line", "verdict"),
    [
        pytest.param({}, "send_chat", {"text": "ä!"}, "readable", id="hop"),
        pytest.param(
            {"mode": "e2ee-passphrase", "hello": "QW5h"},
            "send_sealed_chat",
            {"line": "QUJD"},
            "opaque",
            id="sealed",
        ),
    ],
)
async def test_chat_is_counted_as_it_is_held(
    site: Site, join: dict[str, Any], kind: str, line: dict[str, str], verdict: str
) -> None:
    """In bytes, from the first line on."""
    ana = site.house.guest(token="guest", **join)
    lines = {line["function"]: line for line in (await site.get(MODERATOR))[1]["functions"]}
    assert (lines["chat"]["verdict"], lines["chat"]["since"]) == ("none", None)
    ana.say(kind, **line)
    lines = {line["function"]: line for line in (await site.get(MODERATOR))[1]["functions"]}
    assert lines["chat"]["verdict"] == verdict
    assert lines["chat"]["since"] == 1000.0
    assert lines["chat"]["evidence"]["lines"] == 1
    assert lines["chat"]["evidence"]["bytes"] == len(next(iter(line.values())).encode())
