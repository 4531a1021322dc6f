"""The JSON messages between a client and the server, declared once for both.

Each message is an object whose `type` is the class name in snake case. Unknown fields, unknown
types and values out of bounds are refused. The TypeScript types of the page and the tables of
docs/protocol.md are generated from this file and from values.py.
"""

from typing import Annotated, Literal

import msgspec

from sfu.signalling.recording_messages import (
    RecordingStarted,
    RecordingStopped,
    SendRecordingKeys,
)
from sfu.signalling.values import (
    MAX_MEDIA_SECTIONS,
    MAX_MESSAGE_BYTES,
    CommitNumber,
    Count,
    Group,
    GroupId,
    Handshake,
    Height,
    Hello,
    Identifier,
    Kind,
    Layer,
    MediaSource,
    Message,
    Mode,
    Name,
    Participant,
    Publication,
    PublishedSection,
    ReceivedSection,
    Recording,
    RequestId,
    RoomName,
    Sdp,
    SealedLine,
    Secret,
    SectionNote,
)

__all__ = (  # what others take from here besides messages
    "MAX_MEDIA_SECTIONS",
    "MAX_MESSAGE_BYTES",
    "Group",
    "Identifier",
    "Kind",
    "Layer",
    "MediaSource",
    "Message",
    "Mode",
    "Name",
    "Participant",
    "Publication",
    "PublishedSection",
    "ReceivedSection",
    "Recording",
    "RecordingStarted",
    "RecordingStopped",
    "RoomName",
    "SectionNote",
    "SendRecordingKeys",
)


# From the client


class Join(Message, frozen=True):
    """Enter a room, or return to it within ten seconds with the secret of `welcome`."""

    room: RoomName
    name: Name
    mode: Mode = "hop"
    """The mode that the client insists on; another room mode is refused, never adapted to."""
    hello: Hello | None = None
    """For the others in the room, in end-to-end modes only; one's media is sealed as it says."""
    token: Secret | None = None
    resume: Secret | None = None


class Offer(Message, frozen=True):
    """A whole new offer (RFC 9429); the server only ever answers."""

    id: RequestId
    sdp: Sdp
    publish: Annotated[tuple[PublishedSection, ...], msgspec.Meta(max_length=MAX_MEDIA_SECTIONS)]
    receive: Annotated[tuple[ReceivedSection, ...], msgspec.Meta(max_length=MAX_MEDIA_SECTIONS)]


class Wish(Message, frozen=True):
    """The largest picture wanted of a publication, in lines of its short side; 0 is off."""

    publication: Identifier
    height: Height


class SetMuted(Message, frozen=True):
    """Tell the others that one's own publication is muted or not."""

    publication: Identifier
    muted: bool


class SendChat(Message, frozen=True):
    """A line of chat to everybody in the room."""

    text: Annotated[str, msgspec.Meta(min_length=1, max_length=4000)]


class SendSealedChat(Message, frozen=True):
    """A line of chat that the server cannot read, in the end-to-end modes."""

    line: SealedLine


class ReportRefusals(Message, frozen=True):
    """How many sealed frames this client did not play since its last report, by reason."""

    malformed: Count = 0
    unknown_key: Count = 0
    replayed: Count = 0
    not_authentic: Count = 0
    mislabelled: Count = 0


class Introduce(Message, frozen=True):
    """Another hello than that of `join`; who was a member of the group is none any more."""

    hello: Hello


class StartGroup(Message, frozen=True):
    """Be the first member of a room's group, in mode `e2ee-mls` only, like what follows."""

    group: GroupId


class SendCommit(Message, frozen=True):
    """A commit, to be accepted if so many were accepted before it, and no more."""

    group: GroupId
    number: CommitNumber
    commit: Handshake
    welcome: Handshake | None
    """For those who are added."""
    added: Annotated[tuple[Identifier, ...], msgspec.Meta(max_length=200)]


class SendGroupMessage(Message, frozen=True):
    """A message to all other members, that the server cannot read."""

    group: GroupId
    message: SealedLine


class CatchUp(Message, frozen=True):
    """Ask for the commits from a number on; null for who waits to be added, or was meanwhile."""

    group: GroupId
    number: CommitNumber | None


class AskMute(Message, frozen=True):
    """Moderators: ask a participant to mute a publication."""

    publication: Identifier


class Remove(Message, frozen=True):
    """Moderators: remove a participant from the room."""

    participant: Identifier


class Leave(Message, frozen=True):
    """Leave for good: nothing is kept for a return."""


# From the server


class Welcome(Message, frozen=True):
    """Who you are and who is here; the answer to `join`."""

    participant: Identifier
    room: RoomName
    mode: Mode
    resume: Secret
    resumed: bool
    may_publish: bool
    may_subscribe: bool
    moderator: bool
    participants: tuple[Participant, ...]
    speaker: Identifier | None
    group: Group | None
    """In mode `e2ee-mls`: the group, if there is one; being in it is another thing."""
    recording: Recording | None = None
    witness: bool = False
    """Whether the server tries to decode what passes, to show what it could see."""


class ParticipantJoined(Message, frozen=True):
    """Somebody came."""

    participant: Participant


class ParticipantUpdated(Message, frozen=True):
    """Somebody's connection dropped or returned, perhaps with other keys."""

    participant: Identifier
    connected: bool
    hello: str | None


class ParticipantLeft(Message, frozen=True):
    """Somebody left."""

    participant: Identifier
    reason: Literal["left", "timeout", "removed", "drained", "failed"]


class PublicationAdded(Message, frozen=True):
    """Somebody publishes a track."""

    participant: Identifier
    publication: Publication


class PublicationUpdated(Message, frozen=True):
    """A track changed: codec known, layers, muted."""

    participant: Identifier
    publication: Publication


class PublicationRemoved(Message, frozen=True):
    """A track ended."""

    participant: Identifier
    publication: Identifier


class Answer(Message, frozen=True):
    """The answer to the offer of the same `id`."""

    id: RequestId
    sdp: str
    notes: tuple[SectionNote, ...]


class LayerChanged(Message, frozen=True):
    """Which layer of a publication this client is sent now, and why it changed."""

    publication: Identifier
    layer: str | None
    """`S1T2`, or nothing while no picture is forwarded."""
    wanted: str | None
    height: int
    reason: str


class SpeakerChanged(Message, frozen=True):
    """Who speaks."""

    participant: Identifier | None


class Chat(Message, frozen=True):
    """A line of chat; the server has read it."""

    participant: Identifier
    name: Name
    text: str


class SealedChat(Message, frozen=True):
    """A line of chat that only those can read who have the keys."""

    participant: Identifier
    line: str


class GroupStarted(Message, frozen=True):
    """The room has a group with one member."""

    participant: Identifier
    group: GroupId


class CommitAccepted(Message, frozen=True):
    """The commit of this number, for all members; the next has the next number."""

    participant: Identifier
    group: GroupId
    number: CommitNumber
    commit: Handshake


class GroupWelcome(Message, frozen=True):
    """You were added; `number` is that of the next commit."""

    participant: Identifier
    group: GroupId
    number: CommitNumber
    welcome: Handshake


class GroupMessage(Message, frozen=True):
    """What a member says to the others, that the server cannot read."""

    participant: Identifier
    group: GroupId
    message: SealedLine


class GroupEnded(Message, frozen=True):
    """Nobody of the group is left."""

    group: GroupId


class MuteAsked(Message, frozen=True):
    """A moderator asks you to mute a publication."""

    publication: Identifier
    by: Name


class Removed(Message, frozen=True):
    """You are out; the connection closes."""

    reason: Literal["moderator", "drained", "replaced", "failed"]


class Problem(Message, frozen=True):
    """A request was refused; `code` is for programs, `reason` for people."""

    code: str
    reason: str
    id: RequestId | None = None
    """The offer that was refused, if it was one."""
    fatal: bool = False
    """True when the connection closes after it."""


ClientMessage = (
    Join
    | Offer
    | Wish
    | SetMuted
    | SendChat
    | SendSealedChat
    | ReportRefusals
    | Introduce
    | StartGroup
    | SendCommit
    | SendGroupMessage
    | CatchUp
    | SendRecordingKeys
    | AskMute
    | Remove
    | Leave
)
ServerMessage = (
    Welcome
    | ParticipantJoined
    | ParticipantUpdated
    | ParticipantLeft
    | PublicationAdded
    | PublicationUpdated
    | PublicationRemoved
    | Answer
    | LayerChanged
    | SpeakerChanged
    | Chat
    | SealedChat
    | GroupStarted
    | CommitAccepted
    | GroupWelcome
    | GroupMessage
    | GroupEnded
    | RecordingStarted
    | RecordingStopped
    | MuteAsked
    | Removed
    | Problem
)
