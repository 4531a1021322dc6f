"""The UDP shell: real peers over real sockets, on both event loops."""

from __future__ import annotations

import asyncio
import secrets
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
import uvloop

from sfu.transport.dtls import generate_certificate
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
            assert peer.address == endpoint.mapped
            assert peer.address is not None
            assert peer.address[0] == host
        assert sum(shell.latency.counts) >= 4  # a check, two flights, a packet
        assert (shell.send_drops, shell.send_errors, shell.kernel_drops) == (0, 0, 0)


@pytest.mark.parametrize("new_loop", LOOPS)
@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_serves_both_families(new_loop: Callable[[], asyncio.AbstractEventLoop], host: str) -> None:
    """One socket carries IPv4 and IPv6, and names IPv4 addresses as IPv4."""
    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(echo(host))
