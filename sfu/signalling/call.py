"""Call: one participant's offers, answered one after another and put into effect."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfu.errors import Refused
from sfu.media.source import Track
from sfu.rooms.participant import Offered
from sfu.rooms.subscription import Terms
from sfu.signalling.agreement import LocalTransport, SendStream
from sfu.signalling.messages import Answer, SectionNote
from sfu.signalling.negotiation import negotiate
from sfu.signalling.sdp import parse_sdp

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sfu.rooms.participant import Participant
    from sfu.rooms.publication import Publication
    from sfu.signalling.agreement import Negotiation, ReceivedMedia, SentMedia
    from sfu.signalling.description import SessionDescription
    from sfu.signalling.messages import Offer, ReceivedSection
    from sfu.transport.node import Node
    from sfu.transport.peer import Peer


class Call:
    """What a participant has negotiated; it outlives their WebSocket.

    The o= line tells whether an offer comes from the RTCPeerConnection of the last one. Another
    one gets another transport; the same one with another ufrag gets an ICE restart.
    """

    def __init__(
        self,
        participant: Participant,
        node: Node,
        candidates: Callable[[], Sequence[str]],
    ) -> None:
        self._participant = participant
        self._node = node
        self._candidates = candidates
        self._session_id = int(participant.room.draw_id(), 16)  # of our own o= line
        self._version = 0
        self._remote_session: int | None = None
        self._remote_ufrag = ""
        self._ssrcs: dict[tuple[str, str], tuple[int, int]] = {}  # by mid and publication

    def answer(self, offer: Offer, *, now: float) -> Answer:
        """Answer an offer and act on it; raises Refused, and then nothing has changed."""
        self._check_permissions(offer)
        description = parse_sdp(offer.sdp)
        watched, notes = self._find_publications(offer.receive)
        old = self._participant.peer
        anew = old is None or description.session_id != self._remote_session
        if old is None and description.session_id == self._remote_session:
            raise Refused(
                "transport-closed", "This connection was lost for too long; open a new one."
            )
        peer = self._node.add_peer(now=now) if anew else old
        assert peer is not None
        try:
            negotiation = self._negotiate(offer, description, watched, peer)
            self._check_tracks(negotiation)
        except Refused:
            if anew:
                self._node.remove_peer(peer)
            raise
        self._apply(negotiation, watched, peer, anew=anew, now=now)
        return Answer(id=offer.id, sdp=negotiation.answer, notes=(*negotiation.notes, *notes))

    def _check_permissions(self, offer: Offer) -> None:
        permissions = self._participant.permissions
        if offer.publish and not permissions.publish:
            raise Refused("may-not-publish", "Your token does not let you publish.")
        if offer.receive and not permissions.subscribe:
            raise Refused("may-not-subscribe", "Your token does not let you watch.")

    def _find_publications(
        self, sections: Sequence[ReceivedSection]
    ) -> tuple[dict[str, Publication], list[SectionNote]]:
        """Find what each m-line is to play; what has just ended is noted, not refused."""
        publications = self._participant.room.publications
        watched: dict[str, Publication] = {}
        notes = []
        for section in sections:
            publication = publications.get(section.publication)
            if publication is None:
                reason = "This publication has ended."
                notes.append(SectionNote(mid=section.mid, code="ended", reason=reason))
            else:
                watched[section.mid] = publication
        return watched, notes

    def _negotiate(
        self,
        offer: Offer,
        description: SessionDescription,
        watched: dict[str, Publication],
        peer: Peer,
    ) -> Negotiation:
        self._version += 1
        ufrag, password = peer.ufrag, peer.password
        if self._restarts(description):
            ufrag, password = self._node.draw_credentials()
        local = LocalTransport(
            ufrag=ufrag,
            password=password,
            fingerprint=self._node.fingerprint,
            candidates=tuple(self._candidates()),
            session_id=self._session_id,
            version=self._version,
        )
        publish = {section.mid: section.source for section in offer.publish}
        send = {mid: self._stream(mid, publication) for mid, publication in watched.items()}
        negotiation = negotiate(description, local, publish, send)
        if (ufrag, password) != (peer.ufrag, peer.password):
            self._node.restart_ice(peer, ufrag, password)
        return negotiation

    def _restarts(self, description: SessionDescription) -> bool:
        same = description.session_id == self._remote_session
        ufrags = {s.transport.ufrag for s in description.sections if s.transport.ufrag}
        return same and self._remote_ufrag not in ufrags

    def _stream(self, mid: str, publication: Publication) -> SendStream:
        key = mid, publication.id
        room = self._participant.room
        if key not in self._ssrcs:
            self._ssrcs[key] = (room.draw_ssrc(), room.draw_ssrc())
        ssrc, rtx_ssrc = self._ssrcs[key]
        return SendStream(
            ssrc=ssrc,
            rtx_ssrc=rtx_ssrc,
            stream_id=publication.owner.id,
            track_id=publication.id,
            cname=publication.owner.id,
            codecs=tuple(dict.fromkeys(publication.source.track.codecs.values())),
            kind=publication.kind,
        )

    def _apply(
        self,
        negotiation: Negotiation,
        watched: dict[str, Publication],
        peer: Peer,
        *,
        anew: bool,
        now: float,
    ) -> None:
        participant = self._participant
        if anew:
            participant.connect(peer, now=now)
        peer.set_remote(
            ufrag=negotiation.ufrag,
            password=negotiation.password,
            fingerprints=negotiation.fingerprints,
            setup=negotiation.setup,
            now=now,
        )
        self._remote_session = negotiation.session_id
        self._remote_ufrag = negotiation.ufrag
        offered = [Offered(received.source, _track(received)) for received in negotiation.receives]
        participant.publish(offered, negotiation.extensions, anew=anew)
        terms = [_terms(watched[sent.mid], sent) for sent in negotiation.sends]
        participant.subscribe([t for t in terms if self._lives(t.publication)], now=now)
        self._ssrcs = {
            (t.mid, t.publication.id): self._ssrcs[t.mid, t.publication.id] for t in terms
        }

    def _lives(self, publication: Publication) -> bool:
        """Whether it did not end by this very offer, which watched one's own track."""
        return publication.id in self._participant.room.publications


def _track(received: ReceivedMedia) -> Track:
    return Track(
        mid=received.mid,
        kind=received.kind,
        codecs=received.codecs,
        rtx=received.rtx,
        ssrcs=received.ssrcs,
        rtx_of=received.rtx_of,
        nack=received.nack,
        pli=received.pli,
        fir=received.fir,
    )


def _terms(publication: Publication, sent: SentMedia) -> Terms:
    repeated = any(rtx is not None for _, rtx in sent.payload_types.values())
    return Terms(
        publication=publication,
        mid=sent.mid,
        ssrc=sent.stream.ssrc,
        rtx_ssrc=sent.stream.rtx_ssrc if repeated else None,
        payload_types=sent.payload_types,
        extensions=sent.extensions,
    )
