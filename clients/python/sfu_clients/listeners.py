"""Those who hear what the server says: functions, and whoever iterates."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from functools import partial
from typing import Final

from sfu.signalling.messages import ServerMessage
from sfu_clients.errors import ClientError

MAX_HEARD: Final = 1000
"""Messages that wait for whoever iterates over them; further ones are not heard."""


class Listeners:
    """Each hears every message, in order."""

    def __init__(self) -> None:
        self._listeners: list[Callable[[ServerMessage], None]] = []

    def add(self, listener: Callable[[ServerMessage], None]) -> Callable[[], None]:
        """Have it called, until the result is."""
        self._listeners.append(listener)
        return partial(self._listeners.remove, listener)

    def tell(self, message: ServerMessage) -> None:
        """All of them."""
        for listener in tuple(self._listeners):
            listener(message)

    async def messages(
        self, ended: asyncio.Future[ClientError]
    ) -> AsyncGenerator[ServerMessage, None]:
        """What is told from now on; raises what ends it."""
        heard: asyncio.Queue[ServerMessage] = asyncio.Queue(MAX_HEARD)

        def hear(message: ServerMessage) -> None:
            if not heard.full():
                heard.put_nowait(message)

        deafen = self.add(hear)
        hearing = asyncio.ensure_future(heard.get())
        try:
            while True:
                await asyncio.wait((hearing, ended), return_when=asyncio.FIRST_COMPLETED)
                if not hearing.done():
                    raise ended.result()
                yield hearing.result()
                hearing = asyncio.ensure_future(heard.get())
        finally:
            deafen()
            hearing.cancel()
