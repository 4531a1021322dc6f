"""Signalling: what a client makes of a server's words, and of a server that has none."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import msgspec
import pytest
from aiohttp import WSMsgType, web

from sfu.signalling.messages import Answer, Join, Offer, Problem, Removed, ServerMessage, Welcome
from sfu_clients import signalling as module
from sfu_clients.errors import ClientError, ConnectionEnded, Unreachable
from sfu_clients.signalling import Signalling, websocket_url

JOIN = Join(room="hall", name="Ana")
OFFER = Offer(id=0, sdp="x", publish=(), receive=())
WELCOME = Welcome(
    participant="p",
    room="hall",
    mode="hop",
    resume="secret",
    resumed=False,
    may_publish=True,
    may_subscribe=True,
    moderator=False,
    participants=(),
    speaker=None,
    group=None,
)
Talk = Callable[[web.WebSocketResponse], Awaitable[None]]


async def say(socket: web.WebSocketResponse, message: ServerMessage) -> None:
    """Send it."""
    await socket.send_str(msgspec.json.encode(message).decode())


@asynccontextmanager
async def serving(*talks: Talk) -> AsyncIterator[str]:
    """A server that has these conversations, one per connection; the last one again and again."""
    count = 0

    async def handle(request: web.Request) -> web.WebSocketResponse:
        nonlocal count
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        talk = talks[min(count, len(talks) - 1)]
        count += 1
        await talk(socket)
        await socket.close()
        return socket

    application = web.Application()
    application.router.add_get("/ws", handle)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def listen(socket: web.WebSocketResponse) -> None:
    """Hear what the client says, until it leaves."""
    async for message in socket:
        if message.type is WSMsgType.TEXT and b"leave" in message.data.encode():
            return


async def welcome(socket: web.WebSocketResponse) -> None:
    """Let the client in, and listen."""
    await socket.receive()
    await say(socket, WELCOME)
    await listen(socket)


async def refuse(socket: web.WebSocketResponse) -> None:
    """In the server's own words."""
    await socket.receive()
    await say(socket, Problem(code="no", reason="The room is full.", id=None, fatal=True))


async def babble(socket: web.WebSocketResponse) -> None:
    """Something else."""
    await socket.receive()
    await socket.send_str("{}")


async def silence(socket: web.WebSocketResponse) -> None:
    """Nothing at all."""
    await listen(socket)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://a:1", "ws://a:1/ws"),
        ("https://a/", "wss://a/ws"),
        ("http://[::1]:80/room/x", "ws://[::1]:80/ws"),
    ],
)
def test_addresses(url: str, expected: str) -> None:
    """Of the page, or of a room in it."""
    assert websocket_url(url) == expected


@pytest.mark.parametrize("url", ["", "a", "ftp://a", "http://", "http://a:x", "http://a:99999"])
def test_what_is_no_address(url: str) -> None:
    """Is told."""
    with pytest.raises(ClientError, match="no address"):
        websocket_url(url)


@pytest.mark.parametrize(
    ("talk", "kind", "words"),
    [
        pytest.param(refuse, ClientError, "The room is full.", id="refuses"),
        pytest.param(babble, Unreachable, "does not answer as", id="babbles"),
        pytest.param(silence, Unreachable, "does not answer", id="is silent"),
    ],
)
async def test_who_does_not_let_us_in(
    monkeypatch: pytest.MonkeyPatch, talk: Talk, kind: type[ClientError], words: str
) -> None:
    """Is told in a sentence, within bounds, and nothing is left open."""
    monkeypatch.setattr(module, "ANSWER_SECONDS", 0.3)
    async with serving(talk) as url:
        with pytest.raises(kind, match=words) as caught:
            await Signalling(url, JOIN, on_message=print).connect()
        assert not isinstance(caught.value, ConnectionEnded)


async def test_an_offer_is_answered_refused_or_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each by the answer of its own id."""
    monkeypatch.setattr(module, "ANSWER_SECONDS", 0.5)

    async def answer(socket: web.WebSocketResponse) -> None:
        await socket.receive()
        await say(socket, WELCOME)
        for _ in range(3):
            offer = msgspec.json.decode((await socket.receive()).data)
            await say(socket, Answer(id=offer["id"] + 1000, sdp="another's", notes=()))
            if offer["id"] == 1:
                await say(socket, Answer(id=1, sdp="yes", notes=()))
            elif offer["id"] == 2:
                await say(socket, Problem(code="x", reason="Not so.", id=2, fatal=False))
        await listen(socket)

    async with serving(answer) as url:
        talk = Signalling(url, JOIN, on_message=print)
        await talk.connect()
        assert (await talk.offer(OFFER)).sdp == "yes"
        with pytest.raises(ClientError, match="Not so"):
            await talk.offer(OFFER)
        with pytest.raises(ClientError, match="does not answer"):
            await talk.offer(OFFER)
        await talk.close()


async def test_returns_with_its_secret() -> None:
    """After a drop, as soon as the server lets it, and with the hello of then.

    Who waited for an answer is told.
    """
    joins: list[Join] = []
    heard: list[ServerMessage] = []

    async def drop(socket: web.WebSocketResponse) -> None:
        await socket.receive()
        await say(socket, WELCOME)
        await socket.receive()  # the offer

    async def keep(socket: web.WebSocketResponse) -> None:
        joins.append(msgspec.json.decode((await socket.receive()).data, type=Join))
        await say(socket, WELCOME)
        await listen(socket)

    lost: list[int] = []
    async with serving(drop, keep) as url:
        talk = Signalling(
            url, JOIN, on_message=heard.append, on_lost=lambda: lost.append(len(heard))
        )
        await talk.connect()
        talk.hello = "YW5ldw"
        with pytest.raises(ClientError, match="lost"):
            await talk.offer(OFFER)
        async with asyncio.timeout(5):
            while not heard:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        assert [(join.resume, join.hello) for join in joins] == [("secret", "YW5ldw")]
        assert lost == [0]
        await talk.close()
    assert isinstance(await talk.ended, ConnectionEnded)


@pytest.mark.parametrize(
    ("last", "words"),
    [
        pytest.param(Removed(reason="replaced"), "Somebody else", id="removed"),
        pytest.param(
            Problem(code="x", reason="Too much.", id=None, fatal=True), "Too much", id="a problem"
        ),
    ],
)
async def test_the_end_has_a_reason(last: ServerMessage, words: str) -> None:
    """And is not returned from."""

    async def end(socket: web.WebSocketResponse) -> None:
        await socket.receive()
        await say(socket, WELCOME)
        await socket.send_str("not JSON, which is passed over")
        await socket.send_bytes(b"nor are bytes heard")
        await say(socket, last)
        await listen(socket)

    async with serving(end) as url:
        talk = Signalling(url, JOIN, on_message=print)
        await talk.connect()
        reason = await asyncio.wait_for(talk.ended, 5)
        assert words in str(reason)
        await talk.close()


async def test_gives_up_when_nobody_is_there_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """After as long as a server keeps a place."""
    monkeypatch.setattr(module, "RETURN_SECONDS", 0.5)

    async def drop(socket: web.WebSocketResponse) -> None:
        await socket.receive()
        await say(socket, WELCOME)

    async with serving(drop, babble) as url:
        talk = Signalling(url, JOIN, on_message=print)
        await talk.connect()
        reason = await asyncio.wait_for(talk.ended, 5)
        assert isinstance(reason, ConnectionEnded)
        await talk.close()
