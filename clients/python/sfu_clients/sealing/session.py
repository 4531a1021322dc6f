"""What a client does in a room of each mode with what it sends and what it hears."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from sfu.signalling.messages import (
    Chat,
    Mode,
    ParticipantJoined,
    ParticipantLeft,
    ParticipantUpdated,
    PublicationAdded,
    ReportRefusals,
    SealedChat,
    SendChat,
    SendSealedChat,
    ServerMessage,
    Welcome,
)
from sfu_clients.errors import ClientError
from sfu_clients.sealing.consenting import Consenting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from sfu_clients.media.sources import Source
    from sfu_clients.roster import Roster
    from sfu_clients.sealing.room import SealedRoom
    from sfu_clients.signalling import Signalling
    from sfu_clients.subscriber import Subscriber

SEALED_MODE: Final = "e2ee-passphrase"
GROUP_MODE: Final = "e2ee-mls"

REPORT_SECONDS: Final = 5.0
"""Between two reports of what could not be opened."""

_ABOUT_PEOPLE: Final = (
    Welcome,
    ParticipantJoined,
    ParticipantUpdated,
    ParticipantLeft,
    PublicationAdded,
)


def is_about_people(message: ServerMessage) -> bool:
    """Whether somebody came, went or changed, or publishes something new."""
    return isinstance(message, _ABOUT_PEOPLE)


@dataclass(frozen=True, slots=True)
class Stage:
    """The part of a client that its mode acts on."""

    signalling: Signalling
    subscribers: Mapping[str, Subscriber]
    tell: Callable[[ServerMessage], None]
    """Has the client's listeners hear something."""
    alarm: Callable[[str], None]
    """Tells people what they have to know, in a sentence."""


class Session(Protocol):
    """What a client asks of its mode."""

    name: Mode

    async def begin(self) -> str | None:
        """The hello to join with; raises ClientError. `end` ends what this began."""
        ...

    def seal(self, sources: Iterable[Source]) -> None:
        """Have these seal what they send; raises ClientError if one of them cannot."""
        ...

    def hand_out_keys(self, subscribers: Mapping[str, Subscriber]) -> None:
        """Let each subscriber open what its publisher seals now, and nothing else."""
        ...

    def hear(
        self, message: ServerMessage, subscribers: Mapping[str, Subscriber]
    ) -> ServerMessage | None:
        """Learn from any message, and return it as it is meant for the client's listeners.

        None for what nobody may take for the words of a person.
        """
        ...

    def lost(self) -> None:
        """The connection to the server is gone; a `Welcome` is heard when it is back."""
        ...

    async def say(self, chat: SendChat, stage: Stage) -> None:
        """Write a line of chat; raises ClientError."""
        ...

    async def run(self, stage: Stage) -> None:
        """Whatever takes time, for as long as the call lasts."""
        ...

    async def end(self) -> None:
        """The call is over."""
        ...


class ClearSession:
    """In the mode `hop`: nothing, for the server may read everything."""

    name: Mode = "hop"

    async def begin(self) -> None:
        """There is nothing to say."""

    def seal(self, sources: Iterable[Source]) -> None:
        """They are sent as they are."""

    def hand_out_keys(self, subscribers: Mapping[str, Subscriber]) -> None:
        """There are none."""

    def hear(self, message: ServerMessage, subscribers: Mapping[str, Subscriber]) -> ServerMessage:
        """Return it as it came."""
        del subscribers
        return message

    def lost(self) -> None:
        """It does not matter."""

    async def say(self, chat: SendChat, stage: Stage) -> None:
        """As it is."""
        await stage.signalling.send(chat)

    async def run(self, stage: Stage) -> None:
        """There is nothing to do."""

    async def end(self) -> None:
        """There is nothing to forget."""


class SealedSession:
    """In a sealed room: seal sources, give keys to subscribers, open lines, report refusals."""

    name: Mode = SEALED_MODE

    def __init__(self, room: SealedRoom, roster: Roster, *, consents_to: str | None = None) -> None:
        """`consents_to` is the public key of recordings that may open what is ours."""
        self._room = room
        self._roster = roster
        self._consenting = Consenting(room.seal_keys, consents_to)

    async def begin(self) -> str:
        """The same for the whole call."""
        return self._room.hello

    def seal(self, sources: Iterable[Source]) -> None:
        """Seal what these will send; raises ClientError if one of them cannot be."""
        for source in sources:
            source.seal(self._room.sealer(source.name, source.codec))

    def hand_out_keys(self, subscribers: Mapping[str, Subscriber]) -> None:
        """Let each subscriber open what its publisher seals now, and nothing else."""
        self._room.meet(self._roster.people, self._roster.own)
        for owner, publication in self._roster.publications():
            if (subscriber := subscribers.get(publication.id)) is not None:
                subscriber.take_sealed(self._room.opener(owner.id, publication.source))

    def hear(
        self, message: ServerMessage, subscribers: Mapping[str, Subscriber]
    ) -> ServerMessage | None:
        """Learn from any message, and return it; a sealed line as one that can be read.

        A sealed line that cannot be opened is returned as it came, one in clear is nobody's.
        """
        if is_about_people(message):
            self.hand_out_keys(subscribers)
        self._consenting.hear(message)
        if not isinstance(message, SealedChat):
            return None if isinstance(message, Chat) else message
        text = self._room.open_line(message.participant, message.line)
        name = self._room.name(message.participant)
        if text is None or name is None:
            return message
        return Chat(participant=message.participant, name=name, text=text)

    def lost(self) -> None:
        """The others hear our hello again when we are back."""

    async def say(self, chat: SendChat, stage: Stage) -> None:
        """Sealed, for the server to relay."""
        await stage.signalling.send(SendSealedChat(line=self._room.seal_line(chat.text)))

    async def run(self, stage: Stage) -> None:
        """Report what was not opened, and consent to recordings."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(report_refusals(self._room.refusals, stage.signalling))
            tasks.create_task(self._consenting.run(stage.signalling))

    async def end(self) -> None:
        """The keys go with this."""


async def report_refusals(refusals: Callable[[], Counter[str]], signalling: Signalling) -> None:
    """Let the server count what was not opened, whoever is to blame for it; never returns."""
    told: Counter[str] = Counter()
    while True:
        await asyncio.sleep(REPORT_SECONDS)
        refused = refusals()
        if news := refused - told:
            with suppress(ClientError):
                await signalling.send(ReportRefusals(**news))
                told = refused
