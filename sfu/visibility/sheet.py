"""The privacy sheet of a room: for each function what the server could see, and its evidence.

It is written from the server's own counters: whoever does not believe the operator checks
from captures of their own (`sfu-client verify`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sfu.media.depth import Depth
    from sfu.rooms.room import Room

Function = Literal[
    "audio", "video", "screen", "chat", "roster", "recording", "addresses", "activity"
]
"""What people use, or leave behind, in a room."""

Verdict = Literal["none", "readable", "opaque"]
"""Nothing of it is there; the server could read it; it passed the server sealed."""

STATEMENT: Final = (
    "This is the server's own report, made from its counters. A server that lies about its mode "
    "lies here too: captures of both legs, and the keys of your own, do not depend on it."
)

ACTIVITY: Final = (
    "Who sends how much and when, which also tells who speaks, and when pictures change. Of such "
    "guesses about speech in sealed calls, 93 % were right where always saying silence is right in "
    "68 %; docs/inference.md says how that was measured, and what hides it."
)

Seen = Literal["readable", "opaque", "undecided"]
"""What the witness makes of one sample."""


class Witnessed(msgspec.Struct, frozen=True, kw_only=True):
    """What the witness made of the samples of a function."""

    readable: int = 0
    """Samples that it could decode into pictures or sound."""
    opaque: int = 0
    """Samples that told it no more than noise of the same sizes."""
    undecided: int = 0
    figures: str | None = None
    """Of the sample that decides what is said here."""


class Evidence(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The counters behind a verdict; what does not belong to a function is left out."""

    bytes: int | None = None
    lines: int | None = None
    streams: int | None = None
    people: int | None = None
    depth: str | None = None
    """The deepest that the forwarder read: nothing, header, descriptor, shim, media."""
    srtp_sessions: int | None = None
    frame_keys: int | None = None
    witness: Witnessed | None = None
    note: str | None = None


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One function."""

    function: Function
    verdict: Verdict
    evidence: Evidence
    since: float | None = None
    """Unix time at which the verdict became this one; None while there is nothing."""


class Inferred(msgspec.Struct, frozen=True, kw_only=True):
    """What sizes and times alone tell of a stream; None is "don't know"."""

    kind: Literal["audio", "video"] | None = None
    speaking: bool | None = None
    """Now; None of pictures."""
    key_frames: int = 0
    """Bursts that look like one, so far."""
    changes: int = 0
    """Lasting changes of the rate: of layers, resolution or scene."""


class Stream(msgspec.Struct, frozen=True, kw_only=True):
    """One publication that is there now."""

    participant: str
    publication: str
    function: str
    bytes: int
    depth: str
    seen: Seen | None = None
    """What the witness made of it last; None before, or without a witness."""
    figures: str | None = None
    inferred: Inferred | None = None
    """What its sizes and times alone tell; None without a witness: nobody guesses unannounced."""


class Sheet(msgspec.Struct, frozen=True, kw_only=True):
    """One room at one moment; a line for each function, whatever happens in it."""

    room: str
    mode: str
    written: float
    """Unix time."""
    witness: bool
    """Whether the server tries to decode what passes."""
    statement: str = STATEMENT
    functions: tuple[Line, ...]
    streams: tuple[Stream, ...]
    """At most as many as a room's people may publish."""


MEDIA: Final[tuple[Literal["audio", "video", "screen"], ...]] = ("audio", "video", "screen")


def lines(room: Room, witnessed: dict[str, Witnessed] | None) -> Iterable[Line]:
    """Judge each function of a room; `witnessed` is None where there is no witness."""
    for function in MEDIA:
        yield _media(room, function, None if witnessed is None else witnessed.get(function))
    yield _chat(room)
    people = len(room.participants)
    note = "Names, and who is there with whom; the server passes them on."
    yield Line(function="roster", verdict="readable", evidence=Evidence(people=people, note=note))
    yield _recording(room)
    connected = sum(1 for who in room.participants.values() if who.peer is not None)
    yield Line(function="addresses", verdict="readable", evidence=Evidence(people=connected))
    streams = len(room.publications)
    evidence = Evidence(streams=streams, note=ACTIVITY)
    yield Line(function="activity", verdict="readable" if streams else "none", evidence=evidence)


def _media(
    room: Room, function: Literal["audio", "video", "screen"], witness: Witnessed | None
) -> Line:
    """A witness that could read anything outweighs what the mode promises, for good."""
    publications = list(room.publications.values())
    size, depth = room.holdings.media(function, publications)
    evidence = Evidence(
        bytes=size,
        depth=_word(depth),
        srtp_sessions=sum(who.srtp_sessions for who in room.participants.values()),
        frame_keys=0,
        witness=witness,
    )
    return Line(function=function, verdict=_verdict(room, size, witness), evidence=evidence)


def _verdict(room: Room, size: int, witness: Witnessed | None) -> Verdict:
    if not size:
        return "none"
    if witness is not None and (witness.readable or witness.opaque):
        return "readable" if witness.readable else "opaque"
    return "opaque" if room.sealed else "readable"


def _chat(room: Room) -> Line:
    held = room.holdings
    verdict: Verdict = "opaque" if room.sealed else "readable"
    return Line(
        function="chat",
        verdict=verdict if held.lines else "none",
        evidence=Evidence(lines=held.lines, bytes=held.line_bytes),
    )


def _recording(room: Room) -> Line:
    if room.recording is None:
        return Line(function="recording", verdict="none", evidence=Evidence())
    verdict: Verdict = "opaque" if room.sealed else "readable"
    return Line(function="recording", verdict=verdict, evidence=Evidence())


def _word(depth: Depth) -> str:
    return depth.name.lower()
