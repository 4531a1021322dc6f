"""Consents to whatever is recorded: sends our keys for it, and again when we have others."""

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
    """Until it is cancelled, everybody with a recording's key can open what we send meanwhile."""

    def __init__(self, seal: Callable[[str, str], str]) -> None:
        """`seal` seals our keys of now for a recording's key; raises SealError if it cannot."""
        self._seal = seal
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
            if recording is None or recording.public_key is None:
                continue
            # Whoever returns to the server hears again of what is recorded; and no key, no keys.
            with suppress(SealError, ClientError):
                sealed = self._seal(recording.public_key, recording.id)
                await signalling.send(SendRecordingKeys(recording=recording.id, sealed=sealed))
