"""The messages about recordings: part of messages.py, for itself because it is a topic."""

from typing import Literal

from sfu.signalling.values import Identifier, Message, Recording, SealedKeys


class SendRecordingKeys(Message, frozen=True):
    """Consent: one's own keys, sealed for the key of the recording that runs."""

    recording: Identifier
    sealed: SealedKeys


class RecordingStarted(Message, frozen=True):
    """The server stores what is published from now on; in sealed rooms it cannot read it."""

    recording: Recording


class RecordingStopped(Message, frozen=True):
    """Nothing more is stored."""

    recording: Identifier
    reason: Literal["stopped", "full", "time", "disk", "room_ended", "drained", "failed"]
