"""The UDP shell: real peers over real sockets, on both event loops."""

from __future__ import annotations

import asyncio
import secrets
import socket
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
import uvloop
from structlog.testing import capture_logs

from sfu.transport import peer as peer_module
from sfu.transport.dtls import generate_certificate
from sfu.transport.events import PeerClosed
from sfu.transport.node import Node
from sfu.transport.udp import UdpShell
from tests.support.endpoint import invite, on_udp, reflect
from tests.support.packets import rtp

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

LOOPS = [
    pytest.param(asyncio.new_event_loop, id="asyncio"),
    pytest.param(uvloop.new_event_loop, id="uvloop"),
]


@asynccontextmanager
async def opened(*, host: str = "") -> AsyncGenerator[UdpShell]:
    """A shell with a node of its own on a free port."""
    node = Node(generate_certificate(), random_bytes=secrets.token_bytes)
    shell = UdpShell(node, host=host, port=0)
    await shell.open()
    try:
        yield shell
    finally:
        shell.close()


async def echo(host: str) -> None:
    """A peer sends RTP and gets it back."""
    async with opened() as shell:
        peer, endpoint = invite(shell.node, server=(host, shell.port), now=time.monotonic())
        reflect(peer)
        async with on_udp(endpoint) as client:
            await client.until(lambda: endpoint.connected)
            packet = rtp(b"hello", sequence_number=7)
            endpoint.send_rtp(packet)
            client.flush()
            await client.until(lambda: bool(endpoint.rtp))
            assert endpoint.rtp == [packet]
            assert endpoint.mapped is not None
            assert peer.address == (*endpoint.mapped, host)
        assert sum(shell.latency.counts) >= 4  # a check, two flights, a packet
        assert (shell.send_drops, shell.send_errors, shell.kernel_drops) == (0, 0, 0)


@pytest.mark.parametrize("new_loop", LOOPS)
@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_serves_both_families(new_loop: Callable[[], asyncio.AbstractEventLoop], host: str) -> None:
    """One socket carries IPv4 and IPv6, and names IPv4 addresses as IPv4."""
    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(echo(host))


async def test_answers_from_where_it_was_asked() -> None:
    """An answer comes from the address that was asked, not from the one nearest to the asker."""
    async with opened() as shell:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.bind(("127.0.0.2", 0))
            client.setblocking(False)  # noqa: FBT003 - not our signature
            for asked in ("127.0.0.1", "127.0.0.3"):
                _, endpoint = invite(shell.node, now=time.monotonic())
                endpoint.check()
                ((check, _),) = endpoint.to_send()
                client.sendto(check, (asked, shell.port))
                answer, source = await asyncio.get_running_loop().sock_recvfrom(client, 2048)
                endpoint.receive(answer, endpoint.server, now=0.0)
                assert endpoint.answered == 1
                assert source == (asked, shell.port)


async def test_ticks_without_traffic(monkeypatch: pytest.MonkeyPatch) -> None:
    """Timeouts pass also when nothing arrives: nobody checked, so the peer is closed."""
    monkeypatch.setattr(peer_module, "FIRST_CHECK_SECONDS", 0.01)
    async with opened() as shell:
        peer, _ = invite(shell.node, now=time.monotonic())
        async with asyncio.timeout(10.0):
            while not peer.closed:  # noqa: ASYNC110 - nothing tells
                await asyncio.sleep(0.001)
        assert peer.take_events() == [PeerClosed("ice_timeout")]


async def test_a_bug_costs_one_peer() -> None:
    """What a handler raises is logged, and the shell goes on for the others."""
    async with opened() as shell:
        server = "127.0.0.1", shell.port
        (peer, endpoint), (other, another) = (
            invite(shell.node, server=server, now=time.monotonic()) for _ in range(2)
        )

        def fail(_data: bytes, /, *, now: float) -> None:
            raise RuntimeError(now)

        peer.on_rtp = fail
        reflect(other)
        async with on_udp(endpoint) as client, on_udp(another) as bystander:
            await client.until(lambda: endpoint.connected)
            await bystander.until(lambda: another.connected)
            endpoint.send_rtp(rtp())
            client.flush()
            with capture_logs() as logged:
                await client.until(lambda: not endpoint.connected)
            another.send_rtp(rtp())
            bystander.flush()
            await bystander.until(lambda: bool(another.rtp))
        assert peer.take_events()[-1] == PeerClosed("internal_error")
    assert logged == [{"event": "datagram.failed", "exc_info": True, "log_level": "error"}]


async def test_counts_what_the_socket_would_not_take() -> None:
    """A full buffer and a refusal of the kernel are drops with a name, not errors."""
    async with opened() as shell:
        peer, endpoint = invite(shell.node, server=("127.0.0.1", shell.port), now=time.monotonic())
        async with on_udp(endpoint) as client:
            await client.until(lambda: endpoint.connected)
            assert peer.address is not None
            peer.address = (peer.address[0], 0)  # where nobody can be sent to
            peer.send_rtcp(bytes.fromhex("80c90001 11223344"))
            shell.flush()
        assert (shell.send_drops, shell.send_errors) == (0, 1)


class Full(socket.socket):
    """A socket whose buffer is full, which loopback's never is."""

    def sendmsg(self, *_: object) -> int:
        """Take nothing."""
        raise BlockingIOError


async def test_counts_what_found_no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """A full send buffer is a drop: nothing waits, and nothing fails."""
    monkeypatch.setattr(socket, "socket", Full)
    async with opened() as shell:
        stranger, endpoint = invite(shell.node, now=time.monotonic())
        endpoint.check()
        ((check, _),) = endpoint.to_send()
        shell.deliver(check, ("127.0.0.1", 9))
        assert (shell.send_drops, shell.send_errors, stranger.closed) == (1, 0, False)


async def test_a_bug_in_a_timeout_costs_one_peer(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is logged, and the shell ticks on."""
    async with opened() as shell:
        ticks = []

        def fail(*, now: float) -> None:
            ticks.append(now)
            raise RuntimeError

        monkeypatch.setattr(shell.node, "handle_timeout", fail)
        with capture_logs() as logged:
            async with asyncio.timeout(10.0):
                while len(ticks) < 2:  # noqa: ASYNC110 - nothing tells
                    await asyncio.sleep(0.001)
    assert logged[0] == {"event": "timeout.failed", "exc_info": True, "log_level": "error"}


async def test_counts_what_found_the_buffer_full() -> None:
    """Datagrams that the kernel had no room for are known by their number."""
    async with opened() as shell:
        assert shell.kernel_drops == 0
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as flood:
            flood.connect(("127.0.0.1", shell.port))
            for _ in range(40_000):  # without a turn of the loop: nobody reads
                flood.send(bytes(1200))
        assert shell.kernel_drops > 0


async def test_is_silent_once_closed() -> None:
    """A late flush after the end sends nothing and fails nowhere."""
    async with opened() as shell:
        peer, endpoint = invite(shell.node, server=("127.0.0.1", shell.port), now=time.monotonic())
        async with on_udp(endpoint) as client:
            await client.until(lambda: endpoint.connected)
    peer.close()
    shell.flush()
    assert shell.kernel_drops == 0
    shell.close()
