"""WHIP and WHEP: one HTTP resource for each participant who comes without a WebSocket.

RFC 9725 for those who publish, draft-ietf-wish-whep-03 for those who watch. There is one offer;
after it ICE may be restarted, and nothing else is negotiated again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from sfu.errors import Refused
from sfu.rooms import events
from sfu.signalling.messages import Join, Offer, PublishedSection, ReceivedSection
from sfu.signalling.sdp import parse_sdp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from sfu.rooms.participant import Participant
    from sfu.rooms.publication import Publication
    from sfu.rooms.room import Room
    from sfu.signalling.agreement import LocalTransport
    from sfu.signalling.description import SessionDescription
    from sfu.signalling.lobby import Lobby
    from sfu.signalling.messages import MediaSource, SectionNote

MAX_BODY: Final = 200_000
"""Longest offer, in bytes."""

NAMES: Final = {"whip": "WHIP publisher", "whep": "WHEP viewer"}
"""What participants are called whose token does not name them."""

_SOURCES: Final[dict[str, MediaSource]] = {"audio": "microphone", "video": "camera"}
_ORDER: Final = ("camera", "screen", "microphone", "screen_audio")
_FRAGMENT_HEAD: Final = "v=0\r\no=- 0 0 IN IP4 0.0.0.0\r\n"

Protocol = Literal["whip", "whep"]


class Endpoint(NamedTuple):
    """Where offers are sent."""

    protocol: Protocol
    room: str


class Key(NamedTuple):
    """What an offer has made: its endpoint and a secret."""

    endpoint: Endpoint
    ident: str


@dataclass(frozen=True, slots=True)
class Created:
    """The answer to an offer."""

    key: Key
    etag: str
    sdp: str
    notes: tuple[SectionNote, ...]


@dataclass(frozen=True, slots=True)
class Restarted:
    """Our half of an ICE restart, as an application/trickle-ice-sdpfrag."""

    etag: str
    fragment: str


class Resources:
    """Who publishes or watches over HTTP; their identifiers are secrets."""

    def __init__(self, lobby: Lobby) -> None:
        self._lobby = lobby
        self._participants: dict[Key, Participant] = {}

    def create(
        self,
        endpoint: Endpoint,
        body: str,
        *,
        token: str | None,
        publication: str | None = None,
        now: float,
    ) -> Created:
        """Let somebody in by their offer; raises Refused, and then nothing is left of them."""
        description = parse_sdp(body)
        join = Join(room=endpoint.room, name=NAMES[endpoint.protocol], token=token)
        participant, _ = self._lobby.enter(join)
        try:
            offer = _offer(endpoint.protocol, body, description, participant.room, publication)
            answer = self._lobby.call_of(participant).answer(offer, now=now)
        except Refused:
            self._lobby.leave(participant)
            raise
        key = Key(endpoint, participant.secret)
        self._participants[key] = participant
        participant.listen(self._listener(key))
        return Created(key, _etag(participant), answer.sdp, answer.notes)

    def _listener(self, key: Key) -> Callable[[events.Event], None]:
        def hear(event: events.Event) -> None:
            if isinstance(event, events.TransportLost):
                self._remove(key)
            elif isinstance(event, events.Expelled):
                self._participants.pop(key, None)

        return hear

    def patch(
        self,
        key: Key,
        body: str,
        *,
        token: str | None,
        if_match: str | None,
        now: float,
    ) -> Restarted | None:
        """Restart ICE if the fragment has other credentials; candidates alone need nothing.

        Raises Refused: "precondition-required", "precondition-failed", "no-resource", "bad-sdp".
        """
        participant = self._find(key, token)
        if if_match is None:
            raise Refused("precondition-required", "PATCH needs If-Match: the ETag, or *.")
        if if_match not in {"*", _etag(participant)}:
            raise Refused("precondition-failed", "ICE was restarted since; the ETag is another.")
        call = self._lobby.call_of(participant)
        fragment = parse_sdp(_FRAGMENT_HEAD + body)
        transports = [s.transport for s in fragment.sections if s.transport.ufrag]
        if not transports or not call.restarts_with(transports[0].ufrag):
            return None
        local = call.restart_ice(transports[0].ufrag, transports[0].password, now=now)
        return Restarted(_etag(participant), _fragment(fragment, local))

    def delete(self, key: Key, *, token: str | None) -> None:
        """End a session; raises Refused("no-resource") for one that has ended."""
        self._find(key, token)
        self._remove(key)

    def _find(self, key: Key, token: str | None) -> Participant:
        participant = self._participants.get(key)
        if participant is None:
            raise Refused("no-resource", "There is no such session, or not any more.")
        self._lobby.check(token, key.endpoint.room)
        return participant

    def _remove(self, key: Key) -> None:
        participant = self._participants.pop(key, None)
        if participant is not None:
            self._lobby.leave(participant)


def _etag(participant: Participant) -> str:
    """One ICE session, one tag (RFC 9725 section 4.3.1)."""
    assert participant.peer is not None
    return f'"{participant.peer.ufrag}"'


def _offer(
    protocol: Protocol,
    body: str,
    description: SessionDescription,
    room: Room,
    publication: str | None,
) -> Offer:
    """Say of each m-line what it is for, as the page would."""
    if protocol == "whip":
        publish = tuple(
            PublishedSection(mid=section.mid, source=_SOURCES[section.kind])
            for section in description.sections
            if section.kind in _SOURCES and section.direction in {"sendrecv", "sendonly"}
        )
        return Offer(id=0, sdp=body, publish=publish, receive=())
    candidates = {kind: _in_order(room, kind, publication) for kind in _SOURCES}
    receive = []
    for section in description.sections:
        if section.kind in candidates and section.direction in {"sendrecv", "recvonly"}:
            following = next(candidates[section.kind], None)
            if following is not None:
                receive.append(ReceivedSection(mid=section.mid, publication=following.id))
    if not receive:
        raise Refused("nothing-to-watch", "Nobody publishes in this room; try again soon.")
    return Offer(id=0, sdp=body, publish=(), receive=tuple(receive))


def _in_order(room: Room, kind: str, wanted: str | None) -> Iterator[Publication]:
    """Publications of a kind in the order in which a viewer's m-lines are filled.

    First the one that the request names, then those of its owner; without one, the active
    speaker's; then everybody's in the order of their coming. Of one person's: camera, screen,
    microphone, the screen's sound.
    """
    named = None
    if wanted is not None:
        named = room.publications.get(wanted)
        if named is None:
            raise Refused("unknown-publication", "No publication here has this id.")
    first = named.owner if named is not None else room.speaker
    owners = sorted(room.participants.values(), key=lambda owner: owner is not first)
    everything: Iterable[Publication] = (
        publication
        for owner in owners
        for publication in sorted(owner.publications, key=lambda p: _ORDER.index(p.origin))
    )
    return iter(sorted((p for p in everything if p.kind == kind), key=lambda p: p is not named))


def _fragment(asked: SessionDescription, local: LocalTransport) -> str:
    """Our credentials and candidates, for the m-line that the fragment was about (RFC 8840)."""
    section = asked.sections[0]
    lines = [
        f"a=ice-ufrag:{local.ufrag}",
        f"a=ice-pwd:{local.password}",
        f"m={section.kind} 9 {section.protocol} 0",
        f"a=mid:{section.mid}",
        *(f"a=candidate:{value}" for value in local.candidates),
        "a=end-of-candidates",
    ]
    return "".join(f"{line}\r\n" for line in lines)
