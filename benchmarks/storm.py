"""A storm in simulation: real members and the real delivery service, on a clock of their own.

    .venv/bin/python -m benchmarks.storm [MEMBERS]

Sessions, rooms and groups are the server's, and members are what Python clients run in V8; only
sockets and time are not real. Each member is as if on a machine of its own: what its step took of
this machine's CPU passes on its own clock, while nobody else waits for it.
"""

import asyncio
import heapq
import logging
import sys
import time
from collections import Counter, deque
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import count
from typing import Any, Final

import msgspec
import structlog

from sfu.signalling.messages import ServerMessage, Welcome
from sfu_clients.roster import Roster
from sfu_clients.sealing.mls import values
from sfu_clients.sealing.mls.devices import Device
from sfu_clients.sealing.mls.engine import MlsMember, V8Engine
from sfu_clients.sealing.mls.session import ABOUT_GROUPS
from tests.support.house import Client, House

LATENCY_SECONDS: Final = 0.01
TICK_SECONDS: Final = 0.1
"""Members hear at least so often that time went on."""

JOIN_SECONDS: Final = 2.0
LEAVE_SECONDS: Final = 1.0

SETTLE_SECONDS: Final = 30.0
"""Of the virtual clock: longest that one waits for agreement."""

SECRET: Final = b"sixteen bytes of"

_DECODER: Final = msgspec.json.Decoder(ServerMessage)

Action = Callable[[], Coroutine[Any, Any, None]]


@dataclass(eq=False)
class Seat:
    """One member, and what they know."""

    name: str
    member: MlsMember
    client: Client
    roster: Roster = field(default_factory=Roster)
    present: tuple[values.Present, ...] = ()
    waiting: deque[values.Input] = field(default_factory=deque)
    here: bool = True
    working: bool = False
    ticked_at: float = 0.0
    came_at: float = 0.0
    keys: str = ""
    """Of which epoch, and what tells them from others; empty without keys."""
    keyed_at: float | None = None
    members: int = 0

    def hear(self, message: ServerMessage) -> None:
        """As `GroupSession` does."""
        self.roster.receive(message)
        if isinstance(message, Welcome):
            self.present = self.people()
            self.waiting.append(
                values.Entered(
                    self=message.participant,
                    resumed=message.resumed,
                    group=message.group,
                    present=self.present,
                )
            )
        elif isinstance(message, ABOUT_GROUPS):
            self.waiting.append(message)

    def people(self) -> tuple[values.Present, ...]:
        """Who is here, as our member is told."""
        return tuple(
            values.Present(participant=one.id, connected=one.connected, hello=one.hello)
            for one in self.roster.people.values()
        )

    def next_input(self, now: float) -> values.Input | None:
        """What comes next, if anything does yet."""
        if self.waiting:
            return self.waiting.popleft()
        if (people := self.people()) != self.present:
            self.present = people
            return values.Roster(present=people)
        return values.Tick() if now - self.ticked_at >= TICK_SECONDS else None


class Storm:
    """A room, its members, and a clock that goes from event to event."""

    def __init__(self, *, charged: bool = True, seats: int = 100) -> None:
        """What is `charged` takes time; else members think in no time."""
        self.now = 0.0
        self.seats: list[Seat] = []
        self.computed = 0.0
        """Seconds of CPU, of all members."""
        self.sent: Counter[str] = Counter()
        """Messages of members, by type; and their bytes, as `bytes`."""
        self.told_bytes = 0
        """By the server, to all."""
        self._charged = charged
        self._engine = V8Engine()
        self._house = House(seats=seats)
        self._began = self._house.hall.now
        self._due: list[tuple[float, int, Action]] = []
        self._order = count()

    @property
    def here(self) -> list[Seat]:
        """Whoever has not left."""
        return [seat for seat in self.seats if seat.here]

    @property
    def commits(self) -> int:
        """How many were accepted."""
        group = self._house.hall.directory.rooms["hall"].group
        return 0 if group is None else group.number

    @property
    def agreed(self) -> bool:
        """All who are here have the same keys, and see each other and nobody else."""
        here = self.here
        return len({(one.keys, one.members) for one in here}) == 1 and (
            here[0].keys != "" and here[0].members == len(here)
        )

    async def pass_time(self, seconds: float, until: Callable[[], bool] = lambda: False) -> bool:
        """Let everything happen that is due by then, or until something is true; whether it is."""
        end = self.now + seconds
        while not until() and self._due and self._due[0][0] <= end:
            self.now, _, action = heapq.heappop(self._due)
            self._house.hall.now = self._began + self.now
            await action()
        if until():
            return True
        self.now = end
        return False

    async def enter(self) -> Seat:
        """Somebody comes."""
        name = f"member {len(self.seats)}"
        member = await self._engine.member(SECRET, "hall", name, Device.new())
        seat = Seat(name, member, self._house.client(), came_at=self.now)
        self.seats.append(seat)
        hello = await member.introduce()
        await self._serve(
            seat, {"type": "join", "room": "hall", "name": name, "mode": "e2ee-mls", "hello": hello}
        )
        self._at(TICK_SECONDS, lambda: self._tick(seat))
        return seat

    async def leave(self, seat: Seat) -> None:
        """Somebody goes."""
        await self._serve(seat, {"type": "leave"})
        seat.here = False

    async def close(self) -> None:
        """End V8."""
        for seat in self.seats:
            await seat.member.close()

    def _at(self, seconds: float, action: Action) -> None:
        heapq.heappush(self._due, (self.now + seconds, next(self._order), action))

    async def _serve(self, seat: Seat, message: object) -> None:
        """The server takes a message, and what it says is on its way."""
        if not seat.here:
            return
        text = msgspec.json.encode(message)
        seat.client.session.receive(text, now=self._house.hall.now)
        for one in self.here:
            if told := one.client.session.take():
                self.told_bytes += sum(map(len, told))
                self._at(LATENCY_SECONDS, _bound(self._deliver, one, told))

    async def _deliver(self, seat: Seat, told: list[str]) -> None:
        for text in told:
            seat.hear(_DECODER.decode(text))
        await self._work(seat)

    async def _tick(self, seat: Seat) -> None:
        if seat.here:
            self._at(TICK_SECONDS, lambda: self._tick(seat))
            await self._work(seat)

    async def _work(self, seat: Seat) -> None:
        """Take one step, if there is one; the next follows when it is done."""
        if seat.working or not seat.here or (happened := seat.next_input(self.now)) is None:
            return
        seat.working, seat.ticked_at = True, self.now
        before = time.process_time()
        outputs = await seat.member.receive(happened, now=round(self.now * 1000))
        took = time.process_time() - before
        self.computed += took
        self._at(took if self._charged else 0.0, lambda: self._finish(seat, outputs))

    async def _finish(self, seat: Seat, outputs: list[values.Output]) -> None:
        seat.working = False
        for output in outputs:
            if isinstance(output, values.Send):
                self.sent[type(output.message).__name__] += 1
                self.sent["bytes"] += len(msgspec.json.encode(output.message))
                self._at(LATENCY_SECONDS, _bound(self._serve, seat, output.message))
            else:
                self._note(seat, output)
        await self._work(seat)

    def _note(self, seat: Seat, output: values.Output) -> None:
        match output:
            case values.Epoch():
                told = str((output.epoch, output.context, sorted(output.base_keys)))
                seat.keys = f"{output.epoch} {sha256(told.encode()).hexdigest()}"
                seat.keyed_at = self.now if seat.keyed_at is None else seat.keyed_at
            case values.Outside():
                seat.keys = ""
            case values.Members():
                seat.members = len(output.members)
            case _:
                pass


def _bound(action: Callable[..., Coroutine[Any, Any, None]], *arguments: object) -> Action:
    return lambda: action(*arguments)


async def measure(members: int, *, charged: bool) -> dict[str, Any]:
    """So many join within two seconds; when all agree, half of them leave within one."""
    storm = Storm(charged=charged, seats=members)
    try:
        for _ in range(members):
            await storm.enter()
            await storm.pass_time(JOIN_SECONDS / members)
        joining = await _settle(storm, storm.now - JOIN_SECONDS / members)
        waits = sorted(seat.keyed_at - seat.came_at for seat in storm.seats if seat.keyed_at)
        joining |= {
            "without_keys_s": {"p50": _rounded(waits[len(waits) // 2]), "max": _rounded(waits[-1])}
        }
        leaving, before = storm.here[::2], storm.commits
        for seat in leaving:
            await storm.leave(seat)
            await storm.pass_time(LEAVE_SECONDS / len(leaving))
        left = await _settle(storm, storm.now - LEAVE_SECONDS / len(leaving), before)
        return {"members": members, "charged": charged, "joining": joining, "leaving": left}
    finally:
        await storm.close()


async def _settle(storm: Storm, last_at: float, before: int = 0) -> dict[str, Any]:
    agreed = await storm.pass_time(SETTLE_SECONDS, until=lambda: storm.agreed)
    found = {
        "agreed": agreed,
        "commits": storm.commits - before,
        "converged_s": _rounded(storm.now - last_at),
        "cpu_s": _rounded(storm.computed),
        "sent": dict(storm.sent),
        "told_bytes": storm.told_bytes,
    }
    storm.computed, storm.told_bytes = 0.0, 0
    storm.sent.clear()
    return found


def _rounded(seconds: float) -> float:
    return round(seconds, 3)


async def main(members: int) -> None:
    """Print both ways of counting time."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    for charged in (False, True):
        found = await measure(members, charged=charged)
        sys.stdout.write(msgspec.json.encode(found).decode() + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 50))
