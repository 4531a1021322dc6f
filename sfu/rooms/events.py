"""What happens in a room, as values that name the people and tracks it happened to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sfu.rooms.delivery import Commit
    from sfu.rooms.participant import Participant
    from sfu.rooms.publication import Publication
    from sfu.rooms.subscription import Subscription


@dataclass(frozen=True, slots=True)
class Joined:
    """Somebody came."""

    participant: Participant


@dataclass(frozen=True, slots=True)
class ConnectionChanged:
    """Somebody's signalling dropped or returned, or they have another hello."""

    participant: Participant


@dataclass(frozen=True, slots=True)
class Left:
    """Somebody left: `reason` is "left", "timeout", "removed", "drained" or "failed"."""

    participant: Participant
    reason: str


@dataclass(frozen=True, slots=True)
class Published:
    """A track began."""

    publication: Publication


@dataclass(frozen=True, slots=True)
class PublicationChanged:
    """A track's codec, layers or mute state changed."""

    publication: Publication


@dataclass(frozen=True, slots=True)
class Unpublished:
    """A track ended."""

    publication: Publication


@dataclass(frozen=True, slots=True)
class LayerSwitched:
    """The layer that one subscriber is sent changed; only that subscriber hears of it."""

    subscription: Subscription
    reason: str


@dataclass(frozen=True, slots=True)
class SpeakerChanged:
    """Somebody else speaks, or nobody does any more."""

    participant: Participant | None


@dataclass(frozen=True, slots=True)
class Said:
    """A line of chat."""

    participant: Participant
    text: str


@dataclass(frozen=True, slots=True)
class SaidSealed:
    """A line of chat that the server cannot read."""

    participant: Participant
    line: str


@dataclass(frozen=True, slots=True)
class GroupStarted:
    """The room has a group, and this is its only member."""

    participant: Participant
    group: str


@dataclass(frozen=True, slots=True)
class CommitAccepted:
    """A commit has its place in the order; only members hear of it."""

    group: str
    commit: Commit


@dataclass(frozen=True, slots=True)
class Welcomed:
    """A commit added this participant, who alone hears of it."""

    group: str
    commit: Commit


@dataclass(frozen=True, slots=True)
class SaidToGroup:
    """A message that only the other members hear of."""

    participant: Participant
    group: str
    message: str


@dataclass(frozen=True, slots=True)
class GroupEnded:
    """The group has no member any more."""

    group: str


@dataclass(frozen=True, slots=True)
class RecordingStarted:
    """All that is published is stored from now on."""

    recording: str
    public_key: bytes | None  # whom keys are sealed for, in sealed rooms
    by: str | None  # the name of the token with which somebody asked


@dataclass(frozen=True, slots=True)
class RecordingStopped:
    """It is over: "stopped", "full", "time", "disk", "room_ended", "drained" or "failed"."""

    recording: str
    reason: str


@dataclass(frozen=True, slots=True)
class MuteAsked:
    """A moderator asks the owner of a publication to mute it."""

    publication: Publication
    by: Participant


@dataclass(frozen=True, slots=True)
class TransportLost:
    """This participant's transport is closed, for a reason of the transport's."""

    reason: str


@dataclass(frozen=True, slots=True)
class Expelled:
    """This participant is out: `reason` is "moderator", "drained", "replaced", "failed"."""

    reason: str


Event = (
    Joined
    | ConnectionChanged
    | Left
    | Published
    | PublicationChanged
    | Unpublished
    | LayerSwitched
    | SpeakerChanged
    | Said
    | SaidSealed
    | GroupStarted
    | CommitAccepted
    | Welcomed
    | SaidToGroup
    | GroupEnded
    | RecordingStarted
    | RecordingStopped
    | MuteAsked
    | TransportLost
    | Expelled
)
