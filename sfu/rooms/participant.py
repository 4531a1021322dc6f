"""Participant: one person in a room, whose media meets their transport here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import structlog

from sfu.media.router import Router
from sfu.media.selector import SwitchReason
from sfu.rooms import events
from sfu.rooms.publication import Publication
from sfu.rooms.subscription import Subscription, Terms
from sfu.rooms.tally import tally_peer, tally_publication, tally_router, tally_subscription
from sfu.transport.events import PeerClosed, PeerConnected
from sfu.wire.extensions import ExtensionIds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from sfu.media.outbound import Outbound
    from sfu.media.source import Track
    from sfu.rooms.permissions import Permissions
    from sfu.rooms.room import Room
    from sfu.transport.peer import Peer
    from sfu.wire.extensions import Extension

log = structlog.get_logger()

MAX_PUBLICATIONS: Final = 16
"""Tracks that one participant may publish: cameras, screens and their sound."""

BEST: Final = 8640
"""The wish of whoever has not wished: the largest picture there is, in lines."""


class Offered(NamedTuple):
    """A track that the participant offers: what it shows, and what was negotiated for it."""

    origin: str
    track: Track


class _NoTransport:
    """The sink before there is a transport: nothing may be sent to it."""

    def slot(self) -> bytearray:
        raise AssertionError("media for a participant without a transport")

    def commit(self, length: int) -> None:
        raise AssertionError(f"{length} bytes for a participant without a transport")

    def send_rtcp(self, data: bytes) -> None:
        """What is due while nobody is there is not sent."""


class Participant:
    """Holds a router for life and one transport after another."""

    def __init__(
        self, ident: str, name: str, permissions: Permissions, *, room: Room, secret: str
    ) -> None:
        """`secret` lets the participant return after their signalling broke off."""
        nowhere = _NoTransport()
        self.id = ident
        self.name = name
        self.permissions = permissions
        self.room = room
        self.secret = secret
        self.hello: str | None = None  # what they say to the others, and we cannot read
        self.peer: Peer | None = None
        self.router = Router(
            sink=nowhere, send_rtcp=nowhere.send_rtcp, ssrc=room.draw_ssrc(), cname=ident
        )
        self.publications: list[Publication] = []
        self.subscriptions: dict[str, Subscription] = {}  # by mid
        self.wishes: dict[str, int] = {}  # lines, by publication id
        self._log = log.bind(room=room.id, participant=ident)
        self.absent_since: float | None = None  # when their signalling broke off
        self._hear: Callable[[events.Event], None] | None = None

    @property
    def connected(self) -> bool:
        """Whether their signalling is there, or has not broken off yet."""
        return self.absent_since is None

    @property
    def srtp_sessions(self) -> int:
        """How many SRTP sessions with them we have the keys of: one in each direction, or none."""
        return 2 if self._can_send else 0

    def tell(self, event: events.Event) -> None:
        """Hand an event to the participant's signalling, if it is there."""
        if self._hear is not None:
            self._hear(event)

    # Signalling comes and goes

    def listen(self, hear: Callable[[events.Event], None]) -> None:
        """Send this participant's events there from now on; who got them before is out."""
        self.tell(events.Expelled("replaced"))
        self._hear = hear
        if self.absent_since is not None:
            self.absent_since = None
            self.room.announce(events.ConnectionChanged(self), besides=self)

    def introduce(self, hello: str | None) -> None:
        """Tell the others of another hello, if it is one; no group knows whoever says it."""
        if hello != self.hello:
            self.hello = hello
            self.room.announce(events.ConnectionChanged(self), besides=self)
            self.room.leave_group(self)

    def drop_out(self, *, now: float) -> None:
        """The signalling broke off; media goes on, and the participant may return for a while."""
        self._hear = None
        self.absent_since = now
        self.room.announce(events.ConnectionChanged(self), besides=self)

    def silence(self) -> None:
        """Nothing more is told to the participant."""
        self._hear = None

    # Transport

    def connect(self, peer: Peer) -> None:
        """Go on over a new transport: nothing is sent until it is negotiated."""
        self.disconnect()
        self.peer = peer
        peer.on_rtp = self.router.receive_rtp
        peer.on_rtcp = self.router.receive_rtcp
        peer.on_connected = self._begin_to_send
        self.router.attach(peer, peer.send_rtcp)

    def disconnect(self) -> None:
        """Close the transport, and end what was sent over it; publications wait for another."""
        peer, self.peer = self.peer, None
        if peer is None:
            return
        self._note_transport(peer)
        for subscription in list(self.subscriptions.values()):
            self.unsubscribe(subscription)
        tally_peer(self.room.ended, peer)
        self.room.release(peer)

    def _note_transport(self, peer: Peer) -> str | None:
        """Log what happened to a transport; return why it ended, if it has."""
        ended = None
        for event in peer.take_events():
            if isinstance(event, PeerConnected):
                self._log.info("transport.connected", srtp=event.srtp_profile)
            elif isinstance(event, PeerClosed):
                ended = event.reason
                self._log.info("transport.closed", why=ended)
        return ended

    # Publishing

    def publish(
        self, offered: Sequence[Offered], extensions: Mapping[Extension, int], *, anew: bool
    ) -> None:
        """Publish exactly these tracks; those that were published already go on.

        Over a new transport (`anew`) a publication is known again by what it shows, else by its
        m-line too.
        """
        self.router.set_extensions(ExtensionIds(extensions))
        ended = list(self.publications)
        begun: list[Offered] = []
        for one in offered:
            publication = next((p for p in ended if _same(p, one, anew=anew)), None)
            if publication is None:
                begun.append(one)
            else:
                ended.remove(publication)
                if publication.source.track != one.track:
                    self.router.update(publication.source, one.track)
        for publication in ended:
            self.unpublish(publication)
        for one in begun:
            self._begin(one)

    def _begin(self, offered: Offered) -> None:
        source = self.router.publish(offered.track)
        publication = Publication(self.room.draw_id(), self, offered.origin, source)
        self.publications.append(publication)
        self.room.publications[publication.id] = publication
        self.room.announce(events.Published(publication))

    def unpublish(self, publication: Publication) -> None:
        """End a publication for everybody."""
        for subscription in list(publication.subscriptions):
            subscription.viewer.unsubscribe(subscription)
        publication.write_requests()
        tally_publication(self.room.ended, publication)
        self.room.holdings.note_end(publication)
        self.router.unpublish(publication.source)
        self.publications.remove(publication)
        del self.room.publications[publication.id]
        for viewer in self.room.participants.values():
            viewer.wishes.pop(publication.id, None)
        self.room.announce(events.Unpublished(publication))

    def set_muted(self, publication: Publication, *, muted: bool) -> None:
        """Tell the others that the participant muted a publication of theirs, or not."""
        if publication.muted != muted:
            publication.muted = muted
            self.room.announce(events.PublicationChanged(publication))

    # Watching

    def subscribe(self, wanted: Iterable[Terms], *, now: float) -> None:
        """Be sent exactly these publications; what goes on under the same terms is undisturbed."""
        by_mid = {terms.mid: terms for terms in wanted}
        ended: dict[int, Outbound] = {}  # by SSRC
        for subscription in list(self.subscriptions.values()):
            if by_mid.get(subscription.terms.mid) != subscription.terms:
                self.unsubscribe(subscription)
                ended[subscription.terms.ssrc] = subscription.outbound
        for terms in by_mid.values():
            if terms.mid not in self.subscriptions:
                self._watch(terms, ended.get(terms.ssrc), now=now)

    def _watch(self, terms: Terms, before: Outbound | None, *, now: float) -> None:
        """`before` was sent on the same SSRC: SRTP refuses numbers that it has seen."""
        publication, room = terms.publication, self.room
        outbound = self.router.subscribe(
            publication.source,
            ssrc=terms.ssrc,
            rtx_ssrc=terms.rtx_ssrc,
            payload_types=terms.payload_types,
            extension_ids=ExtensionIds(terms.extensions),
            mid=terms.mid,
            cname=publication.owner.id,
            start_sequence=room.draw_sequence() if before is None else before.next_sequence,
            rtx_start_sequence=(
                room.draw_sequence() if before is None else before.retransmitter.next_sequence
            ),
            now=now,
        )
        subscription = Subscription(self, terms, outbound)
        self.subscriptions[terms.mid] = subscription
        publication.subscriptions.append(subscription)
        if self._can_send:
            self._show(subscription, now=now)

    @property
    def _can_send(self) -> bool:
        return self.peer is not None and self.peer.connected

    def _begin_to_send(self, *, now: float) -> None:
        """The transport is there: a key frame before would cost everybody, and reach nobody."""
        for subscription in self.subscriptions.values():
            self._show(subscription, now=now)

    def _show(self, subscription: Subscription, *, now: float) -> None:
        lines = self.wishes.get(subscription.publication.id, BEST)
        subscription.outbound.set_wish(lines, reason=SwitchReason.START, now=now)

    def unsubscribe(self, subscription: Subscription) -> None:
        """Be sent this no more."""
        subscription.take_switches()
        tally_subscription(self.room.ended, subscription)
        self.router.unsubscribe(subscription.outbound)
        subscription.publication.subscriptions.remove(subscription)
        del self.subscriptions[subscription.terms.mid]

    def wish(self, publication: Publication, lines: int, *, now: float) -> None:
        """Wish for a picture of at most so many lines, 0 for none; it outlives the transport."""
        self.wishes[publication.id] = lines
        for subscription in self.subscriptions.values():
            if subscription.publication is publication:
                if self._can_send:
                    subscription.outbound.set_wish(lines, now=now)
                self.tell(events.LayerSwitched(subscription, SwitchReason.WISH))

    # Time

    def handle_timeout(self, *, now: float) -> None:
        """Let the router do what is due."""
        due = self.router.next_timeout()
        if due is not None and due <= now:
            self.router.handle_timeout(now=now)

    def follow_up(self) -> None:
        """Tell of what the media path has done since the last time: switches, ends, changes."""
        if self.peer is not None and (ended := self._note_transport(self.peer)) is not None:
            self.disconnect()
            self.tell(events.TransportLost(ended))
        for subscription in self.subscriptions.values():
            for switch in subscription.take_switches():
                self.tell(events.LayerSwitched(subscription, switch.reason))
        for publication in self.publications:
            publication.write_requests()
            if publication.take_change():
                self.room.announce(events.PublicationChanged(publication))

    def leave(self) -> None:
        """End everything of the participant's."""
        for publication in list(self.publications):
            self.unpublish(publication)
        self.disconnect()
        tally_router(self.room.ended, self.router)


def _same(publication: Publication, offered: Offered, *, anew: bool) -> bool:
    mid = publication.source.track.mid
    return publication.origin == offered.origin and (anew or mid == offered.track.mid)
