"""One run of a load: everybody joins, media flows for a while, everybody leaves."""

import asyncio
import functools
import secrets
import time
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from sfu.signalling.messages import Join
from sfu_clients import tasks
from sfu_clients.errors import ClientError
from sfu_clients.load.gauges import Effort, Histogram
from sfu_clients.load.layouts import Layout
from sfu_clients.load.participant import NotConnected, Participant, Watched
from sfu_clients.load.path.endpoint import Identity
from sfu_clients.load.path.outgoing import Material, Replayer
from sfu_clients.load.report import Generator, reception, report
from sfu_clients.load.server import ServerGauge, Work, work
from sfu_clients.recordings.recording import load_recording
from sfu_clients.sealing.room import SealedRoom
from sfu_clients.sealing.session import SEALED_MODE
from sfu_clients.signalling import Signalling

TICK_SECONDS: Final = 0.005
"""As the pacers of browsers: what is due leaves in bursts of so long."""

AT_ONCE: Final = 8
"""So many are joining at a time."""

ROSTER_SECONDS: Final = 10.0
SOUND: Final = "opus"
"""The recording that everybody talks with."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to run, where."""

    url: str
    room: str
    layout: Layout
    seconds: float
    recording: str
    token: str | None
    insecure: bool
    server_pid: int | None
    secret: str | None
    """Of a sealed room; None in the mode `hop`."""


@dataclass(slots=True)
class Progress:
    """How far a run is; pulled by whoever shows it."""

    doing: str = "joining"
    done: float = 0.0
    total: float = 1.0


class Run:
    """Made once, run once."""

    def __init__(self, plan: Plan) -> None:
        """Reads the recordings; raises ClientError."""
        self.plan = plan
        self.progress = Progress(total=2 * plan.layout.participants)
        self.participants: list[Participant] = []
        self._effort = Effort()
        self._latencies = {"audio": Histogram(), "video": Histogram()}
        self._materials = [
            Material(load_recording(plan.recording if kind == "video" else SOUND))
            for kind in plan.layout.kinds
        ]
        self._replayers: list[list[Replayer]] = []
        self._gauge = ServerGauge(
            plan.url, token=plan.token, insecure=plan.insecure, pid=plan.server_pid
        )
        self._not_connected = 0
        self._ticking: asyncio.Task[None] | None = None

    async def run(self, stop: asyncio.Event) -> dict[str, Any]:
        """Return the report, also if `stop` is set early; raises ClientError."""
        stopped = asyncio.ensure_future(stop.wait())
        try:
            joining = asyncio.ensure_future(self._join_all())
            await asyncio.wait((joining, stopped), return_when=asyncio.FIRST_COMPLETED)
            if not joining.done():
                joining.cancel()
                await asyncio.gather(joining, return_exceptions=True)
                raise ClientError("Stopped before everybody had joined: there is no report.")
            joining.result()
            return await self._measure(stopped)
        finally:
            stopped.cancel()
            self.progress.doing, self.progress.done = "leaving", 0.0
            self.progress.total = len(self.participants)
            await tasks.stop(self._ticking)
            await self._for_all(self.participants, Participant.leave)

    # Joining

    async def _join_all(self) -> None:
        layout, plan = self.plan.layout, self.plan
        identity = Identity()
        signalling = functools.partial(Signalling, plan.url, insecure=plan.insecure)
        for place in range(layout.participants):
            name = f"Load {place + 1}"
            join = Join(room=plan.room, name=name, token=plan.token)
            replayers = []
            if place < layout.publishers:
                replayers = [Replayer(material, self._effort) for material in self._materials]
                self._replayers.append(replayers)
            if plan.secret is not None:
                join = _sealed(join, replayers, plan.secret)
            self.participants.append(Participant(place, signalling, join, identity))
        self._ticking = tasks.start(self._tick_for_ever(), "load")
        publishers = self.participants[: layout.publishers]
        watchers = [self.participants[place] for place in layout.watchers]
        await self._for_all(publishers, self._publish)
        await self._for_all(watchers, self._watch)

    async def _for_all(
        self, whom: Iterable[Participant], do: Callable[[Participant], Awaitable[None]]
    ) -> None:
        """At most AT_ONCE at a time, in their order; raises the first error when all are done."""
        waiting = iter(list(whom))

        async def work_off() -> None:
            for participant in waiting:
                await do(participant)
                self.progress.done += 1

        outcomes = await asyncio.gather(
            *(work_off() for _ in range(AT_ONCE)), return_exceptions=True
        )
        for outcome in outcomes:
            if outcome is not None:
                raise outcome

    async def _publish(self, participant: Participant) -> None:
        await participant.join()
        place = self.participants.index(participant)
        await participant.offer(self._replayers[place], (), self._latencies)

    async def _watch(self, participant: Participant) -> None:
        place = self.participants.index(participant)
        if place >= self.plan.layout.publishers:
            await participant.join()
        wanted = await self._wanted(participant, place)
        try:
            await participant.offer((), wanted, self._latencies)
        except NotConnected:
            self._not_connected += 1

    async def _wanted(self, participant: Participant, place: int) -> list[Watched]:
        """What this one watches, as soon as the server has told of it all."""
        sources = {
            (self.participants[publisher].roster.own, replayer.material.kind): replayer
            for publisher in self.plan.layout.watched_by(place)
            for replayer in self._replayers[publisher]
        }
        with suppress(TimeoutError):
            async with asyncio.timeout(ROSTER_SECONDS):
                while True:
                    participant.changed.clear()
                    known = [
                        Watched(publication, sources[person.id, publication.kind])
                        for person, publication in participant.roster.publications()
                        if (person.id, publication.kind) in sources
                    ]
                    if len(known) == len(sources):
                        return known
                    await participant.changed.wait()
        raise ClientError("The server does not tell of everything that is published.")

    # Media

    async def _tick_for_ever(self) -> None:
        loop = asyncio.get_running_loop()
        due, count = loop.time(), 0
        while True:
            due = max(due + TICK_SECONDS, loop.time())
            await asyncio.sleep(due - loop.time())
            self._effort.lag.note(loop.time() - due)
            count += 1
            now = time.time()
            for participant in self.participants:
                participant.tick(count, now=now)

    async def _measure(self, stopped: asyncio.Future[Any]) -> dict[str, Any]:
        self.progress.doing, self.progress.done = "measuring", 0.0
        self.progress.total = self.plan.seconds
        for histogram in self._latencies.values():
            histogram.clear()
        before = await self._gauge.read()
        self._effort.restart()
        loop = asyncio.get_running_loop()
        began_at = loop.time()
        while not stopped.done() and (passed := loop.time() - began_at) < self.plan.seconds:
            self.progress.done = passed
            left = min(0.2, self.plan.seconds - passed)
            await asyncio.wait((stopped,), timeout=left)
        seconds = loop.time() - began_at
        generator = self._generator()
        after = await self._gauge.read()
        return self._report(generator, work(before, after, seconds=seconds), seconds)

    def _generator(self) -> Generator:
        sockets = [participant.socket for participant in self.participants]
        return Generator.of(
            self._effort,
            receive_drops=sum(socket.receive_drops for socket in sockets),
            send_errors=sum(socket.send_errors for socket in sockets),
        )

    def _report(self, generator: Generator, server: Work, seconds: float) -> dict[str, Any]:
        layout = self.plan.layout
        every = self.participants
        streams = [stream for one in every for stream in one.streams.values()]
        replayed = sum(one.endpoint.replayed for one in every)
        feedback = [one.feedback for one in every]
        latencies = self._latencies["video" if "video" in layout.kinds else "audio"]
        return report(
            reception(streams, replayed=replayed, now=time.time()),
            latencies,
            generator,
            server,
            layout=layout.name,
            publishers=layout.publishers,
            subscribers=len(layout.watchers),
            streams=len(streams),
            seconds=round(seconds, 2),
            recording=self.plan.recording if "video" in layout.kinds else SOUND,
            mode="hop" if self.plan.secret is None else SEALED_MODE,
            not_connected=self._not_connected,
            lost_connections=sum(one.endpoint.lost for one in every),
            nacked=sum(one.nacked for one in feedback),
            key_frames_asked=sum(one.key_frames_asked for one in feedback),
            key_frames_sent_for=sum(r.key_frames_asked for rs in self._replayers for r in rs),
        )


def _sealed(join: Join, replayers: Iterable[Replayer], secret: str) -> Join:
    """Enter a sealed room, and seal what is sent; raises ClientError."""
    room = SealedRoom(secret, join.room, join.name)
    for replayer in replayers:
        material = replayer.material
        replayer.seal(room.sealer(material.source, material.codec))
    return msgspec.structs.replace(join, mode=SEALED_MODE, hello=room.hello)


def some_room() -> str:
    """A name that no other run has."""
    return f"load-{secrets.token_hex(4)}"
