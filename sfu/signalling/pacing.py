"""A valve before HTTP: no connection brings more at a time than all the others can wait for.

A parser has to look at each frame and each header, however small. What one read of a socket
brings may be tens of thousands of them, so it is handed on in slices, one in a turn of the loop.
"""

import asyncio
from typing import Any, Final, cast

SLICE: Final = 4096
"""Most bytes handed on in a turn of the loop."""

BURST: Final = 512 * 1024
"""Bytes that may come at once: twice the longest message that is accepted."""

PER_SECOND: Final = 256 * 1024
"""Bytes in the long run; those who keep to the bounds of messages need two thirds of it."""


class _Valve:
    """The transport as the protocol behind sees it: its own pause is not the only one."""

    def __init__(self, transport: asyncio.Transport, paced: "Paced") -> None:
        self._transport, self._paced = transport, paced

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever it is
        return getattr(self._transport, name)

    def pause_reading(self) -> None:
        self._paced.listen(wanted=False)

    def resume_reading(self) -> None:
        self._paced.listen(wanted=True)


class Paced(asyncio.Protocol):
    """Stands between a connection and the protocol that it is for."""

    def __init__(self, inner: asyncio.Protocol) -> None:
        self._inner = inner
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._waiting = bytearray()
        self._allowance = float(BURST)
        self._filled_at = self._loop.time()
        self._timer: asyncio.TimerHandle | None = None
        self._wanted = True  # by the protocol behind
        self._reading = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Introduce the protocol behind to a transport that it shares."""
        self._transport = cast("asyncio.Transport", transport)
        self._inner.connection_made(cast("asyncio.Transport", _Valve(self._transport, self)))

    def data_received(self, data: bytes) -> None:
        """Hand on the first slice, and the others later."""
        self._waiting += data
        if self._timer is None:
            self._flow()

    def eof_received(self) -> bool | None:
        """There is nothing to be paced about the end."""
        return self._inner.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        """What waits is of no use any more."""
        self._transport = None
        if self._timer is not None:
            self._timer.cancel()
        self._inner.connection_lost(exc)

    def pause_writing(self) -> None:
        """Writing is between the two."""
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        """Writing is between the two."""
        self._inner.resume_writing()

    def listen(self, *, wanted: bool) -> None:
        """Take note whether the protocol behind wants to be handed anything."""
        self._wanted = wanted
        if wanted and self._waiting and self._timer is None:
            self._timer = self._loop.call_later(0, self._go_on)
        self._let_in()

    def _go_on(self) -> None:
        self._timer = None
        self._flow()

    def _flow(self) -> None:
        """Hand on what may go now, and see to the rest."""
        if self._transport is None or not self._wanted:
            return
        size = min(SLICE, len(self._waiting))
        missing = size - self._fill()
        if missing <= 0:
            piece = bytes(self._waiting[:size])
            del self._waiting[:size]
            self._allowance -= size
            self._inner.data_received(piece)
        if self._waiting and self._timer is None:
            self._timer = self._loop.call_later(max(0, missing) / PER_SECOND, self._go_on)
        self._let_in()

    def _fill(self) -> float:
        """The bytes that may be handed on now."""
        now = self._loop.time()
        self._allowance = min(BURST, self._allowance + (now - self._filled_at) * PER_SECOND)
        self._filled_at = now
        return self._allowance

    def _let_in(self) -> None:
        """Read from the socket only what can be handed on soon."""
        transport = self._transport
        reading = self._wanted and not self._waiting
        if transport is None or transport.is_closing() or reading == self._reading:
            return
        self._reading = reading
        if reading:
            transport.resume_reading()
        else:
            transport.pause_reading()
