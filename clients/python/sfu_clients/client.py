"""A participant of a room: joins, publishes, subscribes, talks, and comes back after a drop.

async with Client("http://localhost:8080", "standup", name="Echo") as client:
    await client.publish(PatternSource(), ToneSource())
    await client.say("Hello.")
    await client.ended()
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress
from functools import partial
from types import TracebackType
from typing import Final, Self, TypeVar

import msgspec

from sfu.keylog import KeyLog
from sfu.signalling.messages import (
    Join,
    LayerChanged,
    MediaSource,
    Participant,
    Publication,
    SendChat,
    ServerMessage,
    Welcome,
    Wish,
)
from sfu_clients import tasks
from sfu_clients.call import Call
from sfu_clients.errors import ClientError
from sfu_clients.media.sources import Source
from sfu_clients.publisher import Publisher
from sfu_clients.roster import Roster
from sfu_clients.sealing.room import SealedRoom
from sfu_clients.sealing.session import ClearSession, SealedSession
from sfu_clients.signalling import Signalling
from sfu_clients.subscriber import Subscriber

Sent = TypeVar("Sent", Join, SendChat, Wish)

MAX_HEARD: Final = 1000
"""Messages that wait for whoever iterates over them; further ones are not heard."""

REBUILD_SECONDS: Final = 1.0
"""Between two attempts to get another connection for media."""


class Client:
    """One participant; `async with` joins and leaves. Every method may raise ClientError."""

    def __init__(  # noqa: PLR0913 - by name: how one joins
        self,
        url: str,
        room: str,
        *,
        name: str = "sfu-client",
        token: str | None = None,
        insecure: bool = False,
        secret: str | None = None,
        keylog: KeyLog | None = None,
    ) -> None:
        """`url` is http(s)://host:port; `insecure` believes any certificate; `keylog` gets keys.

        With a `secret` (see `read_secret`) the room is sealed end to end, or not entered at all.
        """
        self._keylog = keylog
        self._url = url
        self._insecure = insecure
        self._roster = Roster()
        self._mode: ClearSession | SealedSession = ClearSession()
        if secret is not None:
            self._mode = SealedSession(SealedRoom(secret, room, name, keylog), self._roster)
        self._join = _validated(
            Join(room=room, name=name, token=token, mode=self._mode.name, hello=self._mode.hello)
        )
        self._signalling: Signalling
        self._call: Call
        self._negotiating = asyncio.Lock()
        self._wanted = self._negotiated = 0  # versions of what is published and subscribed
        self._stale = asyncio.Event()  # the server may not know what we want
        self._keeper: asyncio.Task[None] | None = None
        self._reporter: asyncio.Task[None] | None = None
        self._listeners: list[Callable[[ServerMessage], None]] = []
        self._wishes: dict[str, int] = {}
        self.room = room
        self.publishers: list[Publisher] = []
        self.subscribers: dict[str, Subscriber] = {}
        """What we receive, by publication."""

    async def __aenter__(self) -> Self:
        self._signalling = Signalling(
            self._url, self._join, insecure=self._insecure, on_message=self._receive
        )
        self._call = self._new_call()
        self._receive(await self._signalling.connect())
        self._keeper = tasks.start(self._keep_connected(), "keeper")
        self._reporter = tasks.start(self._mode.report(self._signalling), "reporter")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await tasks.stop(self._keeper)
        await tasks.stop(self._reporter)
        for publisher in self.publishers:
            await publisher.close()
        for subscriber in self.subscribers.values():
            await subscriber.close()
        await self._signalling.close()
        await self._call.close()

    def _new_call(self) -> Call:
        return Call(self._signalling.offer, on_lost=self._stale.set, keylog=self._keylog)

    # What one can do in a room

    async def publish(self, *sources: Source) -> list[Publisher]:
        """Publish these, each as a track of its own; they begin when the connection stands."""
        self._mode.seal(sources)
        publishers = [Publisher(source) for source in sources]
        self.publishers += publishers
        try:
            await self._negotiate()
            for publisher in publishers:
                if publisher.problem is not None:
                    raise publisher.problem
        except ClientError:
            with suppress(ClientError):  # the first reason is the one to tell
                await self.unpublish(*publishers)
            raise
        return publishers

    async def unpublish(self, *publishers: Publisher) -> None:
        """Stop publishing these."""
        for publisher in publishers:
            self.publishers.remove(publisher)
            await publisher.close()
        await self._negotiate()

    async def subscribe(
        self, *publications: Publication, height: int | None = None
    ) -> list[Subscriber]:
        """Receive these; pictures with at most `height` lines, if that is given."""
        new = [one for one in publications if one.id not in self.subscribers]
        self.subscribers |= {publication.id: Subscriber(publication) for publication in new}
        self._mode.hand_out_keys(self.subscribers)
        try:
            if height is not None:  # before anything larger is sent
                for publication in publications:
                    if publication.kind == "video":
                        await self.wish(publication.id, height)
            await self._negotiate()
        except ClientError:
            for publication in new:
                self._wishes.pop(publication.id, None)
                await self.subscribers.pop(publication.id).close()
            raise
        return [self.subscribers[publication.id] for publication in publications]

    async def unsubscribe(self, *publications: str) -> None:
        """Stop receiving these ids."""
        ended = [self.subscribers.pop(ident) for ident in publications if ident in self.subscribers]
        for subscriber in ended:
            self._wishes.pop(subscriber.publication.id, None)
            await subscriber.close()
        await self._negotiate()

    async def wish(self, publication: str, height: int) -> None:
        """The largest picture wanted of a subscribed id, in lines of its short side; 0 is off."""
        if publication not in self.subscribers:
            raise ClientError(f"{publication!r} is not subscribed.")
        wish = _validated(Wish(publication=publication, height=height))
        self._wishes[publication] = height
        await self._signalling.send(wish)

    async def say(self, text: str) -> None:
        """Write a line of chat."""
        await self._signalling.send(self._mode.line(_validated(SendChat(text=text))))

    def listen(self, listener: Callable[[ServerMessage], None]) -> Callable[[], None]:
        """Have every message of the server's given to this function, until the result is called."""
        self._listeners.append(listener)
        return partial(self._listeners.remove, listener)

    async def messages(self) -> AsyncGenerator[ServerMessage, None]:
        """What the server says from now on; raises ConnectionEnded when the call ends."""
        heard: asyncio.Queue[ServerMessage] = asyncio.Queue(MAX_HEARD)

        def hear(message: ServerMessage) -> None:
            if not heard.full():
                heard.put_nowait(message)

        deafen = self.listen(hear)
        ended = asyncio.ensure_future(self.ended())
        hearing = asyncio.ensure_future(heard.get())
        try:
            while True:
                await asyncio.wait((hearing, ended), return_when=asyncio.FIRST_COMPLETED)
                if not hearing.done():
                    raise ended.result()
                yield hearing.result()
                hearing = asyncio.ensure_future(heard.get())
        finally:
            deafen()
            hearing.cancel()
            ended.cancel()

    async def find(self, name: str, source: MediaSource) -> Publication:
        """What somebody of this name publishes, as soon as they do."""
        messages = self.messages()
        try:
            while True:
                for participant, publication in self.publications():
                    if participant.name == name and publication.source == source:
                        return publication
                await anext(messages)
        finally:
            await messages.aclose()

    @property
    def participant(self) -> str:
        """Our own id in the room."""
        return self._roster.own

    @property
    def participants(self) -> dict[str, Participant]:
        """Everybody in the room by id, ourselves included."""
        return self._roster.people

    def publications(self) -> list[tuple[Participant, Publication]]:
        """What others publish at the moment."""
        return self._roster.publications()

    async def ended(self) -> ClientError:
        """Wait until the server ends the call, and say why."""
        return await asyncio.shield(self._signalling.ended)

    # Agreeing with the server

    async def _negotiate(self) -> None:
        """Offer what is wanted by now, unless an offer that waited before us did so."""
        self._wanted += 1
        version = self._wanted
        async with self._negotiating:
            if self._negotiated < version:
                negotiated = self._wanted
                there = {publication.id for _, publication in self.publications()}
                subscribers = [one for ident, one in self.subscribers.items() if ident in there]
                await self._call.negotiate(list(self.publishers), subscribers)
                self._negotiated = negotiated
                self._name_publications()

    async def _keep_connected(self) -> None:
        """When the connection for media is lost, or the server lost us, have what we had again."""
        while True:
            await self._stale.wait()
            self._stale.clear()
            try:
                await self._renew()
            except ClientError:
                self._stale.set()
                await asyncio.sleep(REBUILD_SECONDS)

    async def _renew(self) -> None:
        async with self._negotiating:
            if self._call.lost:
                await self._call.close()
                self._call = self._new_call()
        await self._negotiate()
        for publication, height in self._wishes.items():
            await self._signalling.send(Wish(publication=publication, height=height))

    # What the server says

    def _receive(self, message: ServerMessage) -> None:
        if isinstance(message, Welcome) and self.participant:  # we returned
            if not message.resumed:
                self._call.lose()
            self._stale.set()
        self._roster.receive(message)
        self._name_publications()
        message = self._mode.hear(message, self.subscribers)
        if isinstance(message, LayerChanged) and message.publication in self.subscribers:
            self.subscribers[message.publication].receive_layer(message)
        for listener in tuple(self._listeners):
            listener(message)

    def _name_publications(self) -> None:
        """Find out under which ids our own tracks are known: sources are told apart by name."""
        for publication in self._roster.own_publications():
            for publisher in self.publishers:
                if publisher.source.name == publication.source:
                    publisher.publication = publication.id


def _validated(message: Sent) -> Sent:
    """The message, if it is within the bounds of the protocol; raises ClientError."""
    try:
        msgspec.json.decode(msgspec.json.encode(message), type=type(message))
    except msgspec.ValidationError as error:
        raise ClientError(f"The server would refuse this: {error}.") from error
    return message
