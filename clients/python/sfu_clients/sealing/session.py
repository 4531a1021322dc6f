"""What a client does in a room of each mode with what it sends and what it hears."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from sfu.signalling.messages import (
    Chat,
    Mode,
    ParticipantJoined,
    ParticipantLeft,
    ParticipantUpdated,
    PublicationAdded,
    Recording,
    RecordingStarted,
    ReportRefusals,
    SealedChat,
    SendChat,
    SendRecordingKeys,
    SendSealedChat,
    ServerMessage,
    Welcome,
)
from sfu_clients.errors import ClientError
from sfu_clients.sealing.sframe import SealError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sfu_clients.media.sources import Source
    from sfu_clients.roster import Roster
    from sfu_clients.sealing.room import SealedRoom
    from sfu_clients.signalling import Signalling
    from sfu_clients.subscriber import Subscriber

SEALED_MODE: Final = "e2ee-passphrase"

REPORT_SECONDS: Final = 5.0
"""Between two reports of what could not be opened."""

_ABOUT_HELLOS: Final = (
    Welcome,
    ParticipantJoined,
    ParticipantUpdated,
    ParticipantLeft,
    PublicationAdded,
)


class ClearSession:
    """In the mode `hop`: nothing, for the server may read everything."""

    name: Mode = "hop"
    hello: str | None = None

    def seal(self, sources: Iterable[Source]) -> None:
        """They are sent as they are."""

    def hand_out_keys(self, subscribers: Mapping[str, Subscriber]) -> None:
        """There are none."""

    def hear(self, message: ServerMessage, subscribers: Mapping[str, Subscriber]) -> ServerMessage:
        """Return it as it came."""
        del subscribers
        return message

    def line(self, chat: SendChat) -> SendChat:
        """Return it as it is."""
        return chat

    async def report(self, signalling: Signalling) -> None:
        """There is nothing to report."""


class SealedSession:
    """In a sealed room: seal sources, give keys to subscribers, open lines, report refusals."""

    name: Mode = SEALED_MODE

    def __init__(self, room: SealedRoom, roster: Roster, *, consents: bool) -> None:
        """Whoever `consents` lets every recording of the room be opened, as far as it is theirs."""
        self.hello = room.hello
        self._consents = consents
        self._consent: SendRecordingKeys | None = None  # to be sent
        self._asked = asyncio.Event()
        self._room = room
        self._roster = roster

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

    def hear(self, message: ServerMessage, subscribers: Mapping[str, Subscriber]) -> ServerMessage:
        """Learn from any message, and return it; a sealed line as one that can be read.

        What cannot be opened is returned as it came.
        """
        if isinstance(message, _ABOUT_HELLOS):
            self.hand_out_keys(subscribers)
        if isinstance(message, Welcome | RecordingStarted):
            self._note_recording(message.recording)
        if not isinstance(message, SealedChat):
            return message
        text = self._room.open_line(message.participant, message.line)
        name = self._room.name(message.participant)
        if text is None or name is None:
            return message
        return Chat(participant=message.participant, name=name, text=text)

    def line(self, chat: SendChat) -> SendSealedChat:
        """Return it sealed, for the server to relay."""
        return SendSealedChat(line=self._room.seal_line(chat.text))

    def _note_recording(self, recording: Recording | None) -> None:
        """Have our keys sent for the recording that runs, if we give them."""
        if not self._consents or recording is None or recording.public_key is None:
            return
        with suppress(SealError):  # no key of a recording's: nobody gets ours
            sealed = self._room.seal_keys(recording.public_key, recording.id)
            self._consent = SendRecordingKeys(recording=recording.id, sealed=sealed)
            self._asked.set()

    async def report(self, signalling: Signalling) -> None:
        """Send what consents to a recording.

        And let the server count what was not opened, whoever is to blame for it; never returns.
        """
        told: Counter[str] = Counter()
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(REPORT_SECONDS):
                    await self._asked.wait()
            self._asked.clear()
            if self._consent is not None:
                with suppress(ClientError):  # whoever returns hears again of what is recorded
                    await signalling.send(self._consent)
                self._consent = None
            refused = self._room.refusals()
            if news := refused - told:
                with suppress(ClientError):
                    await signalling.send(ReportRefusals(**news))
                    told = refused
