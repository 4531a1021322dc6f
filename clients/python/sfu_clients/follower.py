"""Follows a room: subscribes to what others publish, and keeps the reports of what has ended."""

import asyncio
from collections import OrderedDict
from types import TracebackType
from typing import Any, Final, Self

from sfu.signalling.messages import ServerMessage
from sfu_clients import tasks
from sfu_clients.client import Client
from sfu_clients.errors import ClientError

AGAIN_SECONDS: Final = 1.0
"""Between two attempts to subscribe."""

MAX_ENDED: Final = 200
"""Reports kept of publications that have ended."""


class Follower:
    """Within `async with`, everything that others publish is subscribed."""

    def __init__(self, client: Client, height: int | None = None) -> None:
        """`height` is the wish for every picture; None is the server's own choice."""
        self._client = client
        self._height = height
        self._changed = asyncio.Event()
        self._ended: OrderedDict[str, dict[str, Any]] = OrderedDict()
        self._task: asyncio.Task[None] | None = None
        self.problem: ClientError | None = None
        """Why the last subscription failed; None if it did not."""
        self.failed = asyncio.Event()
        """Set when a subscription fails while there is none: it may never succeed."""

    async def __aenter__(self) -> Self:
        self._deafen = self._client.listen(self._notice)
        self._changed.set()
        self._task = tasks.start(self._follow(), "follower")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._deafen()
        await tasks.stop(self._task)

    def _notice(self, _message: ServerMessage) -> None:
        self._changed.set()

    async def _follow(self) -> None:
        while True:
            await self._changed.wait()
            self._changed.clear()
            try:
                await self._catch_up()
            except ClientError as error:
                self.problem = error
                if not self._client.subscribers:
                    self.failed.set()
                self._changed.set()
                await asyncio.sleep(AGAIN_SECONDS)
            else:
                self.problem = None

    async def _catch_up(self) -> None:
        there = {publication.id: publication for _, publication in self._client.publications()}
        gone = [ident for ident in self._client.subscribers if ident not in there]
        for ident in gone:
            self._keep(ident, self._client.subscribers[ident].report())
        if gone:
            await self._client.unsubscribe(*gone)
        new = [one for ident, one in there.items() if ident not in self._client.subscribers]
        if new:
            await self._client.subscribe(*new, height=self._height)

    def _keep(self, ident: str, report: dict[str, Any]) -> None:
        self._ended[ident] = {**report, "state": "ended"}
        if len(self._ended) > MAX_ENDED:
            self._ended.popitem(last=False)

    async def wish(self, height: int, publication: str | None = None) -> None:
        """Wish this height of one publication, or of all, later ones included."""
        chosen = [publication]
        if publication is None:
            self._height = height
            chosen = [
                ident
                for ident, subscriber in self._client.subscribers.items()
                if subscriber.publication.kind == "video"
            ]
        for ident in chosen:
            assert ident is not None
            await self._client.wish(ident, height)

    def reports(self) -> list[dict[str, Any]]:
        """Of what has ended, then of what is received."""
        received = [subscriber.report() for subscriber in self._client.subscribers.values()]
        return [*self._ended.values(), *received]
