"""A participant of a room: joins, publishes, subscribes, talks, and comes back after a drop.

async with Client("http://localhost:8080", "standup", name="Echo") as client:
    await client.publish(PatternSource(), ToneSource())
    await client.say("Hello.")
    await client.ended()
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Final, Self, TypeVar

import msgspec

from sfu.signalling.messages import (
    Answer,
    Join,
    LayerChanged,
    Offer,
    Participant,
    ParticipantJoined,
    ParticipantLeft,
    ParticipantUpdated,
    Publication,
    PublicationAdded,
    PublicationRemoved,
    PublicationUpdated,
    SendChat,
    ServerMessage,
    Welcome,
    Wish,
)
from sfu_clients.call import Call
from sfu_clients.errors import ClientError
from sfu_clients.media.sources import Source
from sfu_clients.publisher import Publisher
from sfu_clients.signalling import Signalling
from sfu_clients.subscriber import Subscriber

Sent = TypeVar("Sent", Join, SendChat)

REBUILD_SECONDS: Final = 1.0
"""Between two attempts to get another connection for media."""


class Client:
    """One participant; `async with` joins and leaves. Every method may raise ClientError."""

    def __init__(
        self,
        url: str,
        room: str,
        *,
        name: str = "sfu-client",
        token: str | None = None,
        insecure: bool = False,
    ) -> None:
        """`url` is http(s)://host:port; `insecure` believes any certificate."""
        self._url = url
        self._insecure = insecure
        self._join = _validated(Join(room=room, name=name, token=token))
        self._signalling: Signalling
        self._call: Call
        self._negotiating = asyncio.Lock()
        self._wanted = self._negotiated = 0  # versions of what is published and subscribed
        self._keeper: asyncio.Task[None] | None = None
        self._listeners: list[Callable[[ServerMessage], None]] = []
        self._wishes: dict[str, int] = {}
        self.room = room
        self.participant = ""
        """Our own id in the room."""
        self.participants: dict[str, Participant] = {}
        """Everybody in the room by id, ourselves included."""
        self.publishers: list[Publisher] = []
        self.subscribers: dict[str, Subscriber] = {}
        """What we receive, by publication."""

    async def __aenter__(self) -> Self:
        self._signalling = Signalling(
            self._url, self._join, insecure=self._insecure, on_message=self._receive
        )
        self._call = self._new_call()
        self._receive(await self._signalling.connect())
        self._keeper = asyncio.create_task(self._keep_connected(), name="sfu-client:keeper")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
        for publisher in self.publishers:
            await publisher.close()
        for subscriber in self.subscribers.values():
            await subscriber.close()
        await self._signalling.close()
        await self._call.close()

    def _new_call(self) -> Call:
        async def offer(message: Offer) -> Answer:
            return await self._signalling.offer(message)

        return Call(offer)

    # What one can do in a room

    async def publish(self, *sources: Source) -> list[Publisher]:
        """Publish these, each as a track of its own; they begin when the connection stands."""
        publishers = [Publisher(source) for source in sources]
        self.publishers += publishers
        try:
            await self._negotiate()
        except ClientError:
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
        subscribers = [
            self.subscribers.setdefault(publication.id, Subscriber(publication))
            for publication in publications
        ]
        await self._negotiate()
        if height is not None:
            for publication in publications:
                if publication.kind == "video":
                    await self.wish(publication.id, height)
        return subscribers

    async def unsubscribe(self, *publications: str) -> None:
        """Stop receiving these ids."""
        ended = [self.subscribers.pop(ident) for ident in publications if ident in self.subscribers]
        for subscriber in ended:
            self._wishes.pop(subscriber.publication.id, None)
            await subscriber.close()
        await self._negotiate()

    async def wish(self, publication: str, height: int) -> None:
        """The largest picture wanted, in lines of its short side; 0 is off."""
        self._wishes[publication] = height
        await self._signalling.send(Wish(publication=publication, height=height))

    async def say(self, text: str) -> None:
        """Write a line of chat."""
        await self._signalling.send(_validated(SendChat(text=text)))

    def listen(self, listener: Callable[[ServerMessage], None]) -> None:
        """Have every message of the server's given to this function, too."""
        self._listeners.append(listener)

    def publications(self) -> list[tuple[Participant, Publication]]:
        """What others publish at the moment."""
        return [
            (participant, publication)
            for participant in self.participants.values()
            for publication in participant.publications
            if participant.id != self.participant
        ]

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
                await self._call.negotiate(list(self.publishers), list(self.subscribers.values()))
                self._negotiated = negotiated
                self._name_publications()

    async def _keep_connected(self) -> None:
        """Whenever the connection for media is lost, get another one."""
        while True:
            await self._call.lost.wait()
            await asyncio.sleep(REBUILD_SECONDS)
            async with self._negotiating:
                await self._call.close()
                self._call = self._new_call()
            with suppress(ClientError):
                await self._negotiate()
                for publication, height in self._wishes.items():
                    await self._signalling.send(Wish(publication=publication, height=height))
                continue
            self._call.lost.set()

    # What the server says

    def _receive(self, message: ServerMessage) -> None:
        if isinstance(message, Welcome):
            self._receive_welcome(message)
        elif isinstance(message, LayerChanged):
            if message.publication in self.subscribers:
                self.subscribers[message.publication].receive_layer(message)
        else:
            self._update_roster(message)
        for listener in self._listeners:
            listener(message)

    def _receive_welcome(self, message: Welcome) -> None:
        returned = bool(self.participant)
        self.participant = message.participant
        self.participants = {one.id: one for one in message.participants}
        if returned and not message.resumed:
            self._call.lost.set()

    def _update_roster(self, message: ServerMessage) -> None:
        people = self.participants
        match message:
            case ParticipantJoined():
                people[message.participant.id] = message.participant
            case ParticipantLeft():
                people.pop(message.participant, None)
            case ParticipantUpdated() if message.participant in people:
                person = people[message.participant]
                people[person.id] = msgspec.structs.replace(person, connected=message.connected)
            case PublicationAdded() | PublicationUpdated() if message.participant in people:
                self._replace(message.participant, message.publication.id, message.publication)
            case PublicationRemoved() if message.participant in people:
                self._replace(message.participant, message.publication, None)
            case _:
                pass

    def _replace(self, participant: str, ident: str, publication: Publication | None) -> None:
        person = self.participants[participant]
        kept = [one for one in person.publications if one.id != ident]
        if publication is not None:
            kept.append(publication)
        self.participants[participant] = msgspec.structs.replace(person, publications=tuple(kept))
        self._name_publications()

    def _name_publications(self) -> None:
        """Find out under which ids our own tracks are known: sources are told apart by kind."""
        own = self.participants.get(self.participant)
        for publication in own.publications if own is not None else ():
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
