"""The TCP shell: a peer over a real connection, and the bounds on connections."""

from __future__ import annotations

import asyncio
import secrets
import socket
import time
from collections import Counter
from contextlib import ExitStack, asynccontextmanager, suppress
from typing import TYPE_CHECKING

import pytest
import uvloop

from sfu.transport import tcp
from sfu.transport.dtls import generate_certificate
from sfu.transport.framing import frame
from sfu.transport.node import Node
from sfu.transport.tcp import MAX_WAITING_BYTES, TcpShell
from sfu.transport.udp import UdpShell
from tests.support import endpoint as endpoint_module
from tests.support.endpoint import invite, on_tcp, reflect
from tests.support.packets import rtp

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

LOOPS = [
    pytest.param(asyncio.new_event_loop, id="asyncio"),
    pytest.param(uvloop.new_event_loop, id="uvloop"),
]


async def listening() -> TcpShell:
    """A shell on a port that is free for UDP and, which takes luck, for TCP."""
    node = Node(generate_certificate(), random_bytes=secrets.token_bytes)
    while True:
        udp = UdpShell(node, host="", port=0)
        await udp.open()
        try:
            shell = TcpShell(udp)
            await shell.open()
        except OSError:
            udp.close()
        else:
            return shell


@asynccontextmanager
async def opened() -> AsyncGenerator[TcpShell]:
    """A shell with a node of its own on a free port; nothing of it is left afterwards."""
    shell = await listening()
    try:
        yield shell
    finally:
        await shell.close()
        shell.udp.close()
    assert not shell.connections


async def eventually(condition: Callable[[], bool], *, seconds: float = 10.0) -> None:
    """Wait for what the loop does in its own time; raises TimeoutError."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0.001)


async def ended(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    """Whether the other side cut the connection without a word."""
    try:
        async with asyncio.timeout(10.0):
            return await reader.read() == b""
    except ConnectionResetError:
        return True
    finally:
        writer.close()
        with suppress(ConnectionResetError):
            await writer.wait_closed()


async def echo(host: str) -> None:
    """A peer sends RTP and gets it back."""
    async with opened() as shell:
        server = host, shell.udp.port
        peer, endpoint = invite(shell.udp.node, server=server, now=time.monotonic())
        reflect(peer)
        async with on_tcp(endpoint) as client:
            await client.until(lambda: endpoint.connected)
            packet = rtp(b"hello", sequence_number=7)
            endpoint.send_rtp(packet)
            client.flush()
            await client.until(lambda: bool(endpoint.rtp))
            assert endpoint.rtp == [packet]
            assert endpoint.mapped is not None
            assert peer.address == (*endpoint.mapped, host, "tcp")
        await eventually(lambda: peer.address is None)
        assert not peer.closed


@pytest.mark.parametrize("new_loop", LOOPS)
@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_carries_a_peer(new_loop: Callable[[], asyncio.AbstractEventLoop], host: str) -> None:
    """ICE, DTLS and media pass; a peer whose connection ends may come back by another."""
    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(echo(host))


async def test_one_port_may_connect_to_two_hosts() -> None:
    """They are two addresses, each given back once."""
    async with opened() as shell:
        with ExitStack() as connections:
            port = 0
            for host in ("127.0.0.1", "127.0.0.2"):
                client = connections.enter_context(socket.socket())
                client.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
                client.bind(("127.0.0.3", port))
                port = client.getsockname()[1]
                client.connect((host, shell.udp.port))
            await eventually(lambda: len(shell.connections) == 2)
        await eventually(lambda: not shell.connections)


async def test_closes_what_passes_no_check(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever connects and proves nothing is cut off."""
    monkeypatch.setattr(tcp, "PATIENCE", 0.05)
    async with opened() as shell:
        assert await ended(*await asyncio.open_connection("127.0.0.1", shell.udp.port))


async def test_closes_what_is_not_framed() -> None:
    """A frame longer than any datagram ends the connection at once."""
    async with opened() as shell:
        reader, writer = await asyncio.open_connection("127.0.0.1", shell.udp.port)
        writer.write(b"GET / HTTP/1.1\r\n\r\n")
        assert await ended(reader, writer)


@pytest.mark.parametrize("datagram", [pytest.param(b"", id="empty"), pytest.param(b"?", id="one")])
async def test_hears_a_stranger_out_for_a_while_only(
    monkeypatch: pytest.MonkeyPatch, datagram: bytes
) -> None:
    """Who sends many datagrams, and none that proves anything, is cut off after a few of them."""
    handed = 0

    async with opened() as shell:

        def count(_data: bytes, _source: object) -> None:
            nonlocal handed
            handed += 1

        monkeypatch.setattr(shell.udp, "deliver", count)
        reader, writer = await asyncio.open_connection("127.0.0.1", shell.udp.port)
        writer.write(frame(datagram) * 50_000)
        assert await ended(reader, writer)
        assert handed <= tcp.MAX_UNPROVEN + tcp.BATCH


async def test_nobody_waits_for_a_talkative_peer() -> None:
    """However much one connection brings, in each turn of the loop a batch of it is read."""
    batches: list[int] = []
    async with opened() as shell:
        server = "127.0.0.1", shell.udp.port
        peer, endpoint = invite(shell.udp.node, server=server, now=time.monotonic())
        turn = 0
        peer.on_rtp = lambda _data, /, *, now: batches.append(turn) if now else None
        async with on_tcp(endpoint) as client:
            await client.until(lambda: endpoint.connected)
            for number in range(500):
                endpoint.send_rtp(rtp(b"hello", sequence_number=number))
            client.flush()
            while len(batches) < 500:
                await asyncio.sleep(0)
                turn += 1
    assert max(Counter(batches).values()) <= 2 * tcp.BATCH


async def test_bounds_connections_of_one_host(monkeypatch: pytest.MonkeyPatch) -> None:
    """One host gets so many connections and no more; one that ends makes room."""
    monkeypatch.setattr(tcp, "MAX_CONNECTIONS_OF_HOST", 2)
    async with opened() as shell:
        port = shell.udp.port
        kept = [await asyncio.open_connection("127.0.0.1", port) for _ in range(2)]
        assert await ended(*await asyncio.open_connection("127.0.0.1", port))
        assert (shell.refused, len(shell.connections)) == (1, 2)
        for _, writer in kept:
            writer.close()
            await writer.wait_closed()
        await eventually(lambda: not shell.connections)
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        await eventually(lambda: len(shell.connections) == 1)
        writer.close()
        await writer.wait_closed()


async def test_drops_what_a_slow_reader_does_not_take() -> None:
    """What waits for a connection is bounded; the rest is counted, and the peer goes on."""
    async with opened() as shell:
        server = "127.0.0.1", shell.udp.port
        peer, endpoint = invite(shell.udp.node, server=server, now=time.monotonic())
        async with on_tcp(endpoint) as client:
            await client.until(lambda: endpoint.connected)
            client.stop_reading()
            for number in range(20_000):
                packet = rtp(bytes(1100), sequence_number=number & 0xFFFF)
                peer.slot()[: len(packet)] = packet
                peer.commit(len(packet))
                shell.udp.flush()
            (transport,) = (each._transport for each in shell.connections.values())  # noqa: SLF001
            assert transport is not None
            assert MAX_WAITING_BYTES < transport.get_write_buffer_size() < MAX_WAITING_BYTES + 2048
            assert 0 < shell.send_drops < 20_000
            assert not peer.closed


async def test_keeps_a_connection_that_passed_its_check(monkeypatch: pytest.MonkeyPatch) -> None:
    """Patience is for strangers; when the peer goes, the connection does."""
    monkeypatch.setattr(tcp, "PATIENCE", 0.05)
    monkeypatch.setattr(endpoint_module, "CHECK_INTERVAL", 0.2)
    async with opened() as shell:
        server = "127.0.0.1", shell.udp.port
        peer, endpoint = invite(shell.udp.node, server=server, now=time.monotonic())
        async with on_tcp(endpoint) as client:
            await client.until(lambda: endpoint.connected)
            first = endpoint.answered
            await client.until(lambda: endpoint.answered > first)  # and so on
            assert not client.closed
            shell.udp.node.remove_peer(peer)
            shell.udp.flush()
            await client.until(lambda: client.closed)


async def test_counts_what_has_nowhere_to_go() -> None:
    """A datagram for a connection that is gone is a drop."""
    async with opened() as shell:
        shell.send(b"late", ("127.0.0.1", 1, "tcp"))
        assert shell.send_drops == 1
