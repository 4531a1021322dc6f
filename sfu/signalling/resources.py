"""WHIP and WHEP: one HTTP resource for each participant who comes without a WebSocket.

RFC 9725 for those who publish, draft-ietf-wish-whep-04 for those who watch. There is one offer;
after it ICE may be restarted, and nothing else is negotiated again. Who publishes gets all that
they offer, or a refusal; who watches, what there is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from sfu.errors import Refused
from sfu.rooms import events
from sfu.rooms.directory import check_mode
from sfu.rooms.room import HOP
from sfu.signalling.messages import Join, Offer, PublishedSection, ReceivedSection, SectionNote
from sfu.signalling.sdp import parse_sdp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from sfu.rooms.participant import Participant
    from sfu.rooms.publication import Publication
    from sfu.rooms.room import Room
    from sfu.signalling.agreement import LocalTransport
    from sfu.signalling.description import Direction, MediaSection, SessionDescription
    from sfu.signalling.lobby import Lobby
    from sfu.signalling.messages import Answer, MediaSource

MAX_BODY: Final = 200_000
"""Longest offer, in bytes."""

NAMES: Final = {"whip": "WHIP publisher", "whep": "WHEP viewer"}
"""What participants are called whose token does not name them."""

_SOURCES: Final[dict[str, MediaSource]] = {"audio": "microphone", "video": "camera"}
_ORDER: Final = ("camera", "screen", "microphone", "screen_audio")
_FRAGMENT_HEAD: Final = "v=0\r\no=- 0 0 IN IP4 0.0.0.0\r\n"
_FRAGMENT_TAIL: Final = "\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\n"
"""A last m-line, which has what the session level says even where the fragment has none."""

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
        """Let somebody in by their offer; raises Refused, and then nothing is left of them.

        Who finds nothing to watch is refused before the others hear of them: players ask often.
        """
        description = parse_sdp(body)
        self._lobby.check(token, endpoint.room)
        room = self._lobby.find_room(endpoint.room)
        if room is not None:
            check_mode(room, HOP)
        offer = _offer(endpoint.protocol, body, description, room, publication)
        join = Join(room=endpoint.room, name=NAMES[endpoint.protocol], token=token)
        participant, _ = self._lobby.enter(join)
        try:
            answer = self._lobby.call_of(participant).answer(offer, now=now)
            _check(participant, offer, answer)
        except Refused:
            self._lobby.leave(participant)
            raise
        key = Key(endpoint, participant.secret)
        self._participants[key] = participant
        participant.listen(self._listener(key, participant))
        return Created(key, _etag(participant), answer.sdp, (*answer.notes, *_notes(participant)))

    def _listener(self, key: Key, participant: Participant) -> Callable[[events.Event], None]:
        def hear(event: events.Event) -> None:
            if isinstance(event, events.TransportLost):
                self._remove(key)
            elif isinstance(event, events.Expelled):
                self._participants.pop(key, None)
            elif isinstance(event, events.Unpublished) and _is_idle(participant):
                self._remove(key)  # a player notices, and can ask again

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
        if {tag.strip() for tag in if_match.split(",")}.isdisjoint({"*", _etag(participant)}):
            raise Refused("precondition-failed", "ICE was restarted since; the ETag is another.")
        call = self._lobby.call_of(participant)
        sections = parse_sdp(f"{_FRAGMENT_HEAD}{body}{_FRAGMENT_TAIL}").sections
        section = next((section for section in sections if section.transport.ufrag), None)
        if section is None or not call.restarts_with(section.transport.ufrag):
            return None
        if not section.transport.password:
            raise Refused("bad-sdp", "A fragment with a=ice-ufrag needs a=ice-pwd, too.")
        local = call.restart_ice(section.transport.ufrag, section.transport.password, now=now)
        return Restarted(_etag(participant), _fragment(section, local))

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


def _check(participant: Participant, offer: Offer, answer: Answer) -> None:
    """Raise Refused for a partial success of a publisher's (RFC 9725 section 4.4.3), or none."""
    served, wanted = len(participant.publications), len(offer.publish)
    if served < wanted or (offer.receive and not participant.subscriptions):
        reasons = [note.reason for note in answer.notes] or ["An m-line is switched off."]
        raise Refused("not-served", f"Not all of the offer can be served. {reasons[0]}")


def _notes(participant: Participant) -> Iterator[SectionNote]:
    """What a publisher should know although all is served."""
    for publication in participant.publications:
        track = publication.source.track
        if track.kind == "video" and not (track.pli or track.fir):
            reason = (
                "You take neither PLI nor FIR: who begins to watch waits for your next key frame."
            )
            yield SectionNote(mid=track.mid, code="no-key-frame-requests", reason=reason)


def _is_idle(participant: Participant) -> bool:
    """Whether nothing is left to watch of what a viewer came for."""
    return not (participant.subscriptions or participant.publications)


def _etag(participant: Participant) -> str:
    """One ICE session, one tag (RFC 9725 section 4.3.1)."""
    assert participant.peer is not None
    return f'"{participant.peer.ufrag}"'


def _offer(
    protocol: Protocol,
    body: str,
    description: SessionDescription,
    room: Room | None,
    publication: str | None,
) -> Offer:
    """Say of each m-line what it is for, as the page would."""
    if protocol == "whip":
        publish = tuple(
            PublishedSection(mid=section.mid, source=_SOURCES[section.kind])
            for section in _sections(description, "sendonly")
        )
        if not publish:
            raise Refused("nothing-offered", "The offer sends no audio and no video.")
        return Offer(id=0, sdp=body, publish=publish, receive=())
    wanted = _sections(description, "recvonly")
    if not wanted:
        raise Refused("nothing-offered", "The offer receives no audio and no video.")
    if room is None or not room.publications:
        raise Refused("nothing-to-watch", "Nobody publishes in this room; try again soon.")
    candidates = {kind: _in_order(room, kind, publication) for kind in _SOURCES}
    chosen = [(section.mid, next(candidates[section.kind], None)) for section in wanted]
    receive = [ReceivedSection(mid=mid, publication=one.id) for mid, one in chosen if one]
    if not receive:
        raise Refused("nothing-to-watch", "Nobody here publishes what the offer receives.")
    return Offer(id=0, sdp=body, publish=(), receive=tuple(receive))


def _sections(description: SessionDescription, direction: Direction) -> list[MediaSection]:
    """The m-lines that carry media this way."""
    return [
        section
        for section in description.sections
        if section.kind in _SOURCES
        and section.direction in {"sendrecv", direction}
        and not section.rejected
    ]


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


def _fragment(section: MediaSection, local: LocalTransport) -> str:
    """Our credentials and candidates, for the m-line that the fragment was about (RFC 8840)."""
    lines = [
        "a=ice-lite",
        f"m={section.kind} 9 {section.protocol} {' '.join(section.formats)}",
        *([f"a=mid:{section.mid}"] if section.mid else []),
        f"a=ice-ufrag:{local.ufrag}",
        f"a=ice-pwd:{local.password}",
        *(f"a=candidate:{value}" for value in local.candidates),
        "a=end-of-candidates",
    ]
    return "".join(f"{line}\r\n" for line in lines)
