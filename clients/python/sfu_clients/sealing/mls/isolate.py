"""One V8 with the page's group engine in it, on a thread of its own, for many members.

JavaScript runs on a thread of V8's and holds no lock of Python's, so calls keep no event loop
waiting. They are made one after the other: V8 would run them no faster side by side, and each
begins with all the random bytes that it may need.
"""

from __future__ import annotations

import asyncio
import os
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, Final, cast

import msgspec

from sfu_clients.errors import ClientError
from sfu_clients.sealing import base64url

try:
    from py_mini_racer import (
        DEFAULT_V8_FLAGS,
        JSEvalException,
        JSFunction,
        JSPromise,
        MiniRacer,
        init_mini_racer,
        mini_racer,
    )
except ImportError as error:
    raise ClientError("Groups need V8: install the package mini-racer.") from error

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


V8_FLAGS: Final = (*DEFAULT_V8_FLAGS, "--no-memory-protection-keys")
"""With these keys, V8 crashes on threads that are no children of the one which it began on."""


class EngineError(ClientError):
    """The engine did not do what it was asked; nothing changed."""


class EngineRefused(EngineError):  # noqa: N818 - named for what happened
    """It refused what it was given."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"The group engine refused this: {reason} ({detail}).")
        self.reason = reason
        """As it is counted: `malformed`, `not_authentic` …"""


class _Answer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    used: int
    value: msgspec.Raw = msgspec.Raw()
    refused: str | None = None
    failed: str | None = None
    detail: str = ""


class Isolate:
    """A program in V8; `close` ends it and its thread."""

    def __init__(self, program: Path) -> None:
        """Takes some time: not for the thread of an event loop. Raises EngineError."""
        self.signers: dict[str, Callable[[bytes], bytes]] = {}
        """What signs for the devices of members, by their public keys in base64url."""
        self._closing = asyncio.Event()
        self._turn = asyncio.Lock()
        self._call_js: JSFunction
        self._refill_js: JSFunction
        self._entropy: memoryview
        init_mini_racer(flags=V8_FLAGS, ignore_duplicate_init=True)
        source, ready = _read(program), Future[asyncio.AbstractEventLoop]()
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._serve(source, ready)), name="groups", daemon=True
        )
        self._thread.start()
        self._loop = ready.result()

    def close(self) -> None:
        """Free everything, once no call is under way. Blocks until it is done."""
        self._loop.call_soon_threadsafe(self._closing.set)
        self._thread.join()

    async def call(self, command: str, parameters: object) -> bytes:
        """The JSON that a command answers; raises EngineError. It runs on, if the caller leaves."""
        text = msgspec.json.encode(parameters).decode()
        answer = asyncio.run_coroutine_threadsafe(self._call(command, text), self._loop)
        return await asyncio.shield(asyncio.wrap_future(answer))

    # On the isolate's thread

    async def _serve(self, source: str, ready: Future[asyncio.AbstractEventLoop]) -> None:
        with mini_racer() as racer:
            try:
                self._begin(racer, source)
            except JSEvalException as error:
                reason = str(error).partition("\n")[0]  # without the program
                ready.set_exception(EngineError(f"The group engine does not start: {reason}."))
                return
            async with racer.wrap_py_function(self._sign) as sign:
                cast("JSFunction", racer.eval("milkglass.begin"))(sign)
                ready.set_result(asyncio.get_running_loop())
                await self._closing.wait()
                async with self._turn:  # what refers into V8 goes before it
                    del self._call_js, self._refill_js, self._entropy, sign

    async def _sign(self, *arguments: object) -> str:
        device, data = cast("tuple[str, str]", arguments)
        return base64url.encode(self.signers[device](base64url.decode(data)))

    def _begin(self, racer: MiniRacer, source: str) -> None:
        racer.eval(source)
        self._call_js = cast("JSFunction", racer.eval("milkglass.call"))
        self._refill_js = cast("JSFunction", racer.eval("milkglass.refill"))
        self._entropy = cast("memoryview", racer.eval("milkglass.entropy"))
        self._refill(len(self._entropy))

    def _refill(self, used: int) -> None:
        self._entropy[:used] = os.urandom(used)
        self._refill_js()

    async def _call(self, command: str, text: str) -> bytes:
        async with self._turn:
            promise = cast("JSPromise", self._call_js(command, text))
            answer = msgspec.json.decode(cast("str", await promise), type=_Answer)
            self._refill(answer.used)
        if answer.refused is not None:
            raise EngineRefused(answer.refused, answer.detail)
        if answer.failed is not None:
            raise EngineError(f"The group engine failed at {command}: {answer.failed}.")
        return bytes(answer.value)


def _read(program: Path) -> str:
    try:
        return program.read_text(encoding="utf-8")
    except OSError as error:
        raise EngineError("The group engine is not built: run `make .make/engine`.") from error
