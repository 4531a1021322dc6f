"""What happens in a room, as the messages that tell a client of it."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from sfu.rooms import events
from sfu.signalling import messages
from sfu.signalling.roster import (
    describe_participant,
    describe_publication,
    describe_reception,
    describe_recording,
)

LOST: Final = "The media connection was lost; open a new one."

_MESSAGES: Final[Mapping[type, Callable[[Any], messages.Message]]] = {
    events.Joined: lambda event: messages.ParticipantJoined(
        participant=describe_participant(event.participant)
    ),
    events.ConnectionChanged: lambda event: messages.ParticipantUpdated(
        participant=event.participant.id,
        connected=event.participant.connected,
        hello=event.participant.hello,
    ),
    events.Left: lambda event: messages.ParticipantLeft(
        participant=event.participant.id, reason=event.reason
    ),
    events.Published: lambda event: messages.PublicationAdded(
        participant=event.publication.owner.id,
        publication=describe_publication(event.publication),
    ),
    events.PublicationChanged: lambda event: messages.PublicationUpdated(
        participant=event.publication.owner.id,
        publication=describe_publication(event.publication),
    ),
    events.Unpublished: lambda event: messages.PublicationRemoved(
        participant=event.publication.owner.id, publication=event.publication.id
    ),
    events.LayerSwitched: lambda event: describe_reception(event.subscription, event.reason),
    events.SpeakerChanged: lambda event: messages.SpeakerChanged(
        participant=event.participant.id if event.participant is not None else None
    ),
    events.Said: lambda event: messages.Chat(
        participant=event.participant.id, name=event.participant.name, text=event.text
    ),
    events.SaidSealed: lambda event: messages.SealedChat(
        participant=event.participant.id, line=event.line
    ),
    events.GroupStarted: lambda event: messages.GroupStarted(
        participant=event.participant.id, group=event.group
    ),
    events.CommitAccepted: lambda event: messages.CommitAccepted(
        participant=event.commit.author,
        group=event.group,
        number=event.commit.number,
        commit=event.commit.handshake,
    ),
    events.Welcomed: lambda event: messages.GroupWelcome(
        participant=event.commit.author,
        group=event.group,
        number=event.commit.number + 1,
        welcome=event.commit.welcome,
    ),
    events.SaidToGroup: lambda event: messages.GroupMessage(
        participant=event.participant.id, group=event.group, message=event.message
    ),
    events.GroupEnded: lambda event: messages.GroupEnded(group=event.group),
    events.RecordingStarted: lambda event: messages.RecordingStarted(
        recording=describe_recording(event)
    ),
    events.RecordingStopped: lambda event: messages.RecordingStopped(
        recording=event.recording, reason=event.reason
    ),
    events.MuteAsked: lambda event: messages.MuteAsked(
        publication=event.publication.id, by=event.by.name
    ),
    events.TransportLost: lambda event: messages.Problem(code="transport-lost", reason=LOST),  # noqa: ARG005
    events.Expelled: lambda event: messages.Removed(reason=event.reason),
}
"""One line for each event; a test compares it with the union of events."""


def announce(event: events.Event) -> messages.Message:
    """Return the message that tells a client of an event."""
    return _MESSAGES[type(event)](event)
