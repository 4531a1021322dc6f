"""A running HTTP shell around conversations that a test writes itself."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import ClientSession

from sfu.errors import Refused
from sfu.signalling.http import Services, create_application, listen
from sfu.signalling.lobby import Lobby
from sfu.signalling.recordings import RecordingRoutes
from sfu.signalling.resources import Resources
from sfu.signalling.trace import TraceRoutes
from sfu.signalling.visibility import VisibilityRoutes
from sfu.signalling.websocket import Conversation, WebSocketShell
from sfu.signalling.whip import WhipRoutes
from sfu.visibility.observer import Observer
from tests.support.hall import Hall


async def until(condition: Callable[[], object]) -> None:
    """Wait until something is so, which it must be within five seconds."""
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - what is looked at knows nothing of events
            await asyncio.sleep(0.002)


class Site:
    """What a test asks, and what the server behind it would decide."""

    def __init__(
        self,
        page: Path,
        new_session: Callable[[], Conversation],
        *,
        hosts: frozenset[str] | None = None,
    ) -> None:
        self.sockets = WebSocketShell(new_session)
        self.ready = True
        self.tokens: list[str | None] = []
        hall = Hall()
        lobby = Lobby(hall.directory, hall.node, candidates=tuple, verify=None)
        self.services = Services(
            page=page,
            sockets=self.sockets,
            whip=WhipRoutes(Resources(lobby), any_origin=False),
            recordings=RecordingRoutes(lobby, None),
            visibility=VisibilityRoutes(lobby, Observer(hall.directory, None, clock=lambda: 0.0)),
            trace=TraceRoutes(lobby, clock=lambda: 0.0, epoch=lambda: 0.0),
            render_metrics=lambda: (b"sfu_rooms 0\n", "text/plain; version=1.0.0"),
            ready=lambda: self.ready,
            verify_scrape=self._verify_scrape,
            hosts=hosts,
        )
        self.port: int
        self.client: ClientSession

    def _verify_scrape(self, token: str | None) -> None:
        self.tokens.append(token)
        if token is None:
            raise Refused("no-token", "Reading metrics needs a token.")
        if token != "good":
            raise Refused("forbidden", "This token does not grant reading metrics.")


@asynccontextmanager
async def site(
    page: Path, new_session: Callable[[], Conversation], *, hosts: frozenset[str] | None = None
) -> AsyncIterator[Site]:
    """Serve on a free port of localhost; afterwards nothing may be left."""
    before = asyncio.all_tasks()
    served = Site(page, new_session, hosts=hosts)
    runner = await listen(create_application(served.services), host="127.0.0.1", port=0, tls=None)
    served.port = runner.addresses[0][1]
    async with ClientSession(f"http://127.0.0.1:{served.port}") as served.client:
        yield served
    await runner.cleanup()
    assert not served.sockets.open
    assert asyncio.all_tasks() - before - {asyncio.current_task()} == set()
