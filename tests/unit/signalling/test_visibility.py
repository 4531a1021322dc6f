"""What the server could see, over HTTP: for those who may watch the room, and true of it."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import ClientSession, web

from sfu.signalling.tokens import Grant, issue, verify
from sfu.signalling.visibility import VisibilityRoutes
from sfu.visibility.observer import Observer
from sfu.visibility.testimony import Witness
from tests.support.house import Client, House

SHEET = "/rooms/hall/visibility"
GLIMPSES = "/rooms/hall/visibility/glimpses"
NOW = 1_800_000_000.0
SECRET = "thirty-two bytes of nothing but as"


def token(grant: Grant, *, ttl: float = 60.0) -> dict[str, str]:
    """The headers of somebody who has a token, signed by us."""
    return {"Authorization": f"Bearer {issue(grant, SECRET, ttl=ttl, now=NOW)}"}


GUEST = token(Grant(room="hall"))
SCRAPE = token(Grant(may_publish=False, may_subscribe=False, scrape=True))


class Site:
    """The route over rooms in memory, on a port of this machine."""

    def __init__(self, *, open_mode: bool) -> None:
        self.house = House(
            verify=None if open_mode else lambda token: verify(token, SECRET, now=NOW)
        )
        directory = self.house.hall.directory
        self.witness = Witness(directory, clock=lambda: 1000.0)
        observer = Observer(directory, self.witness, clock=lambda: 1000.0)
        self.application = web.Application()
        VisibilityRoutes(self.house.lobby, observer).add_to(self.application)
        self.client: ClientSession

    def enter(self, **fields: object) -> Client:
        """Somebody joins who may do everything."""
        return self.house.guest(token=GUEST["Authorization"].split()[1], **fields)

    async def get(self, headers: dict[str, str], path: str = SHEET) -> tuple[int, Any]:
        """Ask for the sheet, or for something else."""
        async with self.client.get(path, headers=headers) as answer:
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
        pytest.param({"Authorization": "Bearer x"}, 401, "not a token", id="no token of ours"),
        pytest.param(token(Grant(), ttl=-60), 401, "expired", id="expired"),
        pytest.param(token(Grant(may_subscribe=False)), 403, "may watch", id="may only publish"),
        pytest.param(SCRAPE, 403, "no room", id="for metrics"),
        pytest.param(
            token(Grant(room="other", moderator=True)), 403, "another room", id="elsewhere"
        ),
        pytest.param(token(Grant(mode="e2ee-mls")), 403, "mode e2ee-mls", id="another mode"),
        pytest.param({**GUEST, "Origin": "https://evil.example"}, 403, "origin", id="a page"),
    ],
)
@pytest.mark.parametrize("path", [SHEET, GLIMPSES])
async def test_it_is_for_those_who_may_watch_the_room(
    site: Site, path: str, headers: dict[str, str], status: int, words: str
) -> None:
    """Everybody else gets one sentence."""
    site.enter()
    assert (answer := await site.get(headers, path))[0] == status
    assert words in answer[1]
    assert answer[1].count("\n") == 1


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param(GUEST, id="their own join token"),
        pytest.param(token(Grant(may_publish=False)), id="for any room, to watch"),
        pytest.param(token(Grant(mode="hop")), id="for this mode"),
        pytest.param(token(Grant(moderator=True, may_subscribe=False)), id="a moderator's"),
    ],
)
@pytest.mark.parametrize("path", [SHEET, GLIMPSES])
async def test_everybody_who_may_watch_may_know(
    site: Site, path: str, headers: dict[str, str]
) -> None:
    """Not moderators alone: what the witness sees is shown to all."""
    site.enter()
    assert (await site.get(headers, path))[0] == 200


@pytest.mark.parametrize("path", [SHEET, GLIMPSES])
async def test_of_an_empty_room_there_is_none(site: Site, path: str) -> None:
    """It ended with the room."""
    status, words = await site.get(GUEST, path)
    assert status == 404
    assert "Nobody" in words


@pytest.mark.parametrize("site", [True], ids=["open"], indirect=True)
async def test_in_the_open_development_mode_it_takes_no_token(site: Site) -> None:
    """As for everything else there."""
    site.house.guest()
    status, sheet = await site.get({})
    assert status == 200
    assert (sheet["room"], sheet["mode"], sheet["witness"]) == ("hall", "hop", True)
    assert await site.get({}, GLIMPSES) == (200, {"written": 1000.0, "streams": []})


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
    ana = site.enter(**join)
    lines = {line["function"]: line for line in (await site.get(GUEST))[1]["functions"]}
    assert (lines["chat"]["verdict"], lines["chat"]["since"]) == ("none", None)
    ana.say(kind, **line)
    lines = {line["function"]: line for line in (await site.get(GUEST))[1]["functions"]}
    assert lines["chat"]["verdict"] == verdict
    assert lines["chat"]["since"] == 1000.0
    assert lines["chat"]["evidence"]["lines"] == 1
    assert lines["chat"]["evidence"]["bytes"] == len(next(iter(line.values())).encode())
