"""Consents to recordings of one key: sends our keys for it, and again when we have others."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

from sfu.signalling.messages import (
    Recording,
    RecordingStarted,
    RecordingStopped,
    SendRecordingKeys,
    ServerMessage,
    Welcome,
)
from sfu_clients.errors import ClientError
from sfu_clients.sealing.sframe import SealError
from sfu_clients.signalling import Signalling


class Consenting:
    """Until it is cancelled, whoever has that key can open what we send meanwhile."""

    def __init__(self, seal: Callable[[str, str], str], public_key: str | None) -> None:
        """`seal` seals our keys of now for a recording's key; raises SealError if it cannot.

        A recording of any other key than this one is the server's wish, not ours; None: of all.
        """
        self._seal = seal
        self._public_key = public_key
        self._recording: Recording | None = None
        self._due = asyncio.Event()

    def hear(self, message: ServerMessage) -> None:
        """Learn from any message what is recorded."""
        if isinstance(message, Welcome | RecordingStarted):
            self._recording = message.recording
            self.rekeyed()
        elif isinstance(message, RecordingStopped):
            self._recording = None

    def rekeyed(self) -> None:
        """We seal with other keys from now on."""
        self._due.set()

    async def run(self, signalling: Signalling) -> None:
        """Send keys whenever they are due; never returns."""
        while True:
            await self._due.wait()
            self._due.clear()
            recording = self._recording
            key = self._public_key
            if recording is None or key is None or recording.public_key != key:
                continue
            # Whoever returns to the server hears again of what is recorded; and no key, no keys.
            with suppress(SealError, ClientError):
                sealed = self._seal(key, recording.id)
                await signalling.send(SendRecordingKeys(recording=recording.id, sealed=sealed))
