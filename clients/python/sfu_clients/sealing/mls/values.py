"""What goes into a member of a group and what comes out, as the page's `mls/types.ts` has it."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from sfu.signalling.messages import (
    CatchUp,
    CommitAccepted,
    Group,
    GroupEnded,
    GroupMessage,
    GroupStarted,
    GroupWelcome,
    Introduce,
    Problem,
    SendCommit,
    SendGroupMessage,
    StartGroup,
)
from sfu_clients.sealing import base64url
from sfu_clients.sealing.epochs import Cause, EpochKeys

Counters: TypeAlias = dict[str, int]
"""Sealed frames by `stream.spatial`."""

Alarm = Literal["split", "stalled", "unadmitted"]


class Value(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    rename="camel",
    tag_field="type",
    tag=str.lower,
    forbid_unknown_fields=True,
):
    """Told apart by `type`, which is the class's name."""


class Part(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Of a value."""


# What goes in


class Present(Part, frozen=True):
    """One participant, as far as the server tells."""

    participant: str
    connected: bool
    hello: str | None


class Entered(Value, frozen=True):
    """The server let us in."""

    self: str
    resumed: bool
    group: Group | None
    present: tuple[Present, ...]


class Roster(Value, frozen=True, tag="present"):
    """Who is here now."""

    present: tuple[Present, ...]


class Say(Value, frozen=True):
    """A line of chat of ours."""

    text: str


class Lost(Value, frozen=True):
    """The connection is gone; `Entered` follows when it is back."""


class Final(Part, frozen=True):
    """The last word of an epoch."""

    epoch: int
    counters: Counters


class Sealed(Value, frozen=True):
    """How far we have come in sealing."""

    epoch: int
    counters: Counters
    final: Final | None


class Tick(Value, frozen=True):
    """Nothing happened, but time went on."""


FromServer: TypeAlias = (
    GroupStarted | CommitAccepted | GroupWelcome | GroupMessage | GroupEnded | Problem
)
Input: TypeAlias = Entered | Roster | Say | Lost | Sealed | Tick | FromServer


# What comes out


class Send(Value, frozen=True):
    """Say this to the server."""

    message: Introduce | StartGroup | SendCommit | SendGroupMessage | CatchUp


class Epoch(Value, frozen=True):
    """There are other keys."""

    epoch: int
    context: str
    own_leaf: int
    base_keys: tuple[tuple[int, str], ...]
    cause: Cause

    def keys(self) -> EpochKeys:
        """With bytes for base64url."""
        base_keys = {leaf: base64url.decode(key) for leaf, key in self.base_keys}
        context = base64url.decode(self.context)
        return EpochKeys(self.epoch, context, self.own_leaf, base_keys, self.cause)


class Outside(Value, frozen=True):
    """We are in no group."""


class GroupMember(Part, frozen=True):
    """One leaf of the tree."""

    leaf: int
    participant: str | None
    """Who shows this leaf's hello."""
    person: str
    device: str
    """Ed25519 keys, base64url."""
    name: str
    is_self: bool
    is_silent: bool


class Members(Value, frozen=True):
    """Who is in the group."""

    members: tuple[GroupMember, ...]
    group: str


class Line(Value, frozen=True):
    """A line of chat."""

    leaf: int
    text: str


class Ended(Value, frozen=True, tag="final"):
    """Somebody's last counters of an epoch that is over."""

    leaf: int
    epoch: int
    counters: Counters


class Beacon(Value, frozen=True):
    """How far somebody's sealing has come."""

    leaf: int
    epoch: int
    time: int
    counters: Counters


class Alarmed(Value, frozen=True, tag="alarm"):
    """What people have to know, or that it is over."""

    alarm: Alarm
    is_on: bool


class Refused(Value, frozen=True):
    """Something of the group was not taken."""

    reason: str


Output: TypeAlias = Send | Epoch | Outside | Members | Line | Ended | Beacon | Alarmed | Refused
