"""The valve before HTTP: everything arrives in order, but never much of it at a time."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from sfu.signalling import pacing
from sfu.signalling.pacing import SLICE, Paced


class Listener(asyncio.Protocol):
    """Writes down what it gets, and when."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.transport: asyncio.Transport
        self.lost = 0
        self.writing = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert hasattr(transport, "resume_reading")
        self.transport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        self.pieces.append(data)

    def connection_lost(self, exc: Exception | None) -> None:
        assert exc is None
        self.lost += 1

    def pause_writing(self) -> None:
        self.writing = False

    def resume_writing(self) -> None:
        self.writing = True

    @property
    def heard(self) -> bytes:
        return b"".join(self.pieces)


@asynccontextmanager
async def connected() -> AsyncIterator[tuple[Listener, asyncio.StreamReader, asyncio.StreamWriter]]:
    """A listener behind a valve, and the client's end."""
    listener = Listener()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Paced(listener), "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    try:
        yield listener, reader, writer
    finally:
        writer.close()
        with suppress(ConnectionResetError):
            await writer.wait_closed()
        await until(lambda: listener.lost == 1)
        server.close()
        await server.wait_closed()


async def until(condition: object) -> None:
    assert callable(condition)
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0.001)


async def test_everything_arrives_in_order_and_in_slices() -> None:
    """Nothing is lost, and no slice is longer than the loop can wait for."""
    sent = bytes(range(256)) * 400
    async with connected() as (listener, _, writer):
        writer.write(sent)
        await until(lambda: len(listener.heard) == len(sent))
        assert listener.heard == sent
        assert max(map(len, listener.pieces)) <= SLICE


async def test_others_get_their_turn_between_two_slices() -> None:
    """However much has come, each turn of the loop hands on one slice."""
    async with connected() as (listener, _, writer):
        writer.write(bytes(100_000))
        seen = 0
        while len(listener.heard) < 100_000:
            await asyncio.sleep(0)
            assert len(listener.pieces) <= seen + 1
            seen = len(listener.pieces)


async def test_a_flood_flows_at_a_steady_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    """After the burst the sender has to wait, and what waits here is bounded."""
    monkeypatch.setattr(pacing, "BURST", 20_000)
    monkeypatch.setattr(pacing, "PER_SECOND", 100_000)
    async with connected() as (listener, _, writer):
        began = time.monotonic()
        writer.write(bytes(50_000))
        await until(lambda: len(listener.heard) == 50_000)
        assert 0.29 < time.monotonic() - began < 2


async def test_the_pause_of_the_protocol_behind_holds() -> None:
    """It gets nothing until it resumes, though there is something."""
    async with connected() as (listener, _, writer):
        await until(lambda: hasattr(listener, "transport"))
        listener.transport.pause_reading()
        writer.write(b"x" * 10_000)
        await asyncio.sleep(0.05)
        assert listener.heard == b""
        listener.transport.resume_reading()
        await until(lambda: len(listener.heard) == 10_000)


async def test_answers_go_back_and_slow_readers_are_told_of() -> None:
    """The other direction is as if there were no valve."""
    async with connected() as (listener, reader, _):
        await until(lambda: hasattr(listener, "transport"))
        listener.transport.write(b"x" * 8_000_000)
        assert not listener.writing
        assert len(await reader.readexactly(8_000_000)) == 8_000_000
        await until(lambda: listener.writing)


async def test_the_end_is_passed_on_while_something_waits() -> None:
    """What waits for a connection that is gone is dropped."""
    async with connected() as (listener, _, writer):
        writer.write(bytes(1_000_000))
        await until(lambda: listener.pieces)
        listener.transport.abort()
        await until(lambda: listener.lost == 1)
