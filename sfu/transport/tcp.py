"""ICE over TCP, as the passive side (RFC 6544): moves framed datagrams and decides nothing."""

import asyncio
import socket
from typing import Final

from sfu.errors import MalformedPacket
from sfu.transport.address import TCP, Address, plain_host
from sfu.transport.framing import FrameReader, frame
from sfu.transport.quota import Quota
from sfu.transport.sockets import bind
from sfu.transport.udp import UdpShell

PATIENCE: Final = 5.0
"""Seconds that a connection may stand without an address that passed a check."""

MAX_CONNECTIONS: Final = 512
MAX_CONNECTIONS_OF_HOST: Final = 64

BATCH: Final = 16
"""Most datagrams of one connection in a turn of the loop, so that everything else gets its turn."""

MAX_UNPROVEN: Final = 64
"""Datagrams that a connection may bring before a check passes; browsers send about ten."""

MAX_WAITING_BYTES: Final = 256 * 1024
"""Most that may wait on one connection, about a second of HD video; the rest is dropped."""


class TcpShell:
    """Listens where a UDP shell does, and works through it."""

    def __init__(self, udp: UdpShell) -> None:
        """`udp` must be open before this is."""
        self.udp = udp
        self.refused = 0  # connections beyond the bounds
        self.send_drops = 0  # datagrams for a connection that is slow or gone
        self.quota = Quota(most=MAX_CONNECTIONS, most_of_host=MAX_CONNECTIONS_OF_HOST)
        self.connections: dict[Address, _Connection] = {}
        self._server: asyncio.Server | None = None

    async def open(self) -> None:
        """Listen on the UDP port's number; raises OSError when it cannot be had."""
        listener = bind(socket.SOCK_STREAM, self.udp.host, self.udp.port)
        self._server = await asyncio.get_running_loop().create_server(
            lambda: _Connection(self), sock=listener
        )
        self.udp.send_tcp = self.send

    async def close(self) -> None:
        """Stop listening and cut all connections."""
        if self._server is not None:
            self._server.close()
            for connection in tuple(self.connections.values()):
                connection.abort()
            await self._server.wait_closed()
            await asyncio.sleep(0)  # connections end in the loop's next turn

    def send(self, data: bytes, address: Address) -> None:
        """Send one datagram over the connection that has this address, if it keeps up."""
        connection = self.connections.get(address)
        if connection is None or not connection.send(data):
            self.send_drops += 1


class _Connection(asyncio.Protocol):
    """One stream of datagrams."""

    def __init__(self, shell: TcpShell) -> None:
        self._shell = shell
        self._reader = FrameReader()
        self._transport: asyncio.Transport | None = None
        self._address: Address | None = None  # once we have taken it on
        self._patience: asyncio.TimerHandle | None = None
        self._paused = False  # while there is more to hand over
        self._unproven = 0  # datagrams of a stranger

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take it on if there is room."""
        name = transport.get_extra_info("peername")  # nothing when it has gone already
        if name is None or not self._shell.quota.enter(plain_host(name[0])):
            self._shell.refused += 1
            transport.abort()
            return
        # One port of theirs may connect to several hosts of ours.
        ours = plain_host(transport.get_extra_info("sockname")[0])
        address: Address = (plain_host(name[0]), name[1], ours, TCP)
        self._transport, self._address = transport, address
        self._shell.connections[address] = self
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Hand over what is complete, a batch now and the others later."""
        transport, address = self._transport, self._address
        if transport is None or address is None or transport.is_closing():
            return
        try:
            frames = self._reader.feed(data, most=BATCH)
        except MalformedPacket:
            self.abort()
            return
        for datagram in frames:
            self._shell.udp.deliver(datagram, address)
        if self._is_tiresome(len(frames), address):
            self.abort()
        else:
            self._pause(transport, paused=len(frames) == BATCH)

    def _is_tiresome(self, count: int, address: Address) -> bool:
        """Whether a stranger has talked for too long without proving who they are."""
        known = self._shell.udp.node.knows(address)
        self._unproven = 0 if known else self._unproven + count
        return self._unproven > MAX_UNPROVEN

    def _pause(self, transport: asyncio.Transport, *, paused: bool) -> None:
        """Read no more while there is something to hand over, in the next turn of the loop."""
        if paused:
            asyncio.get_running_loop().call_soon(self.data_received, b"")
        if paused and not self._paused:
            transport.pause_reading()
        elif self._paused and not paused:
            transport.resume_reading()
        self._paused = paused

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - given to all
        """Give the address back."""
        if self._address is None:
            return
        if self._patience is not None:
            self._patience.cancel()
        del self._shell.connections[self._address]
        self._shell.quota.leave(self._address[0])
        self._shell.udp.node.forget(self._address)
        self._address = None

    def send(self, data: bytes) -> bool:
        """Whether there was room for it."""
        transport = self._transport
        if transport is None or transport.is_closing():
            return False
        if transport.get_write_buffer_size() > MAX_WAITING_BYTES:
            return False
        transport.write(frame(data))
        return True

    def abort(self) -> None:
        """Cut it."""
        if self._transport is not None:
            self._transport.abort()

    def _wait(self) -> None:
        self._patience = asyncio.get_running_loop().call_later(PATIENCE, self._look)

    def _look(self) -> None:
        """Go on as long as a peer is there."""
        if self._address is not None and self._shell.udp.node.knows(self._address):
            self._wait()
        else:
            self.abort()
