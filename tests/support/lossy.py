"""A bad network path on this machine: a relay for datagrams that loses some of them."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from random import Random
from typing import Any, cast

Address = tuple[str, int]


class _End(asyncio.DatagramProtocol):
    """One socket; what it receives goes to a function, if chance lets it."""

    transport: asyncio.DatagramTransport

    def __init__(self, lets_pass: Callable[[], bool], take: Callable[[bytes, Any], None]) -> None:
        self._lets_pass = lets_pass
        self._take = take

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: Any) -> None:  # noqa: ANN401 - asyncio's
        if self._lets_pass():
            self._take(data, addr)


class LossyRelay:
    """Stands in for a server's port; each client gets a socket of its own towards the server."""

    def __init__(self, server: Address, *, loss: float, seed: int = 1) -> None:
        self.loss = loss
        self.lost = 0
        self._server = server
        self._chance = Random(seed)  # noqa: S311 - weather, not a secret
        self._front: _End
        self._behind: dict[Address, _End] = {}

    def _lets_pass(self) -> bool:
        lost = self._chance.random() < self.loss
        self.lost += lost
        return not lost

    async def open(self, address: Address) -> None:
        """Listen there."""
        arrivals: asyncio.Queue[tuple[bytes, Address]] = asyncio.Queue()
        loop = asyncio.get_running_loop()
        _, self._front = await loop.create_datagram_endpoint(
            lambda: _End(self._lets_pass, lambda data, addr: arrivals.put_nowait((data, addr))),
            local_addr=address,
        )
        self._task = asyncio.create_task(self._forward(arrivals))

    async def _forward(self, arrivals: asyncio.Queue[tuple[bytes, Address]]) -> None:
        while True:
            data, client = await arrivals.get()
            if client not in self._behind:
                self._behind[client] = await self._connect(client)
            self._behind[client].transport.sendto(data)

    async def _connect(self, client: Address) -> _End:
        _, end = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: _End(
                self._lets_pass, lambda data, _: self._front.transport.sendto(data, client)
            ),
            remote_addr=self._server,
        )
        return end

    async def close(self) -> None:
        """Close all sockets."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        for end in (self._front, *self._behind.values()):
            end.transport.close()
        await asyncio.sleep(0)


@asynccontextmanager
async def lossy(server: Address, front: Address, *, loss: float) -> AsyncIterator[LossyRelay]:
    """A relay at `front`, for a while."""
    relay = LossyRelay(server, loss=loss)
    await relay.open(front)
    try:
        yield relay
    finally:
        await relay.close()
