"""A participant of a room: joins, publishes, subscribes, talks, and comes back after a drop.

async with Client("http://localhost:8080", "standup", name="Echo") as client:
    await client.publish(PatternSource(), ToneSource())
    await client.say("Hello.")
    await client.ended()
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress
from types import TracebackType
from typing import Final, Self, TypeVar

import msgspec

from sfu.keylog import KeyLog
from sfu.signalling.messages import (
    Join,
    LayerChanged,
    MediaSource,
    Mode,
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
from sfu_clients.listeners import Listeners
from sfu_clients.media.concealment import NOTHING_HIDDEN, Concealment
from sfu_clients.media.sources import Source
from sfu_clients.publisher import Publisher
from sfu_clients.roster import Roster
from sfu_clients.sealing.mls.devices import Device
from sfu_clients.sealing.modes import session_for
from sfu_clients.sealing.session import Stage
from sfu_clients.signalling import Signalling
from sfu_clients.subscriber import Subscriber

Sent = TypeVar("Sent", Join, SendChat, Wish)

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
        mode: Mode | None = None,
        device: Device | None = None,
        consents_to: str | None = None,
        keylog: KeyLog | None = None,
        concealment: Concealment = NOTHING_HIDDEN,
    ) -> None:
        """`url` is http(s)://host:port; `insecure` believes any certificate; `keylog` gets keys.

        With a `secret` (see `read_secret`) the room is sealed end to end, or not entered at all;
        without a mode, in `e2ee-passphrase`. In `e2ee-mls`, the others know us by our `device`.
        In sealed rooms, `consents_to` is the public key of recordings that may open what is sent.
        With a `concealment`, packets tell less of what is published.
        """
        self._url, self._insecure, self._keylog = url, insecure, keylog
        self._concealment = concealment
        self._roster = Roster()
        self.mode = session_for(
            mode=mode,
            secret=secret,
            device=device,
            consents_to=consents_to,
            keylog=keylog,
            room=room,
            name=name,
            roster=self._roster,
        )
        """How this client keeps to the room's mode; in a group, it knows who is in it."""
        self._join = _validated(Join(room=room, name=name, token=token, mode=self.mode.name))
        self._signalling: Signalling
        self._call: Call
        self._negotiating = asyncio.Lock()
        self._wanted = self._negotiated = 0  # versions of what is published and subscribed
        self._stale = asyncio.Event()  # the server may not know what we want
        self._listeners = Listeners()
        self._wishes: dict[str, int] = {}
        self.room = room
        self.on_alarm: Callable[[str], None] = lambda _: None
        """Hears what people have to know about the call, as a sentence."""
        self.publishers: list[Publisher] = []
        self.subscribers: dict[str, Subscriber] = {}
        """What we receive, by publication."""

    async def __aenter__(self) -> Self:
        try:
            await self._enter()
        except BaseException:
            await self.mode.end()
            raise
        work = {"keeper": self._keep_connected(), "mode": self.mode.run(self._stage)}
        self._tasks = [tasks.start(one, name) for name, one in work.items()]
        return self

    async def _enter(self) -> None:
        self._signalling = Signalling(
            self._url,
            msgspec.structs.replace(self._join, hello=await self.mode.begin()),
            insecure=self._insecure,
            on_message=self._receive,
            on_lost=self.mode.lost,
        )
        self._stage = Stage(self._signalling, self.subscribers, self._listeners.tell, self._warn)
        self._call = self._new_call()
        self._receive(await self._signalling.connect())

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for task in self._tasks:
            await tasks.stop(task)
        ended: list[Publisher | Subscriber] = [*self.publishers, *self.subscribers.values()]
        for one in ended:
            await one.close()
        await self._signalling.close()
        await self._call.close()
        await self.mode.end()

    def _warn(self, sentence: str) -> None:
        self.on_alarm(sentence)

    def _new_call(self) -> Call:
        return Call(self._signalling.offer, on_lost=self._stale.set, keylog=self._keylog)

    # What one can do in a room

    async def publish(self, *sources: Source) -> list[Publisher]:
        """Publish these, each as a track of its own; they begin when the connection stands."""
        self.mode.seal(sources)
        publishers = [Publisher(source, self._concealment) for source in sources]
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
        self.mode.hand_out_keys(self.subscribers)
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
        await self.mode.say(_validated(SendChat(text=text)), self._stage)

    def listen(self, listener: Callable[[ServerMessage], None]) -> Callable[[], None]:
        """Have every message of the server's given to this function, until the result is called."""
        return self._listeners.add(listener)

    def messages(self) -> AsyncGenerator[ServerMessage, None]:
        """What the server says from now on; raises ConnectionEnded when the call ends."""
        return self._listeners.messages(self._signalling.ended)

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
                self._roster.name(self.publishers)

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
        self._roster.name(self.publishers)
        heard = self.mode.hear(message, self.subscribers)
        if isinstance(heard, LayerChanged) and heard.publication in self.subscribers:
            self.subscribers[heard.publication].receive_layer(heard)
        if heard is not None:
            self._listeners.tell(heard)


def _validated(message: Sent) -> Sent:
    """The message, if it is within the bounds of the protocol; raises ClientError."""
    try:
        msgspec.json.decode(msgspec.json.encode(message), type=type(message))
    except msgspec.ValidationError as error:
        raise ClientError(f"The server would refuse this: {error}.") from error
    return message
