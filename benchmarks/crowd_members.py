"""Members of a crowd in one process: real clients that come, speak, listen and go at set times.

    .venv/bin/python -m benchmarks.crowd_members < PLAN

prints `ready`, waits for a line with the time of the beginning, and ends with a line of JSON.
"""

import asyncio
import resource
import sys
import time
from collections.abc import Callable
from hashlib import sha256
from typing import Any, Final

import msgspec

from sfu.signalling.messages import ServerMessage
from sfu_clients.client import Client
from sfu_clients.follower import Follower
from sfu_clients.media.decoders import Frame
from sfu_clients.media.sources import ToneSource
from sfu_clients.sealing.mls.devices import Device
from sfu_clients.sealing.mls.engine import ENGINE, MlsMember
from sfu_clients.sealing.mls.session import GroupSession
from sfu_clients.sealing.mls.values import Epoch, Input, Members, Output, Send

LOOK_SECONDS: Final = 0.1

GAP_SECONDS: Final = 0.06
"""What is longer may be heard."""


class Member(msgspec.Struct, frozen=True):
    """What one of them does; times are in seconds since the beginning."""

    name: str
    joins: float
    leaves: float
    every: int = 0
    """Every so many pieces of 20 ms are sent; 0 is silence."""
    listens: bool = True


class Plan(msgspec.Struct, frozen=True):
    """What all of them do."""

    url: str
    room: str
    secret: str
    members: tuple[Member, ...]
    windows: tuple[tuple[str, float, float], ...]
    """Names and times of what is reported apart."""


class SparseTone(ToneSource):
    """The tone, of which only some pieces are sent: a crowd on few cores."""

    def __init__(self, every: int) -> None:
        super().__init__()
        self._every = every

    def due(self) -> float:
        """As if the other pieces had been sent, too."""
        return super().due() * self._every


class Gaps:
    """When somebody was heard, in windows of time."""

    def __init__(self, windows: tuple[tuple[str, float, float], ...]) -> None:
        self._windows = windows
        self.first: float | None = None
        self.last: float | None = None
        self.longest: dict[str, float] = {}
        self.gaps: dict[str, int] = {}
        """How many were longer than `GAP_SECONDS`."""
        self.pieces = 0

    def heard(self, now: float) -> None:
        """A piece was opened and decoded."""
        self.pieces += 1
        if self.last is not None:
            for name, begin, end in self._windows:
                if begin <= now < end:
                    self.longest[name] = max(self.longest.get(name, 0.0), now - self.last)
                    self.gaps[name] = self.gaps.get(name, 0) + (now - self.last > GAP_SECONDS)
        self.first = now if self.first is None else self.first
        self.last = now


class Noting:
    """An engine whose members note their epochs and what they send."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self.epochs: list[tuple[float, int, str]] = []
        """When, which, and what tells its keys from others'."""
        self.sizes: list[tuple[float, int]] = []
        """How many members were seen, and since when."""
        self.sent: dict[str, int] = {}
        self.bytes = 0
        self.thought = 0.0
        """Seconds that calls took, waiting for V8 included."""

    async def member(self, secret: bytes, room: str, name: str, device: Device) -> MlsMember:
        """One of V8's, who is watched."""
        return _Noted(await ENGINE.member(secret, room, name, device), self)

    def note(self, outputs: list[Output], took: float) -> None:
        """Keep what is told later."""
        self.thought += took
        for output in outputs:
            match output:
                case Epoch():
                    keys = str((output.context, sorted(output.base_keys))).encode()
                    told = self._clock(), output.epoch, sha256(keys).hexdigest()[:16]
                    self.epochs.append(told)
                case Members():
                    self.sizes.append((self._clock(), len(output.members)))
                case Send():
                    kind = type(output.message).__name__
                    self.sent[kind] = self.sent.get(kind, 0) + 1
                    self.bytes += len(msgspec.json.encode(output.message))
                case _:
                    pass


class _Noted:
    def __init__(self, member: MlsMember, noting: Noting) -> None:
        self._member, self._noting = member, noting

    async def introduce(self) -> str:
        return await self._member.introduce()

    async def receive(self, happened: Input, *, now: int) -> list[Output]:
        before = time.monotonic()
        outputs = await self._member.receive(happened, now=now)
        self._noting.note(outputs, time.monotonic() - before)
        return outputs

    async def close(self) -> None:
        await self._member.close()


class Actor:
    """Plays one member of the plan."""

    def __init__(self, plan: Plan, member: Member, began: float) -> None:
        self._plan, self._member, self._began = plan, member, began
        self._noting = Noting(self._now)
        self._gaps: dict[str, Gaps] = {}
        self._told_bytes = 0
        self._entered_at = 0.0

    def _now(self) -> float:
        return time.time() - self._began

    async def play(self) -> dict[str, Any]:
        """Come, stay, go, and tell."""
        plan, member = self._plan, self._member
        await asyncio.sleep(max(0.0, member.joins - self._now()))
        client = Client(plan.url, plan.room, name=member.name, mode="e2ee-mls", secret=plan.secret)
        assert isinstance(client.mode, GroupSession)
        client.mode.engine = self._noting
        client.listen(self._hear)
        async with client:
            self._entered_at = self._now()
            if member.every:
                await client.publish(SparseTone(member.every))
            if member.listens:
                async with Follower(client):
                    await self._listen(client)
            else:
                await self._stay()
        return self._report(client)

    def _hear(self, message: ServerMessage) -> None:
        self._told_bytes += len(msgspec.json.encode(message))

    async def _stay(self) -> None:
        await asyncio.sleep(max(0.0, self._member.leaves - self._now()))

    async def _listen(self, client: Client) -> None:
        while self._now() < self._member.leaves:
            for owner, publication in client.publications():
                subscriber = client.subscribers.get(publication.id)
                if subscriber is not None and owner.name not in self._gaps:
                    self._gaps[owner.name] = Gaps(self._plan.windows)
                    subscriber.on_frame(self._ear(self._gaps[owner.name]))
            await asyncio.sleep(LOOK_SECONDS)

    def _ear(self, gaps: Gaps) -> Callable[[Frame], None]:
        return lambda _: gaps.heard(self._now())

    def _report(self, client: Client) -> dict[str, Any]:
        assert isinstance(client.mode, GroupSession)
        return {
            "name": self._member.name,
            "entered": self._entered_at,
            "left": self._now(),
            "epochs": self._noting.epochs,
            "sizes": self._noting.sizes,
            "sent": self._noting.sent,
            "sent_bytes": self._noting.bytes,
            "told_bytes": self._told_bytes,
            "thought": self._noting.thought,
            "refused": dict(client.mode.refused),
            "heard": {
                name: {
                    "first": gaps.first,
                    "last": gaps.last,
                    "longest": gaps.longest,
                    "gaps": gaps.gaps,
                    "pieces": gaps.pieces,
                }
                for name, gaps in self._gaps.items()
            },
        }


async def main() -> None:
    """Play the plan on standard input."""
    plan = msgspec.json.decode(await asyncio.to_thread(sys.stdin.readline), type=Plan)
    warm = await ENGINE.member(bytes(16), "warm", "warm", Device.new())  # V8 runs, and stays
    await warm.introduce()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    began = float(await asyncio.to_thread(sys.stdin.readline))
    told = await asyncio.gather(*(Actor(plan, one, began).play() for one in plan.members))
    await warm.close()
    usage = resource.getrusage(resource.RUSAGE_SELF)
    found = {"cpu_s": usage.ru_utime + usage.ru_stime, "members": told}
    sys.stdout.write(msgspec.json.encode(found).decode() + "\n")


if __name__ == "__main__":
    asyncio.run(main())
