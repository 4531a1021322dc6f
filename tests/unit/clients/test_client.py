"""Client: a whole participant against a whole server, over real sockets."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import pytest

from sfu.config import Config, Http, Media, Rooms
from sfu.server import Server
from sfu.signalling.messages import Chat
from sfu.signalling.tokens import Grant, issue
from sfu_clients.client import Client
from sfu_clients.errors import ClientError, ConnectionEnded
from sfu_clients.media.recorded import RecordedSource
from sfu_clients.media.sources import PatternSource, ToneSource
from sfu_clients.recordings.recording import load_recording
from sfu_clients.subscriber import Subscriber
from tests.support.lossy import lossy
from tests.support.running import SECRET, joined, running, settings
from tests.support.server import free_port

SECONDS = 20
SMALL = (160, 96)


@asynccontextmanager
async def served(config: Config | None = None) -> AsyncIterator[tuple[Server, str]]:
    """A server; afterwards, nothing of any client is left."""
    before = asyncio.all_tasks()
    async with running(config or settings()) as (server, url):
        yield server, url
    await asyncio.sleep(0.05)
    left = {task.get_name() for task in asyncio.all_tasks() - before}
    assert not left, left


async def until(condition: Callable[[], object], seconds: float = SECONDS) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - what is looked at knows nothing of events
            await asyncio.sleep(0.02)


async def watch(client: Client, count: int, height: int | None = None) -> list[Subscriber]:
    """Subscribe to everything, once so many publications are there."""
    await until(lambda: len(client.publications()) == count)
    return await client.subscribe(*(one for _, one in client.publications()), height=height)


async def further(subscriber: Subscriber, frames: int = 10) -> None:
    """So many more frames come."""
    before = subscriber.viewing.frames
    await until(lambda: subscriber.viewing.frames >= before + frames)


async def test_pictures_and_sound_go_across() -> None:
    """What one publishes the other decodes; both sides call it by the same id."""
    async with served() as (_, url), Client(url, "hall", name="Ana") as ana:
        published = await ana.publish(PatternSource(size=SMALL), ToneSource())
        async with Client(url, "hall", name="Ben") as ben:
            assert {one.name for one in ben.participants.values()} == {"Ana", "Ben"}
            for subscriber in await watch(ben, 2):
                await until(lambda: subscriber.report()["latency_from"])  # noqa: B023 - at once
                report = subscriber.report()
                assert report["loss"] == 0
                assert 0 < report["latency_ms"]["p50"] < 2000
            assert {one.publication for one in published} == set(ben.subscribers)
            assert published[0].report()["round_trip_ms"] is None or (
                published[0].report()["round_trip_ms"] < 1000
            )


async def test_a_wish_changes_the_layer() -> None:
    """180, 360, 720 lines, nothing, and 720 again."""
    recording = load_recording("vp9-l3t3-key")
    async with served() as (_, url), Client(url, "hall") as ana, Client(url, "hall") as ben:
        await ana.publish(RecordedSource(recording))
        (subscriber,) = await watch(ben, 1, height=180)
        for height, layer in ((180, "S0T2"), (360, "S1T2"), (720, "S2T2"), (0, None)):
            await ben.wish(subscriber.publication.id, height)
            await until(lambda: subscriber.layer == layer)  # noqa: B023 - asked at once
            if height:
                await until(lambda: subscriber.viewing.height == height)  # noqa: B023
        await ben.wish(subscriber.publication.id, 720)
        await further(subscriber)
        assert subscriber.viewing.freezes == 0, "what is switched off does not freeze"


async def test_comes_and_goes() -> None:
    """Tracks begin and end while the call goes on; their m-lines are used again."""
    async with served() as (_, url), Client(url, "hall") as ana, Client(url, "hall") as ben:
        for _ in range(3):
            (publisher,) = await ana.publish(ToneSource())
            (subscriber,) = await watch(ben, 1)
            await further(subscriber)
            await ana.unpublish(publisher)
            await until(lambda: not ben.publications())
            await ben.unsubscribe(*ben.subscribers)
        assert not ben.subscribers


async def test_everybody_hears_what_is_said() -> None:
    """Chat goes both ways; a listener hears every message."""
    async with served() as (_, url), Client(url, "hall") as ana, Client(url, "hall") as ben:
        heard: list[str] = []
        ben.listen(lambda message: heard.append(type(message).__name__))
        await ana.say("Hello.")
        async with asyncio.timeout(SECONDS):
            async for message in ben.messages():
                if isinstance(message, Chat):
                    assert message.text == "Hello."
                    break
        assert heard == ["Chat"]


async def test_finds_who_is_there_and_who_comes() -> None:
    """A publication is found by its owner's name, before and after it is there."""
    async with (
        served() as (_, url),
        Client(url, "hall", name="Ana") as ana,
        Client(url, "hall") as ben,
        asyncio.timeout(SECONDS),
    ):
        finding = asyncio.create_task(ben.find("Ana", "microphone"))
        await asyncio.sleep(0)
        (publisher,) = await ana.publish(ToneSource())
        found = await finding
        assert await ben.find("Ana", "microphone") == found
        await until(lambda: publisher.publication == found.id)


async def test_loss_is_repaired() -> None:
    """With 5 % lost both ways, packets are repeated and pictures go on; none is shown damaged."""
    port = free_port()
    config = Config(
        http=Http(port=0),
        media=Media(host="127.0.0.1", port=port, announce=("127.0.0.2",)),
        rooms=Rooms(),
    )
    async with (
        served(config) as (_, url),
        lossy(("127.0.0.1", port), ("127.0.0.2", port), loss=0.0) as path,
        Client(url, "hall") as ana,
        Client(url, "hall") as ben,
    ):
        (publisher,) = await ana.publish(PatternSource("VP8", size=(640, 360)))
        (subscriber,) = await watch(ben, 1)
        await further(subscriber)
        path.loss = 0.05
        await further(subscriber, 200)
        path.loss = 0.0
        sent, came = publisher.report(), subscriber.report()
    assert path.lost > 0
    assert sent["resent"] > 0
    assert came["recovered"] > 0
    assert 0 < came["loss"] < 0.2
    assert came["undecoded"] < 20


async def test_returns_after_a_dropped_websocket() -> None:
    """The place is kept, media goes on meanwhile, and a wish made meanwhile is fulfilled."""
    recording = load_recording("vp9-l3t3-key")
    async with served() as (_, url), Client(url, "hall") as ana, Client(url, "hall") as ben:
        await ana.publish(RecordedSource(recording))
        (subscriber,) = await watch(ben, 1)
        await further(subscriber)
        own = ben.participant
        socket = ben._signalling._socket  # noqa: SLF001 - nobody else can cut it
        assert socket is not None
        await socket.close()
        with suppress(ClientError):
            await ben.wish(subscriber.publication.id, 180)
        await until(lambda: subscriber.layer == "S0T2")
        assert ben.participant == own
        await further(subscriber)


async def test_gets_another_connection_when_ice_is_lost() -> None:
    """When the path for media is gone, both sides find another, under the same publication."""
    async with served() as (_, url), Client(url, "hall") as ana, Client(url, "hall") as ben:
        await ana.publish(ToneSource())
        (subscriber,) = await watch(ben, 1)
        for client in (ana, ben):
            await further(subscriber)
            await client._call._transport._ice._connection.close()  # noqa: SLF001 - as consent does
            await until(lambda: not client._call.lost)  # noqa: B023, SLF001 - asked at once
        await further(subscriber)
        assert list(ben.subscribers) == [subscriber.publication.id]


async def test_the_end_has_a_reason() -> None:
    """Who is removed is told why, and so is whoever listens to messages."""
    async with served() as (_, url), Client(url, "hall") as ana, joined(url, "Ben") as (ben, _):
        hearing = asyncio.create_task(anext(ana.messages()))
        await asyncio.sleep(0)
        await ben.say("remove", participant=ana.participant)
        async with asyncio.timeout(SECONDS):
            reason = await ana.ended()
            with pytest.raises(ConnectionEnded, match="removed"):
                await hearing
    assert str(reason) == "A moderator removed this client from the room."


async def test_refusals_are_the_servers_words() -> None:
    """No token, a name too long, a wish for what is not there: each a ClientError, nothing left."""
    async with served(settings(secret=SECRET)) as (_, url):
        with pytest.raises(ClientError, match="token"):
            async with Client(url, "hall"):
                pass
    with pytest.raises(ClientError, match="would refuse"):
        Client("http://localhost", "hall", name="x" * 65)
    async with served() as (_, url), Client(url, "hall") as ana:
        with pytest.raises(ClientError, match="not subscribed"):
            await ana.wish("nobody", 180)
        with pytest.raises(ClientError, match="would refuse"):
            await ana.say("")


@pytest.mark.parametrize("right", ["publish", "subscribe"])
async def test_what_a_token_does_not_allow_is_told(right: str) -> None:
    """And leaves nothing half done: what is allowed still works."""
    grant = Grant(may_publish=right != "publish", may_subscribe=right != "subscribe")
    token = issue(grant, SECRET, ttl=60, now=time.time())
    async with (
        served(settings(secret=SECRET)) as (_, url),
        Client(url, "hall", token=issue(Grant(), SECRET, ttl=60, now=time.time())) as ana,
        Client(url, "hall", token=token) as ben,
    ):
        await ana.publish(ToneSource())
        await until(ben.publications)
        publication = ben.publications()[0][1]
        if right == "publish":
            with pytest.raises(ClientError, match="does not let you publish"):
                await ben.publish(ToneSource())
            (subscriber,) = await ben.subscribe(publication)
            await further(subscriber)
        else:
            with pytest.raises(ClientError, match="does not let you watch"):
                await ben.subscribe(publication)
            await ben.publish(ToneSource())
        assert len(ben.publishers) + len(ben.subscribers) == 1
