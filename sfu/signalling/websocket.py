"""The WebSocket around a session: text in, text out, within bounds."""

import asyncio
import contextlib
from collections.abc import Callable
from enum import IntEnum, auto
from typing import Final, Protocol

import msgspec
import structlog
from aiohttp import WebSocketError, WSCloseCode, WSMessage, WSMsgType, web

from sfu.signalling.messages import MAX_MESSAGE_BYTES, Problem

log = structlog.get_logger()

HEARTBEAT_SECONDS: Final = 10.0
SEND_SECONDS: Final = 5.0
"""A client that does not take a message for this long is let go; it may return."""
CLOSE_SECONDS: Final = 2.0
JOIN_SECONDS: Final = 15.0
"""A client that has not joined a room by then only occupies a socket."""

BURST: Final = 120.0
PER_SECOND: Final = 20.0
BYTES_PER_TOKEN: Final = 8192

_HARD_LIMIT: Final = 2 * MAX_MESSAGE_BYTES
"""Up to here a message that is too long still gets a sentence, beyond only a close code."""


class Conversation(Protocol):
    """What the shell needs of a session."""

    on_output: Callable[[], None]
    """Called when there is something to `take` that no `receive` caused."""

    @property
    def over(self) -> bool:
        """True when the socket is to be closed after sending what is left."""

    @property
    def joined(self) -> bool:
        """True from when the client has entered a room."""

    def receive(self, text: str, *, now: float) -> None:
        """Handle one message, whatever it says."""

    def take(self) -> list[str]:
        """Hand out the messages to be sent, each once."""

    def disconnected(self, *, now: float) -> None:
        """The socket is gone, whether the session was over or not."""


class Ending(IntEnum):
    """Why a socket was closed; also the metric label."""

    CLIENT_CLOSED = 0
    SESSION_OVER = auto()
    TOO_FAST = auto()
    TOO_LONG = auto()
    NOT_TEXT = auto()
    MALFORMED = auto()
    TOO_SLOW = auto()
    SILENT = auto()
    NOT_JOINED = auto()
    FAILED = auto()


SENTENCES: Final = {
    Ending.TOO_FAST: "Too many messages in too short a time; the connection is closed.",
    Ending.TOO_LONG: f"A message may have {MAX_MESSAGE_BYTES} bytes at most.",
    Ending.NOT_TEXT: "Messages are JSON in text frames; a binary frame is not understood.",
    Ending.NOT_JOINED: "Nobody joined a room over this connection in time.",
}

CLOSE_CODES: Final = {
    Ending.TOO_FAST: WSCloseCode.POLICY_VIOLATION,
    Ending.TOO_LONG: WSCloseCode.MESSAGE_TOO_BIG,
    Ending.NOT_TEXT: WSCloseCode.UNSUPPORTED_DATA,
    Ending.NOT_JOINED: WSCloseCode.POLICY_VIOLATION,
}


class Allowance:
    """How much a client may still send: a bucket of tokens, for messages and for their bytes."""

    def __init__(self, *, now: float) -> None:
        self._tokens, self._filled_at = BURST, now

    def spend(self, size: int, *, now: float) -> bool:
        """Pay for a message of `size` bytes; False when the bucket does not hold as much."""
        self._tokens = min(BURST, self._tokens + (now - self._filled_at) * PER_SECOND)
        self._filled_at = now
        price = 1 + size / BYTES_PER_TOKEN
        if price > self._tokens:
            return False
        self._tokens -= price
        return True


class WebSocketShell:
    """Moves messages between sockets and sessions; `endings` counts by Ending."""

    def __init__(self, new_session: Callable[[], Conversation]) -> None:
        self._new_session = new_session
        self.open: set[web.WebSocketResponse] = set()
        self.endings = [0] * len(Ending)

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        """Hold one conversation, until one of both sides ends it."""
        socket = web.WebSocketResponse(
            heartbeat=HEARTBEAT_SECONDS,
            max_msg_size=_HARD_LIMIT,
            timeout=CLOSE_SECONDS,
            compress=False,
            autoping=False,
        )
        await socket.prepare(request)
        self.open.add(socket)
        ending = Ending.FAILED
        try:
            ending = await _Exchange(request, socket, self._new_session()).run()
        except Exception:  # a bug closes one socket, never the server
            log.exception("websocket.failed")
            await socket.close(code=WSCloseCode.INTERNAL_ERROR)
        finally:
            self.open.discard(socket)
            self.endings[ending] += 1
        return socket

    async def close(self) -> None:
        """Close every socket, because the server goes away."""
        going_away = [socket.close(code=WSCloseCode.GOING_AWAY) for socket in self.open]
        await asyncio.gather(*going_away, return_exceptions=True)


class _Exchange:
    """One socket and its session, read by the handler and written by a task of its own."""

    def __init__(
        self, request: web.Request, socket: web.WebSocketResponse, session: Conversation
    ) -> None:
        self._request, self._socket, self._session = request, socket, session
        loop = asyncio.get_running_loop()
        self._clock = loop.time
        self._late = loop.call_later(JOIN_SECONDS, self._look_for_join)
        self._idle = False
        self._allowance = Allowance(now=self._clock())
        self._output = asyncio.Event()
        self._ending = Ending.CLIENT_CLOSED

    async def run(self) -> Ending:
        self._session.on_output = self._output.set
        try:
            async with asyncio.TaskGroup() as tasks:
                writer = tasks.create_task(self._write(), name="sfu:websocket-writer")
                async for message in self._socket:
                    await self._read(message)
                writer.cancel()
        finally:
            self._late.cancel()
            self._session.on_output = _nobody
            self._session.disconnected(now=self._clock())
        return self._ending

    def _look_for_join(self) -> None:
        self._idle = not self._session.joined
        self._output.set()

    async def _read(self, message: WSMessage) -> None:
        if message.type is WSMsgType.TEXT:
            await self._read_text(message.data)
        elif message.type in {WSMsgType.PING, WSMsgType.PONG}:
            await self._read_control(message)
        elif message.type is WSMsgType.ERROR:
            if self._ending is Ending.CLIENT_CLOSED:
                self._ending = _ending_of(message.data)
        else:
            await self._refuse(Ending.NOT_TEXT)

    async def _read_text(self, text: str) -> None:
        size = len(text.encode())
        if size > MAX_MESSAGE_BYTES:
            await self._refuse(Ending.TOO_LONG)
        elif await self._pay(size):
            self._session.receive(text, now=self._clock())
            self._output.set()

    async def _read_control(self, message: WSMessage) -> None:
        """RFC 6455 section 5.5: a ping is answered, a pong is not; neither is for free."""
        if await self._pay(len(message.data)) and message.type is WSMsgType.PING:
            with contextlib.suppress(ConnectionError):
                await self._socket.pong(message.data)

    async def _pay(self, size: int) -> bool:
        """Whether the client may still send as much; if not, that is the end."""
        paid = self._allowance.spend(size, now=self._clock())
        if not paid:
            await self._refuse(Ending.TOO_FAST)
        return paid

    async def _refuse(self, ending: Ending) -> None:
        """Say why, and close."""
        self._ending = ending
        code = ending.name.lower().replace("_", "-")
        problem = Problem(code=code, reason=SENTENCES[ending], fatal=True)
        with contextlib.suppress(ConnectionError):
            await self._send(msgspec.json.encode(problem).decode())
            await self._socket.close(code=CLOSE_CODES[ending])

    async def _write(self) -> None:
        with contextlib.suppress(ConnectionError):  # the reader notices, too
            while not self._socket.closed:
                for text in self._session.take():
                    await self._send(text)
                if self._session.over:
                    self._ending = Ending.SESSION_OVER
                    await self._socket.close()
                    return
                if self._idle:
                    await self._refuse(Ending.NOT_JOINED)
                    return
                await self._output.wait()
                self._output.clear()

    async def _send(self, text: str) -> None:
        try:
            async with asyncio.timeout(SEND_SECONDS):
                await self._socket.send_str(text)
        except TimeoutError:
            self._ending = Ending.TOO_SLOW
            if (transport := self._request.transport) is not None:
                transport.abort()
            raise ConnectionAbortedError from None


def _ending_of(error: BaseException) -> Ending:
    if isinstance(error, WebSocketError):
        too_long = error.code == WSCloseCode.MESSAGE_TOO_BIG
        return Ending.TOO_LONG if too_long else Ending.MALFORMED
    return Ending.SILENT if isinstance(error, TimeoutError) else Ending.CLIENT_CLOSED


def _nobody() -> None:
    """Nobody waits for output any more."""
