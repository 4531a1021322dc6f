"""One UDP socket per participant: moves datagrams, with the kernel's own time of arrival."""

import asyncio
import socket
import struct
import time
from typing import Final

from sfu_clients.load.path.endpoint import Endpoint

BATCH: Final = 64
"""Most datagrams read per wake-up, so that everybody gets a turn."""

_BUFFER_BYTES: Final = 1 << 20
_DATAGRAM_BYTES: Final = 2048
_SO_TIMESTAMPNS: Final = 35  # Linux; the socket module does not name it
_TIMESPEC: Final = struct.Struct("=qq")
_ANCILLARY_BYTES: Final = socket.CMSG_SPACE(_TIMESPEC.size)
_SO_MEMINFO: Final = 55
_MEMINFO: Final = struct.Struct("9I")  # the last is SK_MEMINFO_DROPS


class UdpSocket:
    """Carries the datagrams of one endpoint.

    The kernel notes when a datagram came (SO_TIMESTAMPNS), so what it then waits for our turn is
    not taken for the server's delay; this costs 1.4 us a packet more than plain `recv`.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        self.send_errors = 0
        self._endpoint = endpoint
        self._socket: socket.socket | None = None

    def open(self, host: str, port: int) -> None:
        """Talk to this address from now on, from another port; raises OSError."""
        self.close()
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        sock = self._socket = socket.socket(family, socket.SOCK_DGRAM)
        sock.setblocking(False)  # noqa: FBT003 - its only form
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER_BYTES)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER_BYTES)
        sock.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        sock.connect((host, port))
        asyncio.get_running_loop().add_reader(sock, self._read, sock)

    def close(self) -> None:
        """Give the port back."""
        if self._socket is not None:
            asyncio.get_running_loop().remove_reader(self._socket)
            self._socket.close()
            self._socket = None

    def send(self, datagram: bytes) -> None:
        """Send one datagram, or count that the kernel would not."""
        assert self._socket is not None
        try:
            self._socket.send(datagram)
        except OSError:  # the buffer is full, or nobody listens there any more
            self.send_errors += 1

    def flush(self) -> None:
        """Send what the endpoint has to send."""
        for datagram in self._endpoint.to_send():
            self.send(datagram)

    @property
    def receive_drops(self) -> int:
        """Datagrams that came faster than we read."""
        if self._socket is None:
            return 0
        info = self._socket.getsockopt(socket.SOL_SOCKET, _SO_MEMINFO, _MEMINFO.size)
        return int(_MEMINFO.unpack(info)[-1])

    def _read(self, sock: socket.socket) -> None:
        receive = self._endpoint.receive
        for _ in range(BATCH):
            try:
                data, ancillary, _, _ = sock.recvmsg(_DATAGRAM_BYTES, _ANCILLARY_BYTES)
            except OSError:  # nothing more, or word that nobody listens there
                break
            if ancillary:
                seconds, nanoseconds = _TIMESPEC.unpack(ancillary[0][2])
                receive(data, now=seconds + nanoseconds * 1e-9)
            else:
                receive(data, now=time.time())
        self.flush()
