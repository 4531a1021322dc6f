"""Consent of a client without a person: to recordings of one key, whatever the server says."""

import asyncio
from contextlib import suppress

import pytest

from sfu.signalling.messages import (
    ClientMessage,
    Recording,
    RecordingStarted,
    RecordingStopped,
    SendRecordingKeys,
    ServerMessage,
)
from sfu_clients.sealing.consenting import Consenting

OURS = "o" * 43
OTHER = "x" * 43


class Wire:
    """Where what a client sends ends up."""

    def __init__(self) -> None:
        self.sent: list[ClientMessage] = []

    async def send(self, message: ClientMessage) -> None:
        """Keep it."""
        self.sent.append(message)


def started(public_key: str | None) -> ServerMessage:
    return RecordingStarted(recording=Recording(id="r1", by=None, public_key=public_key))


async def sent_after(public_key: str | None, *messages: ServerMessage) -> list[ClientMessage]:
    """What a client sends that consents to this key."""
    consenting = Consenting(lambda key, recording: f"keys for {key} in {recording}", public_key)
    wire = Wire()
    for message in messages:
        consenting.hear(message)
    with suppress(TimeoutError):
        async with asyncio.timeout(0.05):
            await consenting.run(wire)  # type: ignore[arg-type]
    return wire.sent


async def test_a_recording_of_the_key_gets_our_keys() -> None:
    """Sealed for that key and that recording."""
    sealed = f"keys for {OURS} in r1"
    assert await sent_after(OURS, started(OURS)) == [
        SendRecordingKeys(recording="r1", sealed=sealed)
    ]


@pytest.mark.parametrize(
    ("public_key", "messages"),
    [
        pytest.param(OURS, [started(OTHER)], id="a server's own key"),
        pytest.param(OURS, [started(None)], id="no key"),
        pytest.param(None, [started(OURS)], id="no consent"),
        pytest.param(None, [started(None)], id="neither"),
        pytest.param(
            OURS,
            [started(OURS), RecordingStopped(recording="r1", reason="stopped")],
            id="it is over",
        ),
    ],
)
async def test_any_other_gets_none(public_key: str | None, messages: list[ServerMessage]) -> None:
    """A server that announces a recording of a key of its own learns nothing by it."""
    assert await sent_after(public_key, *messages) == []
