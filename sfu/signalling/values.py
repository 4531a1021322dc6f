"""What messages are made of: bounded values, parts, and what all messages have in common."""

from typing import Annotated, Final, Literal

import msgspec

MAX_MESSAGE_BYTES: Final = 256 * 1024
"""Longest message that either side accepts, in bytes of UTF-8."""

MAX_MEDIA_SECTIONS: Final = 200
"""Most m-lines of one offer."""

Identifier = Annotated[
    str, msgspec.Meta(min_length=1, max_length=64, pattern=r"\A[A-Za-z0-9_.-]+\Z")
]
RoomName = Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern=r"\A[A-Za-z0-9_-]+\Z")]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Mid = Annotated[str, msgspec.Meta(min_length=1, max_length=16)]
Secret = Annotated[str, msgspec.Meta(min_length=1, max_length=4096)]
Sdp = Annotated[str, msgspec.Meta(min_length=1, max_length=200_000)]
Height = Annotated[int, msgspec.Meta(ge=0, le=8640)]
Hello = Annotated[str, msgspec.Meta(min_length=1, max_length=2000, pattern=r"\A[A-Za-z0-9_-]+\Z")]
SealedLine = Annotated[
    str, msgspec.Meta(min_length=1, max_length=24_000, pattern=r"\A[A-Za-z0-9_-]+\Z")
]
GroupId = Annotated[str, msgspec.Meta(min_length=43, max_length=43, pattern=r"\A[A-Za-z0-9_-]+\Z")]
"""32 random bytes in base64url, as all that belongs to groups is."""
Handshake = Annotated[
    str, msgspec.Meta(min_length=1, max_length=120_000, pattern=r"\A[A-Za-z0-9_-]+\Z")
]
CommitNumber = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
PublicKey = Annotated[
    str, msgspec.Meta(min_length=43, max_length=43, pattern=r"\A[A-Za-z0-9_-]+\Z")
]
"""32 bytes in base64url: an X25519 public key, whom sealed keys are for."""
SealedKeys = Annotated[
    str, msgspec.Meta(min_length=1, max_length=400, pattern=r"\A[A-Za-z0-9_-]+\Z")
]
Count = Annotated[int, msgspec.Meta(ge=0, le=1_000_000)]
RequestId = Annotated[int, msgspec.Meta(ge=0, le=2**31)]

Kind = Literal["audio", "video"]
MediaSource = Literal["microphone", "camera", "screen", "screen_audio"]
Mode = Literal["hop", "e2ee-passphrase", "e2ee-mls"]


def _snake(name: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")


class Message(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    tag_field="type",
    tag=_snake,
):
    """Anything that travels over the WebSocket."""


class Value(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Part of a message. Below, `frozen` is repeated for type checkers, which do not inherit it."""


class Layer(Value, frozen=True):
    """One spatial layer that a publication offers; sizes in pixels, 0 where they are not known."""

    spatial: int
    temporal_layers: int
    width: int
    height: int
    active: bool


class Publication(Value, frozen=True):
    """One track that somebody publishes."""

    id: Identifier
    kind: Kind
    source: MediaSource
    codec: str | None
    """Encoding name as in SDP, once the first packet has shown it."""
    muted: bool
    layers: tuple[Layer, ...]


class Participant(Value, frozen=True):
    """One person in the room."""

    id: Identifier
    name: Name
    moderator: bool
    connected: bool
    """False while a dropped connection may still return."""
    hello: str | None
    """In end-to-end modes: what they say of themselves and their keys, unread by the server."""
    publications: tuple[Publication, ...]


class PublishedSection(Value, frozen=True):
    """Which of an offer's m-lines carries what."""

    mid: Mid
    source: MediaSource


class ReceivedSection(Value, frozen=True):
    """Which publication an offer's m-line is to play."""

    mid: Mid
    publication: Identifier


class Group(Value, frozen=True):
    """The group of a room in mode `e2ee-mls`: docs/mls.md."""

    id: GroupId
    number: CommitNumber
    """How many commits were accepted in it."""


class Recording(Value, frozen=True):
    """The server stores what is published in the room, as it has it: docs/recording.md."""

    id: Identifier
    public_key: PublicKey | None
    """In end-to-end modes: for whom those who consent seal their keys."""
    by: Name | None
    """Who asked for it, if their token says."""


class SectionNote(Value, frozen=True):
    """Why an m-line of an offer was refused or limited, for a person to read."""

    mid: Mid
    code: str
    reason: str
