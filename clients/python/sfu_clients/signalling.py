"""The WebSocket to the server: joins, asks and listens, and returns after a drop."""

import asyncio
import os
from collections.abc import Callable
from contextlib import suppress
from typing import Final
from urllib.parse import urlsplit

import aiohttp
import msgspec

from sfu.signalling.messages import (
    MAX_MESSAGE_BYTES,
    Answer,
    ClientMessage,
    Join,
    Leave,
    Offer,
    Problem,
    Removed,
    ServerMessage,
    Welcome,
)
from sfu_clients import tasks
from sfu_clients.errors import ClientError, ConnectionEnded, Unreachable

RETURN_SECONDS: Final = 10.0
"""The server keeps a place for so long."""

ANSWER_SECONDS: Final = 10.0
PAUSES: Final = (0.1, 0.3, 1.0)
"""Seconds between attempts to return; the last one repeats."""

HEARTBEAT_SECONDS: Final = 5.0

_REMOVED: Final = {
    "moderator": "A moderator removed this client from the room.",
    "drained": "The server is shutting down.",
    "replaced": "Somebody else came back with this client's place.",
    "failed": "The server closed this client's place because of a fault.",
}


def websocket_url(url: str) -> str:
    """Where the WebSocket of `http(s)://host:port` is; raises ClientError for anything else."""
    parts = urlsplit(url)
    scheme = {"http": "ws", "https": "wss"}.get(parts.scheme)
    try:
        parts.port  # noqa: B018 - reading it checks it
    except ValueError:
        scheme = None
    if scheme is None or not parts.hostname:
        raise ClientError(f"{url!r} is no address of a server: write http://host:port.")
    return f"{scheme}://{parts.netloc}/ws"


class Signalling:
    """One participant's conversation; what the server says goes to `on_message`."""

    def __init__(
        self,
        url: str,
        join: Join,
        *,
        insecure: bool = False,
        on_message: Callable[[ServerMessage], None],
        on_lost: Callable[[], None] = lambda: None,
    ) -> None:
        """`insecure` believes any certificate. Raises ClientError for a URL that is none.

        `on_lost` is called when the connection drops; a `Welcome` is heard when it is back.
        """
        self._url = websocket_url(url)
        self._join = join
        self._insecure = insecure
        self._on_message = on_message
        self._on_lost = on_lost
        self.hello = join.hello
        """What we come back with."""
        self._http: aiohttp.ClientSession | None = None
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._task: asyncio.Task[None] | None = None
        self._waiting: dict[int, asyncio.Future[Answer]] = {}
        self._requests = 0
        self.ended: asyncio.Future[ClientError] = asyncio.get_running_loop().create_future()
        """Done when nothing more will be heard; its result says why."""

    async def connect(self) -> Welcome:
        """Enter the room; raises ClientError with the server's own words if it refuses."""
        self._http = aiohttp.ClientSession()
        try:
            welcome = await self._enter()
        except ConnectionEnded as refusal:
            await self._http.close()
            raise ClientError(str(refusal)) from refusal
        except BaseException:
            await self._http.close()
            raise
        self._task = tasks.start(self._listen(), "signalling")
        return welcome

    async def _enter(self) -> Welcome:
        await self._close_socket()
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return await self._ask_in()
        except TimeoutError as error:
            await self._close_socket()
            raise Unreachable(f"{self._url} does not answer.") from error

    async def _ask_in(self) -> Welcome:
        assert self._http is not None
        try:
            self._socket = await self._http.ws_connect(
                self._url,
                ssl=not self._insecure,
                max_msg_size=MAX_MESSAGE_BYTES,
                heartbeat=HEARTBEAT_SECONDS,
                timeout=aiohttp.ClientWSTimeout(ws_close=2.0),
            )
            await self._put(msgspec.structs.replace(self._join, hello=self.hello))
        except (aiohttp.ClientError, OSError) as error:
            raise Unreachable(f"Cannot reach {self._url}: {_words(error)}.") from error
        message = await self._socket.receive()
        first = self._decode(message) if message.type is aiohttp.WSMsgType.TEXT else None
        if isinstance(first, Welcome) and first.mode == self._join.mode:
            self._join = msgspec.structs.replace(self._join, resume=first.resume)
            return first
        await self._close_socket()
        if isinstance(first, Welcome):
            raise ConnectionEnded(f"The server takes this room for {first.mode}: we do not enter.")
        if isinstance(first, Problem):
            raise ConnectionEnded(first.reason)
        raise Unreachable(f"{self._url} does not answer as this server does.")

    async def _listen(self) -> None:
        """Read until the end, returning whenever the connection drops."""
        try:
            while True:
                await self._read()
                await self._return()
        except ClientError as error:
            self._end(error)
        except asyncio.CancelledError:
            self._end(ConnectionEnded("This client left."))
            raise
        finally:
            self._end(ConnectionEnded("A fault of this client ended the call."))

    async def _read(self) -> None:
        assert self._socket is not None
        async for message in self._socket:
            if message.type is aiohttp.WSMsgType.TEXT:
                self._take(self._decode(message))

    def _decode(self, message: aiohttp.WSMessage) -> ServerMessage | None:
        """None for what a newer server may say."""
        try:
            return _DECODER.decode(message.data)
        except msgspec.MsgspecError:
            return None

    def _take(self, message: ServerMessage | None) -> None:
        if message is None:
            return
        if isinstance(message, Answer):
            self._settle(message.id, message)
        elif isinstance(message, Problem) and message.id is not None:
            self._settle(message.id, ClientError(message.reason))
        elif isinstance(message, Removed):
            raise ConnectionEnded(_REMOVED[message.reason])
        elif isinstance(message, Problem) and message.fatal:
            raise ConnectionEnded(message.reason)
        else:
            self._on_message(message)

    def _settle(self, ident: int, outcome: Answer | ClientError) -> None:
        waiting = self._waiting.pop(ident, None)
        if waiting is None or waiting.done():
            return
        if isinstance(outcome, Answer):
            waiting.set_result(outcome)
        else:
            waiting.set_exception(outcome)

    async def _return(self) -> None:
        """Enter again with the secret of the welcome, for as long as the server keeps the place."""
        self._on_lost()
        error = ClientError("The connection to the server was lost.")
        self._forget_requests(error)
        until = asyncio.get_running_loop().time() + RETURN_SECONDS
        attempt = 0
        while asyncio.get_running_loop().time() < until:
            await asyncio.sleep(PAUSES[min(attempt, len(PAUSES) - 1)])
            attempt += 1
            try:
                self._on_message(await self._enter())
            except ConnectionEnded:
                raise
            except ClientError as reason:
                error = reason
            else:
                return
        raise ConnectionEnded(str(error))

    def _forget_requests(self, error: ClientError) -> None:
        for ident in list(self._waiting):
            self._settle(ident, error)

    def _end(self, error: ClientError) -> None:
        self._forget_requests(error)
        if not self.ended.done():
            self.ended.set_result(error)

    async def send(self, message: ClientMessage) -> None:
        """Say something; raises ClientError while the connection is down."""
        try:
            await self._put(message)
        except (aiohttp.ClientError, OSError) as error:
            raise ClientError("The connection to the server is down.") from error

    async def _put(self, message: ClientMessage) -> None:
        if self._socket is None:
            raise ClientError("The connection to the server is down.")
        await self._socket.send_str(msgspec.json.encode(message).decode())

    async def offer(self, offer: Offer) -> Answer:
        """Offer, under an id of our own, and wait for the answer; raises ClientError."""
        self._requests += 1
        offer = msgspec.structs.replace(offer, id=self._requests)
        waiting: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting[offer.id] = waiting
        try:
            await self.send(offer)
            async with asyncio.timeout(ANSWER_SECONDS):
                return await waiting
        except TimeoutError as error:
            raise ClientError("The server does not answer an offer.") from error
        finally:
            self._waiting.pop(offer.id, None)

    async def _close_socket(self) -> None:
        socket, self._socket = self._socket, None
        if socket is not None:
            await socket.close()

    async def close(self) -> None:
        """Leave the room and close the connection."""
        if self._task is not None:
            with suppress(ClientError):
                await self.send(Leave())
            await tasks.stop(self._task)
        await self._close_socket()
        if self._http is not None:
            await self._http.close()


_DECODER: Final[msgspec.json.Decoder[ServerMessage]] = msgspec.json.Decoder(ServerMessage)


def _words(error: BaseException) -> str:
    """The reason alone, without aiohttp's address in front of it."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return "its certificate is not trusted (--insecure believes any)"
    if isinstance(error, aiohttp.ClientConnectorError):
        number = error.os_error.errno
        return os.strerror(number).lower() if number else str(error.os_error)
    if isinstance(error, aiohttp.WSServerHandshakeError):
        return f"it answers {error.status}"
    return str(error) or type(error).__name__
