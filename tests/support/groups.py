"""Whole clients in a call with a group, each with a member in V8, against a whole server."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest

from sfu_clients.client import Client
from sfu_clients.sealing.epochs import EpochKeys
from sfu_clients.sealing.mls.engine import ENGINE
from sfu_clients.sealing.mls.media import GroupMedia
from sfu_clients.sealing.mls.session import GroupSession
from tests.support.running import running, settings
from tests.support.secrets import SECRET

SECONDS = 20


async def until(condition: Callable[[], object], seconds: float = SECONDS) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - what is looked at knows nothing of events
            await asyncio.sleep(0.02)


def session(client: Client) -> GroupSession:
    """What the client knows of its group."""
    assert isinstance(client.mode, GroupSession)
    return client.mode


def names(client: Client) -> list[str]:
    """Who is in the group, as this client sees it."""
    return sorted(member.name for member in session(client).members)


def steal(monkeypatch: pytest.MonkeyPatch) -> dict[int, EpochKeys]:
    """The keys of each epoch from now on, as members in this process have them."""
    taken: dict[int, EpochKeys] = {}
    install = GroupMedia.install

    def take(media: GroupMedia, keys: EpochKeys) -> bool:
        taken[keys.epoch] = keys
        return install(media, keys)

    monkeypatch.setattr(GroupMedia, "install", take)
    return taken


class Room:
    """A server, and who is in one room of it."""

    def __init__(self, url: str, stack: AsyncExitStack) -> None:
        self.url = url
        self._stack = stack

    def client(self, name: str, **options: Any) -> Client:  # noqa: ANN401 - any of a client's
        """Somebody with the secret of the room, unless told otherwise."""
        given = {"secret": SECRET, "mode": "e2ee-mls", **options}
        return Client(self.url, "hall", name=name, **given)

    async def enter(self, name: str, **options: Any) -> Client:  # noqa: ANN401 - the same
        """The same, in the room until its end."""
        return await self._stack.enter_async_context(self.client(name, **options))

    async def together(self, *clients: Client) -> None:
        """Until all of them see the same group, of them alone."""
        expected = sorted(client.participants[client.participant].name for client in clients)
        await until(lambda: all(names(client) == expected for client in clients))
        assert len({session(client).group for client in clients}) == 1


@asynccontextmanager
async def room() -> AsyncIterator[Room]:
    """Afterwards, no V8 is left."""
    async with running(settings()) as (_, url), AsyncExitStack() as stack:
        yield Room(url, stack)
    assert ENGINE.members == 0
