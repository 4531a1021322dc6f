"""The WebSocket shell: moves text both ways, and ends with a reason."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp import ClientWebSocketResponse, WSMsgType

from sfu.signalling import websocket
from sfu.signalling.messages import MAX_MESSAGE_BYTES
from sfu.signalling.websocket import BURST, PER_SECOND, Allowance, Ending
from tests.support.site import Site, site, until


class Echo:
    """Says everything back; "bye" ends it, and "bug" is one."""

    def __init__(self) -> None:
        self.on_output: Callable[[], None] = lambda: None
        self.over = False
        self.joined = False
        self.said: list[str] = []
        self.lost: list[float] = []

    def receive(self, text: str, *, now: float) -> None:
        assert text != "bug"
        assert now > 0
        self.over = text == "bye"
        self.said.append(text)

    def take(self) -> list[str]:
        said, self.said = self.said, []
        return said

    def disconnected(self, *, now: float) -> None:
        self.lost.append(now)

    def say(self, text: str) -> None:
        """Speak without having been asked."""
        self.said.append(text)
        self.on_output()


class Room:
    """A served site and the conversations on it."""

    def __init__(self, page: Path) -> None:
        self.page = page
        self.echoes: list[Echo] = []
        self.site: Site

    def new_session(self) -> Echo:
        self.echoes.append(Echo())
        return self.echoes[-1]

    async def connect(self) -> ClientWebSocketResponse:
        return await self.site.client.ws_connect("/ws", max_msg_size=0)

    async def ended(self, ending: Ending) -> None:
        """Wait until one socket has ended, and see that it was for this reason."""
        await until(lambda: any(self.site.sockets.endings))
        counted = [reason for reason in Ending if self.site.sockets.endings[reason]]
        assert counted == [ending]


@pytest_asyncio.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    """A server of echoes."""
    room = Room(tmp_path)
    async with site(tmp_path, room.new_session) as room.site:
        yield room


async def test_text_goes_in_and_out_in_order(room: Room) -> None:
    """Every message of the client reaches the session, and every answer the client."""
    async with await room.connect() as socket:
        for word in ("one", "two", "drei ✓"):
            await socket.send_str(word)
        assert [await socket.receive_str(timeout=5) for _ in range(3)] == ["one", "two", "drei ✓"]


async def test_a_session_may_speak_first(room: Room) -> None:
    """What others in the room cause is sent without waiting for the client to ask."""
    async with await room.connect() as socket, await room.connect() as other:
        await socket.send_str("here")
        await socket.receive_str(timeout=5)
        room.echoes[0].say("somebody came")
        assert await socket.receive_str(timeout=5) == "somebody came"
        await other.send_str("nothing for me")
        assert await other.receive_str(timeout=5) == "nothing for me"


async def test_the_last_words_are_sent_before_the_close(room: Room) -> None:
    """A session that is over says so first."""
    async with await room.connect() as socket:
        await socket.send_str("bye")
        assert await socket.receive_str(timeout=5) == "bye"
        assert (await socket.receive(timeout=5)).type is WSMsgType.CLOSE
    await room.ended(Ending.SESSION_OVER)
    assert len(room.echoes[0].lost) == 1


async def test_a_lost_client_is_reported_once(room: Room) -> None:
    """The session decides for how long its place is kept."""
    async with await room.connect():
        pass
    await room.ended(Ending.CLIENT_CLOSED)
    assert len(room.echoes[0].lost) == 1
    room.echoes[0].say("to nobody")


async def test_a_cut_connection_is_reported_too(room: Room) -> None:
    """Networks do not say goodbye."""
    socket = await room.connect()
    await socket.send_str("here")
    await socket.receive_str(timeout=5)
    connection = socket._response.connection  # noqa: SLF001 - to cut it
    assert connection is not None
    assert connection.transport is not None
    connection.transport.abort()
    await room.ended(Ending.CLIENT_CLOSED)
    assert len(room.echoes[0].lost) == 1


@pytest.mark.parametrize(
    ("size", "binary", "ending", "close_code"),
    [
        pytest.param(MAX_MESSAGE_BYTES + 1, False, Ending.TOO_LONG, 1009, id="too long"),
        pytest.param(3, True, Ending.NOT_TEXT, 1003, id="binary"),
    ],
)
async def test_what_is_refused_gets_a_sentence(
    room: Room, *, size: int, binary: bool, ending: Ending, close_code: int
) -> None:
    """A problem that a person understands comes before the close code."""
    async with await room.connect() as socket:
        await (socket.send_bytes(b"x" * size) if binary else socket.send_str("x" * size))
        problem = json.loads(await socket.receive_str(timeout=5))
        assert (problem["type"], problem["fatal"]) == ("problem", True)
        assert problem["reason"] == websocket.SENTENCES[ending]
        assert (await socket.receive(timeout=5)).data == close_code
    await room.ended(ending)
    assert room.echoes[0].said == []
    assert len(room.echoes[0].lost) == 1


async def test_a_message_may_be_as_long_as_documented(room: Room) -> None:
    """The bound counts bytes of UTF-8, and is itself allowed."""
    async with await room.connect() as socket:
        await socket.send_str("é" * (MAX_MESSAGE_BYTES // 2))
        assert len(await socket.receive_str(timeout=5)) == MAX_MESSAGE_BYTES // 2


async def test_far_too_long_is_cut_off(room: Room) -> None:
    """What could fill the memory is never read to its end."""
    async with await room.connect() as socket:
        await socket.send_str("x" * (8 * MAX_MESSAGE_BYTES))
        assert (await socket.receive(timeout=5)).data == 1009
    await room.ended(Ending.TOO_LONG)


async def test_a_flood_is_cut_off(room: Room) -> None:
    """A client that never stops is told so, and let go."""
    async with await room.connect() as socket:
        for _ in range(int(BURST) + 50):
            await socket.send_str("again")
        words = [await socket.receive(timeout=5)]
        while words[-1].type is WSMsgType.TEXT:
            words.append(await socket.receive(timeout=5))
        assert json.loads(words[-2].data)["code"] == "too-fast"
        assert words[-1].data == 1008
    await room.ended(Ending.TOO_FAST)


async def raw(room: Room) -> asyncio.StreamWriter:
    """A socket whose other end follows no rules after the handshake."""
    _, writer = await asyncio.open_connection("127.0.0.1", room.site.port, limit=1024)
    writer.write(
        b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n"
    )
    await until(lambda: room.echoes)
    return writer


async def test_pings_are_answered(room: Room) -> None:
    """With what was in them (RFC 6455 section 5.5.3), and pongs that nobody asked for are not."""
    async with room.site.client.ws_connect("/ws", autoping=False) as socket:
        await socket.pong(b"unasked")
        await socket.ping(b"are you there?")
        answer = await socket.receive(timeout=5)
        assert (answer.type, answer.data) == (WSMsgType.PONG, b"are you there?")


@pytest.mark.parametrize("opcode", [pytest.param(9, id="ping"), pytest.param(10, id="pong")])
async def test_a_flood_of_control_frames_is_cut_off(room: Room, opcode: int) -> None:
    """They cost as much as messages do."""
    writer = await raw(room)
    writer.write(bytes([0x80 | opcode, 0x80, 0, 0, 0, 0]) * (int(BURST) + 50))
    await room.ended(Ending.TOO_FAST)
    writer.close()


@pytest.mark.parametrize(
    "frame",
    [
        pytest.param(b"\xff" * 64, id="reserved bits"),
        pytest.param(b"\x81\x82\x00\x00\x00\x00\xc3\x28", id="no UTF-8"),
        pytest.param(b"\x80\x80\x00\x00\x00\x00", id="a continuation of nothing"),
    ],
)
async def test_a_malformed_frame_ends_it(room: Room, frame: bytes) -> None:
    """RFC 6455 leaves no choice; nobody else notices."""
    writer = await raw(room)
    writer.write(frame)
    await room.ended(Ending.MALFORMED)
    assert room.echoes[0].said == []
    writer.close()


async def test_a_client_that_does_not_answer_pings_is_let_go(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its place is kept as if its network had failed, which it probably has."""
    monkeypatch.setattr(websocket, "HEARTBEAT_SECONDS", 0.1)
    writer = await raw(room)
    await room.ended(Ending.SILENT)
    assert len(room.echoes[0].lost) == 1
    writer.close()


async def test_a_client_that_takes_nothing_is_let_go(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Buffers of the network fill up once; then the socket is cut, and nobody else waits."""
    monkeypatch.setattr(websocket, "SEND_SECONDS", 0.2)
    writer = await raw(room)
    room.echoes[0].said += ["x" * 1_000_000] * 30
    room.echoes[0].say("too much")
    await room.ended(Ending.TOO_SLOW)
    assert len(room.echoes[0].lost) == 1
    writer.close()


async def test_a_bug_closes_one_socket_only(room: Room) -> None:
    """An exception in one session is no concern of another."""
    async with await room.connect() as broken, await room.connect() as fine:
        await broken.send_str("bug")
        assert (await broken.receive(timeout=5)).data == 1011
        await fine.send_str("still here")
        assert await fine.receive_str(timeout=5) == "still here"
        await room.ended(Ending.FAILED)
    assert len(room.echoes[0].lost) == 1


async def test_a_bug_in_what_is_sent_closes_the_socket_too(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The task that writes cannot die unseen."""

    def broken(_: Echo) -> list[str]:
        raise AssertionError

    async with await room.connect() as socket:
        await socket.send_str("here")
        await socket.receive_str(timeout=5)
        monkeypatch.setattr(Echo, "take", broken)
        await socket.send_str("again")
        assert (await socket.receive(timeout=5)).data == 1011
    await room.ended(Ending.FAILED)


async def test_the_server_says_that_it_goes_away(room: Room) -> None:
    """Clients learn from the close code that they may come back elsewhere."""
    async with await room.connect() as socket, await room.connect() as other:
        closing = asyncio.create_task(room.site.sockets.close())
        assert (await socket.receive(timeout=5)).data == 1001
        assert (await other.receive(timeout=5)).data == 1001
        await closing


@pytest.mark.parametrize(
    ("sizes", "seconds_between", "paid"),
    [
        pytest.param([100] * 110, 0.0, 110, id="a burst is fine"),
        pytest.param([100] * 400, 0.0, 118, id="a longer burst is not"),
        pytest.param([100] * 400, 1.1 / PER_SECOND, 400, id="a steady pace is"),
        pytest.param([MAX_MESSAGE_BYTES] * 9, 0.0, 3, id="large messages cost more"),
        pytest.param([MAX_MESSAGE_BYTES] * 9, 2.0, 9, id="and need more time between them"),
        pytest.param([90_000] * 12, 2 / 12, 12, id="a rush of joiners, one commit for each"),
    ],
)
def test_the_allowance(sizes: list[int], seconds_between: float, paid: int) -> None:
    """Messages and their bytes are paid from one bucket, which fills at a steady rate."""
    allowance = Allowance(now=100.0)
    paid_for = [
        allowance.spend(size, now=100.0 + i * seconds_between) for i, size in enumerate(sizes)
    ]
    assert sum(paid_for) == paid


async def test_who_does_not_join_is_not_kept(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """A socket costs something; who has joined may be silent for as long as they like."""
    monkeypatch.setattr(websocket, "JOIN_SECONDS", 0.05)
    async with await room.connect() as socket, await room.connect() as other:
        await other.send_str("hello")
        await other.receive_str()
        room.echoes[1].joined = True
        problem = json.loads(await socket.receive_str())
        assert problem["code"] == "not-joined"
        await room.ended(Ending.NOT_JOINED)
        await other.send_str("still here")
        assert await other.receive_str() == "still here"
