"""Call: one participant's offers, answered one after another and put into effect."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sfu.errors import Refused, TransportRefused
from sfu.media.source import Track
from sfu.rooms.participant import MAX_PUBLICATIONS, Offered
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
        self._agreed: Negotiation | None = None  # by the last offer
        self._ssrcs: dict[tuple[str, str], tuple[int, int]] = {}  # by mid and publication

    def answer(self, offer: Offer, *, now: float) -> Answer:
        """Answer an offer and act on it; raises Refused, and then nothing has changed."""
        self._check_permissions(offer)
        description = parse_sdp(offer.sdp)
        watched, notes = self._find_publications(offer.receive)
        old = self._participant.peer
        same = self._agreed is not None and description.session_id == self._agreed.session_id
        if same and old is None:
            raise Refused(
                "transport-closed", "This connection was lost for too long; open a new one."
            )
        peer = old if same and old is not None else self._node.add_peer()
        try:
            negotiation = self._negotiate(offer, description, watched, peer, now=now)
        except Refused:
            if peer is not old:
                self._node.remove_peer(peer)
            raise
        self._agreed = negotiation
        if peer is not old:
            self._participant.connect(peer)
        self._apply(negotiation, watched, anew=peer is not old, now=now)
        return Answer(id=offer.id, sdp=negotiation.answer, notes=(*negotiation.notes, *notes))

    def restarts_with(self, ufrag: str) -> bool:
        """Whether this ufrag of the other side's is another than the one negotiated last."""
        return self._agreed is not None and ufrag != self._agreed.ufrag

    def restart_ice(self, ufrag: str, password: str, *, now: float) -> LocalTransport:
        """Restart ICE without an offer, as WHIP does; raises Refused if there is no transport."""
        peer, agreed = self._participant.peer, self._agreed
        if peer is None or agreed is None:
            raise Refused("transport-closed", "This connection was lost for too long.")
        self._agreed = replace(agreed, ufrag=ufrag, password=password)
        self._describe(peer, self._agreed, now=now)
        return self._local(peer)

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
        *,
        now: float,
    ) -> Negotiation:
        """Find the answer, and let the transport know the other side."""
        self._version += 1
        publish = {section.mid: section.source for section in offer.publish}
        send = {mid: self._stream(mid, publication) for mid, publication in watched.items()}
        sealed = self._participant.room.sealed
        negotiation = negotiate(description, self._local(peer), publish, send, sealed=sealed)
        if len(negotiation.receives) > MAX_PUBLICATIONS:
            raise Refused("too-many-tracks", f"You may publish {MAX_PUBLICATIONS} tracks.")
        ufrag = peer.ufrag
        self._describe(peer, negotiation, now=now)
        if peer.ufrag != ufrag:  # an ICE restart is answered with credentials of its own
            negotiation = negotiate(description, self._local(peer), publish, send, sealed=sealed)
        return negotiation

    def _describe(self, peer: Peer, remote: Negotiation, *, now: float) -> None:
        try:
            peer.set_remote(
                ufrag=remote.ufrag,
                password=remote.password,
                fingerprints=remote.fingerprints,
                setup=remote.setup,
                now=now,
            )
        except TransportRefused as refusal:
            raise Refused("transport-refused", f"The offer's transport: {refusal}.") from refusal

    def _local(self, peer: Peer) -> LocalTransport:
        return LocalTransport(
            ufrag=peer.ufrag,
            password=peer.password,
            fingerprint=self._node.fingerprint,
            candidates=tuple(self._candidates()),
            session_id=self._session_id,
            version=self._version,
        )

    def _stream(self, mid: str, publication: Publication) -> SendStream:
        room = self._participant.room
        known = self._ssrcs.get((mid, publication.id))  # of a refused offer nothing is kept
        ssrc, rtx_ssrc = known or (room.draw_ssrc(), room.draw_ssrc())
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
        *,
        anew: bool,
        now: float,
    ) -> None:
        participant = self._participant
        offered = [Offered(received.source, _track(received)) for received in negotiation.receives]
        participant.publish(offered, negotiation.extensions, anew=anew)
        terms = [_terms(watched[sent.mid], sent) for sent in negotiation.sends]
        participant.subscribe([t for t in terms if self._lives(t.publication)], now=now)
        self._ssrcs = {(t.mid, t.publication.id): (t.ssrc, t.rtx_ssrc) for t in terms}

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
    return Terms(
        publication=publication,
        mid=sent.mid,
        ssrc=sent.stream.ssrc,
        rtx_ssrc=sent.stream.rtx_ssrc,
        payload_types=sent.payload_types,
        extensions=sent.extensions,
    )
