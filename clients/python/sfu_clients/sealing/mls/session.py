"""What a client does in a room of the mode `e2ee-mls`: feeds its member, and does what it says."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from sfu.signalling.messages import (
    Chat,
    CommitAccepted,
    GroupEnded,
    GroupMessage,
    GroupStarted,
    GroupWelcome,
    Introduce,
    Mode,
    Problem,
    SealedChat,
    SendChat,
    ServerMessage,
    Welcome,
)
from sfu_clients.errors import ClientError
from sfu_clients.sealing.consenting import Consenting
from sfu_clients.sealing.mls import values
from sfu_clients.sealing.mls.engine import ENGINE, MlsEngine, MlsMember
from sfu_clients.sealing.mls.media import GroupMedia
from sfu_clients.sealing.passphrase import SECRET_BYTES, read_secret
from sfu_clients.sealing.session import GROUP_MODE, Stage, is_about_people, report_refusals
from sfu_clients.sealing.sframe import SealError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sfu.keylog import KeyLog
    from sfu_clients.media.sources import Source
    from sfu_clients.roster import Roster
    from sfu_clients.sealing.mls.devices import Device
    from sfu_clients.subscriber import Subscriber

TICK_SECONDS: Final = 0.1
PROGRESS_SECONDS: Final = 1.0
"""Between two words to our member on how far we have sealed."""

MAX_WAITING: Final = 1000
"""Things that the server said; what is more is missed, and asked for again."""

ABOUT_GROUPS: Final = (
    GroupStarted,
    CommitAccepted,
    GroupWelcome,
    GroupMessage,
    GroupEnded,
    Problem,
)

WORDS: Final[dict[values.Alarm, str]] = {
    "split": "The server shows us another group than it shows others.",
    "stalled": "The server holds back what happens in the group.",
    "unadmitted": "Nobody lets us into the group: the secret may be another one.",
}


class GroupSession:
    """Its member decides who is in the group; nothing that the server says gets around it."""

    name: Mode = GROUP_MODE

    def __init__(  # noqa: PLR0913 - by name: who one is
        self,
        *,
        secret: str,
        room: str,
        name: str,
        device: Device,
        roster: Roster,
        consents_to: str | None = None,
        keylog: KeyLog | None = None,
        engine: MlsEngine = ENGINE,
    ) -> None:
        """`secret` is what follows #mls= in the link; raises ClientError if it is none.

        `consents_to` is the public key of recordings that may open what is ours.
        A `keylog` gets everybody's keys of each epoch.
        """
        self._secret = _read(secret)
        self._room, self._name, self._device = room, name, device
        self._roster = roster
        self.engine = engine
        """What makes our member."""
        self._member: MlsMember | None = None
        self._media = GroupMedia(keylog=keylog)
        self._consenting = Consenting(self._media.seal_keys, consents_to)
        self._sources: list[Source] = []
        self._waiting: asyncio.Queue[values.Input] = asyncio.Queue(MAX_WAITING)
        self._present: tuple[values.Present, ...] = ()
        self._began = time.time() - time.monotonic()
        self._told = 0.0, -1  # when, and of which epoch, our member heard how far we are
        self.members: tuple[values.GroupMember, ...] = ()
        """Who is in the group; nobody while we are not."""
        self.group = ""
        """Its id, base64url."""
        self.refused: Counter[str] = Counter()
        """What was not taken of all that should form the group, by reason."""
        self.alarms: set[values.Alarm] = set()

    # What a client asks of its mode

    async def begin(self) -> str:
        """Our hello; raises ClientError without an engine."""
        self._member = await self.engine.member(self._secret, self._room, self._name, self._device)
        return await self._member.introduce()

    async def end(self) -> None:
        """Forget all keys."""
        self._media.leave()
        if self._member is not None:
            await self._member.close()

    def seal(self, sources: Iterable[Source]) -> None:
        """Seal what these will send, and send nothing without keys; raises ClientError."""
        for source in sources:
            source.seal(self._media.sealer(source.name, source.codec))
            self._sources.append(source)

    def hand_out_keys(self, subscribers: Mapping[str, Subscriber]) -> None:
        """Let each subscriber open what its publisher's leaf seals, and nothing else."""
        others = [member for member in self.members if not member.is_self]
        leaves = {member.participant: member.leaf for member in others}
        for owner, publication in self._roster.publications():
            if (subscriber := subscribers.get(publication.id)) is not None:
                leaf = leaves.get(owner.id)
                opener = None if leaf is None else self._media.opener(leaf, publication.source)
                subscriber.take_sealed(opener)

    def hear(
        self, message: ServerMessage, subscribers: Mapping[str, Subscriber]
    ) -> ServerMessage | None:
        """Tell our member, and return the message as it came; None for lines beside the group."""
        if is_about_people(message):
            self.hand_out_keys(subscribers)
        self._consenting.hear(message)
        if isinstance(message, Welcome):
            self._present = self._people()
            entered = values.Entered(
                self=message.participant,
                resumed=message.resumed,
                group=message.group,
                present=self._present,
            )
            self._put(entered)
        elif isinstance(message, ABOUT_GROUPS):
            self._put(message)
        return None if isinstance(message, (Chat, SealedChat)) else message

    def lost(self) -> None:
        """The connection is gone."""
        self._put(values.Lost())

    async def say(self, chat: SendChat, stage: Stage) -> None:
        """To the others in the group; raises ClientError while we are in none."""
        del stage
        if not self.members:
            raise ClientError("Nobody would read this yet: we are not in the group.")
        self._put(values.Say(text=chat.text))

    async def run(self, stage: Stage) -> None:
        """Be a member until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(report_refusals(self._media.refusals, stage.signalling))
            tasks.create_task(self._live(stage))
            tasks.create_task(self._consenting.run(stage.signalling))

    # Being a member

    def _put(self, happened: values.Input) -> None:
        with suppress(asyncio.QueueFull):
            self._waiting.put_nowait(happened)

    def _people(self) -> tuple[values.Present, ...]:
        return tuple(
            values.Present(participant=one.id, connected=one.connected, hello=one.hello)
            for one in self._roster.people.values()
        )

    async def _live(self, stage: Stage) -> None:
        assert self._member is not None
        while True:
            happened = await self._next()
            now = self._clock()
            for output in await self._member.receive(happened, now=now):
                await self._do(output, stage)

    def _clock(self) -> int:
        """Milliseconds since 1970, by a clock that never leaps."""
        return round((self._began + time.monotonic()) * 1000)

    async def _next(self) -> values.Input:
        """What has happened, or that time went on."""
        if (sealed := self._progress()) is not None:
            return sealed
        if self._waiting.empty() and (people := self._people()) != self._present:
            self._present = people
            return values.Roster(present=people)
        try:
            async with asyncio.timeout(TICK_SECONDS):
                return await self._waiting.get()
        except TimeoutError:
            return values.Tick()

    def _progress(self) -> values.Sealed | None:
        """How far we have sealed, at once after a change of keys and every second."""
        now, before = self._media.progress()
        at = time.monotonic()
        told_at, epoch = self._told
        if now is None or (now.epoch == epoch and at - told_at < PROGRESS_SECONDS):
            return None
        self._told = at, now.epoch
        final = None
        if before is not None:
            final = values.Final(epoch=before.epoch, counters=dict(before.counters))
        return values.Sealed(epoch=now.epoch, counters=dict(now.counters), final=final)

    async def _do(self, output: values.Output, stage: Stage) -> None:
        match output:
            case values.Send():
                await self._send(output, stage)
            case values.Epoch():
                self._enter(output)
            case values.Outside():
                self._media.leave()
            case values.Members():
                self._meet(output.members)
                self.group = output.group
                self.hand_out_keys(stage.subscribers)
            case values.Line():
                self._tell_line(output, stage)
            case values.Ended():
                self._media.end(output.leaf, output.epoch, output.counters)
            case values.Alarmed():
                self._alarm(output, stage)
            case values.Refused():
                self.refused[output.reason] += 1
            case _:
                pass  # of interest to people only

    async def _send(self, send: values.Send, stage: Stage) -> None:
        if isinstance(send.message, Introduce):
            stage.signalling.hello = send.message.hello
        with suppress(ClientError):  # our member hears that the connection is gone
            await stage.signalling.send(send.message)

    def _enter(self, epoch: values.Epoch) -> None:
        self._media.install(epoch.keys())
        self._consenting.rekeyed()
        if epoch.cause == "joined":  # until now nothing was sent
            for source in self._sources:
                source.ask_key_frame()

    def _meet(self, members: tuple[values.GroupMember, ...]) -> None:
        """A leaf that changes hands takes nothing of its former owner's keys along."""
        devices = {member.leaf: member.device for member in members}
        for member in self.members:
            if devices.get(member.leaf) != member.device:
                self._media.expel(member.leaf)
        self.members = members

    def _tell_line(self, line: values.Line, stage: Stage) -> None:
        for member in self.members:
            if member.leaf == line.leaf:
                whose = self._roster.own if member.is_self else member.participant
                name = member.name or "?"
                stage.tell(Chat(participant=whose or "unknown", name=name, text=line.text))

    def _alarm(self, alarmed: values.Alarmed, stage: Stage) -> None:
        if alarmed.is_on:
            self.alarms.add(alarmed.alarm)
            stage.alarm(WORDS[alarmed.alarm])
        else:
            self.alarms.discard(alarmed.alarm)


def _read(secret: str) -> bytes:
    try:
        read = read_secret(secret) if ":" not in secret else b""
    except SealError:
        read = b""
    if len(read) != SECRET_BYTES:
        raise ClientError("This secret opens no group: take what follows #mls= in the link.")
    return read
