"""Who decides for us as a member of a group: a policy that is written once, in the page's words."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

import msgspec

from sfu_clients.sealing import base64url
from sfu_clients.sealing.mls.isolate import Isolate
from sfu_clients.sealing.mls.values import Output

if TYPE_CHECKING:
    from sfu_clients.sealing.mls.devices import Device
    from sfu_clients.sealing.mls.values import Input

PROGRAM: Final = Path(__file__).with_name("engine.js")

_OUTPUTS: Final = msgspec.json.Decoder(list[Output])


class MlsMember(Protocol):
    """One member of one room's group; all of it may raise EngineError."""

    async def introduce(self) -> str:
        """The hello to join with, base64url."""
        ...

    async def receive(self, happened: Input, *, now: int) -> list[Output]:
        """What follows from this; `now` is in milliseconds since 1970."""
        ...

    async def close(self) -> None:
        """Forget all keys."""
        ...


class MlsEngine(Protocol):
    """Makes members."""

    async def member(self, secret: bytes, room: str, name: str, device: Device) -> MlsMember:
        """Somebody who was in no group yet; `secret` is the room's. Raises EngineError."""
        ...


class V8Engine:
    """The page's program in V8: one for all members of this process, while there is one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._isolate: Isolate | None = None
        self.members = 0
        """How many there are."""

    async def member(self, secret: bytes, room: str, name: str, device: Device) -> V8Member:
        """Start V8, if nobody has yet."""
        isolate = await asyncio.to_thread(self._enter)
        told = {
            "secret": base64url.encode(secret),
            "room": room,
            "name": name,
            "person": base64url.encode(device.person),
            "device": base64url.encode(device.key),
            "endorsement": base64url.encode(device.endorsement),
        }
        isolate.signers[told["device"]] = device.sign
        try:
            handle = msgspec.json.decode(await isolate.call("member", told), type=int)
        except BaseException:
            await asyncio.to_thread(self._leave)
            raise
        return V8Member(self, isolate, handle)

    async def leave(self, isolate: Isolate, handle: int) -> None:
        """A member is no more; with the last one V8 ends."""
        try:
            await isolate.call("close", {"member": handle})
        finally:
            await asyncio.to_thread(self._leave)

    def _enter(self) -> Isolate:
        with self._lock:
            if self._isolate is None:
                self._isolate = Isolate(PROGRAM)
            self.members += 1
            return self._isolate

    def _leave(self) -> None:
        with self._lock:
            self.members -= 1
            if self.members == 0 and self._isolate is not None:
                self._isolate.close()
                self._isolate = None


class V8Member:
    """Known to the program by a number."""

    def __init__(self, engine: V8Engine, isolate: Isolate, handle: int) -> None:
        self._engine = engine
        self._isolate = isolate
        self._handle = handle
        self._closed = False

    async def introduce(self) -> str:
        """It changes when the member is added anew."""
        hello = await self._isolate.call("introduce", {"member": self._handle})
        return msgspec.json.decode(hello, type=str)

    async def receive(self, happened: Input, *, now: int) -> list[Output]:
        """One after the other, in the order of the calls."""
        told = {"member": self._handle, "input": happened, "now": now}
        return _OUTPUTS.decode(await self._isolate.call("receive", told))

    async def close(self) -> None:
        """Once is enough."""
        if not self._closed:
            self._closed = True
            await self._engine.leave(self._isolate, self._handle)


ENGINE: Final = V8Engine()
"""This process's."""
