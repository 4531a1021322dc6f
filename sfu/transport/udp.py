"""One UDP socket for every peer: moves datagrams and decides nothing."""

import asyncio
import socket
import struct
import time
from typing import TYPE_CHECKING, Final

import structlog

from sfu.transport.address import TCP, Address
from sfu.transport.latency import Histogram
from sfu.transport.node import Node
from sfu.transport.sockets import ANCILLARY_BYTES, SocketNames, bind

if TYPE_CHECKING:
    from collections.abc import Callable

log = structlog.get_logger()

BATCH: Final = 64
"""Most datagrams read per wake-up, so that everything else gets its turn."""

TICK: Final = 0.05
"""Seconds between looks at whether something is due at a peer."""

_BUFFER_BYTES: Final = 4 << 20  # as much of it as the kernel's limits allow
_DATAGRAM_BYTES: Final = 2048
_SO_MEMINFO: Final = 55  # Linux; the socket module does not name it
_MEMINFO = struct.Struct("9I")  # the last is SK_MEMINFO_DROPS


class UdpShell:
    """Hands datagrams to a node and sends what its peers have to send, over TCP connections too."""

    def __init__(self, node: Node, *, host: str, port: int) -> None:
        """`host` is an IP address, or empty for all of IPv6 and IPv4; port 0 is any free one."""
        self.node = node
        self.host = host
        self.port = port
        self.latency = Histogram()
        """From reading a datagram to the last of its copies having left."""
        self.send_drops = 0  # the socket's buffer was full
        self.send_errors = 0  # the kernel would not send there
        self.send_tcp: Callable[[bytes, Address], None] = _discard
        self._socket: socket.socket | None = None
        self._names: SocketNames | None = None
        self._tick_handle: asyncio.TimerHandle | None = None

    async def open(self) -> None:
        """Bind the socket and begin to read; raises OSError when the port cannot be had."""
        self._socket = bind(socket.SOCK_DGRAM, self.host, self.port)
        self.port = self._socket.getsockname()[1]
        for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
            self._socket.setsockopt(socket.SOL_SOCKET, option, _BUFFER_BYTES)
        self._names = SocketNames(self._socket)
        loop = asyncio.get_running_loop()
        loop.add_reader(self._socket, self._read, self._socket, self._names)
        self._tick()

    def close(self) -> None:
        """Stop reading and give the port back."""
        if self._tick_handle is not None:
            self._tick_handle.cancel()
        if self._socket is not None:
            asyncio.get_running_loop().remove_reader(self._socket)
            self._socket.close()
            self._socket = None

    @property
    def kernel_drops(self) -> int:
        """Datagrams that found the receive buffer full, where the kernel tells (Linux)."""
        if self._socket is None:
            return 0
        try:
            info = self._socket.getsockopt(socket.SOL_SOCKET, _SO_MEMINFO, _MEMINFO.size)
        except OSError:
            return 0
        return int(_MEMINFO.unpack(info)[-1])

    def deliver(self, data: bytes, source: Address) -> None:
        """Hand over one datagram, and send what it causes."""
        arrived = time.monotonic()
        try:
            self.node.receive(data, source, now=arrived)
        except Exception:
            log.exception("datagram.failed")  # a bug, which has cost one peer
        self.flush()
        self.latency.note(time.monotonic() - arrived)

    def flush(self) -> None:
        """Send what peers have to send."""
        for peer in self.node.take_ready():
            for data, address in peer.to_send():
                if address[-1] == TCP:
                    self.send_tcp(data, address)
                else:
                    self._send(data, address)

    def _read(self, sock: socket.socket, names: SocketNames) -> None:
        for _ in range(BATCH):
            try:
                data, ancillary, _flags, raw = sock.recvmsg(_DATAGRAM_BYTES, ANCILLARY_BYTES)
            except BlockingIOError:
                return
            self.deliver(data, names.address(raw, ancillary))

    def _send(self, data: bytes, address: Address) -> None:
        sock, names = self._socket, self._names
        if sock is None or names is None:
            return
        route = names.route(address)
        try:
            sock.sendmsg((data,), route.ancillary, 0, route.raw)
        except BlockingIOError:
            self.send_drops += 1
        except OSError:
            self.send_errors += 1

    def _tick(self) -> None:
        self._tick_handle = asyncio.get_running_loop().call_later(TICK, self._tick)
        try:
            self.node.handle_timeout(now=time.monotonic())
        except Exception:
            log.exception("timeout.failed")  # as above
        self.flush()


def _discard(_data: bytes, _address: Address) -> None:
    """Nobody has opened TCP, so nobody came that way."""
