"""Finds the peer that a datagram belongs to; knows everybody who shares the port."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sfu.errors import MalformedPacket
from sfu.transport.demux import FIRST_MEDIA_BYTE, LAST_MEDIA_BYTE, Datagram, classify
from sfu.transport.drops import DatagramDrop
from sfu.transport.dtls import dtls_context
from sfu.transport.ice_lite import TAG_CHARACTERS, IceLite, ice_characters
from sfu.transport.peer import KeysHandler, Peer, Shared
from sfu.wire.stun import BINDING, StunClass, StunError, parse_stun

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from aiortc import RTCCertificate

    from sfu.transport.address import Address

ADDRESS_KEPT_SECONDS: Final = 10.0
"""So long an address stays with the peer heard there; browsers check every two to six seconds."""

_DROPS: Final = {
    StunError.BAD_REQUEST: DatagramDrop.BAD_REQUEST,
    StunError.UNAUTHENTICATED: DatagramDrop.BAD_INTEGRITY,
    StunError.UNKNOWN_ATTRIBUTE: DatagramDrop.UNKNOWN_ATTRIBUTE,
    StunError.ROLE_CONFLICT: DatagramDrop.ROLE_CONFLICT,
}


class Node:
    """All peers behind one port.

    Nothing but STUN is taken from an address that has not passed a check with integrity. An
    exception that escapes from here is a bug of ours, and has closed the peer that it hit.
    """

    def __init__(
        self,
        certificate: RTCCertificate,
        *,
        random_bytes: Callable[[int], bytes],
        on_keys: KeysHandler | None = None,
    ) -> None:
        """`random_bytes` must be fit for secrets; `on_keys` is for development only."""
        self.fingerprint = _fingerprint(certificate)
        self.drops = [0] * len(DatagramDrop)
        self._random_bytes = random_bytes
        self._shared = Shared(dtls_context(certificate), on_keys)
        self._routes = self._shared.routes.holders
        self._by_tag: dict[str, Peer] = {}

    @property
    def peers(self) -> tuple[Peer, ...]:
        """Everybody added and not removed."""
        return tuple(self._by_tag.values())

    @property
    def handshakes(self) -> Mapping[tuple[str, str], int]:
        """How handshakes ended: counts by result and SRTP profile, which is empty without one."""
        return self._shared.handshakes

    def add_peer(self) -> Peer:
        """A new peer with its own ICE credentials."""
        tag = ice_characters(TAG_CHARACTERS, self._random_bytes)
        while tag in self._by_tag:
            tag = ice_characters(TAG_CHARACTERS, self._random_bytes)
        peer = self._by_tag[tag] = Peer(IceLite(tag, random_bytes=self._random_bytes), self._shared)
        return peer

    def remove_peer(self, peer: Peer) -> None:
        """Close a peer and forget it; what it has to send is still in `take_ready`."""
        peer.close()
        self._by_tag.pop(peer.ufrag[:TAG_CHARACTERS], None)

    def knows(self, source: Address) -> bool:
        """Whether this address has passed a check and still has consent."""
        return source in self._routes

    def forget(self, source: Address) -> None:
        """Nothing can come from this address, or go there, any more."""
        if (peer := self._routes.get(source)) is not None:
            peer.forget(source)

    def receive(self, data: bytes, source: Address, *, now: float) -> None:
        """One datagram from anybody."""
        peer = self._routes.get(source)
        try:
            if peer is not None and data and FIRST_MEDIA_BYTE <= data[0] <= LAST_MEDIA_BYTE:
                peer.receive_media(data, now=now)
            else:
                self._receive_other(data, source, peer, now=now)
        except Exception:
            if peer is not None:
                peer.close(reason="internal_error")
            raise

    def take_ready(self) -> list[Peer]:
        """The peers that have something to send, each once."""
        ready, self._shared.ready = self._shared.ready, []
        return ready

    def next_timeout(self) -> float | None:
        """When to call `handle_timeout`, in seconds."""
        moments = (peer.next_timeout() for peer in self._by_tag.values())
        return min((moment for moment in moments if moment is not None), default=None)

    def handle_timeout(self, *, now: float) -> None:
        """Do what is due at any peer."""
        for peer in self.peers:
            moment = peer.next_timeout()
            if moment is None or moment > now:
                continue
            try:
                peer.handle_timeout(now=now)
            except Exception:
                peer.close(reason="internal_error")
                raise

    def _receive_other(
        self, data: bytes, source: Address, peer: Peer | None, *, now: float
    ) -> None:
        kind = classify(data)
        drop: DatagramDrop | None = None
        if kind is Datagram.STUN:
            drop = self._check(data, source, now=now)
        elif kind is Datagram.UNKNOWN:
            drop = DatagramDrop.NOT_MUXED
        elif peer is None:
            drop = DatagramDrop.UNKNOWN_ADDRESS
        else:
            peer.receive_dtls(data, source, now=now)
        if drop is not None:
            self.drops[drop] += 1

    def _check(self, data: bytes, source: Address, *, now: float) -> DatagramDrop | None:
        """Let the peer that is named in a check answer it; returns why it was refused."""
        try:
            message = parse_stun(data)
        except MalformedPacket:
            return DatagramDrop.MALFORMED_STUN
        if message.kind is not StunClass.REQUEST or message.method != BINDING:
            return DatagramDrop.NOT_A_CHECK
        receiver, _ = message.username() or ("", "")
        peer = self._by_tag.get(receiver[:TAG_CHARACTERS])
        if peer is None or peer.closed:
            return DatagramDrop.UNKNOWN_UFRAG
        holder = self._routes.get(source, peer)
        if holder is not peer and now < holder.checked_at(source) + ADDRESS_KEPT_SECONDS:
            return DatagramDrop.ADDRESS_TAKEN
        refusal = peer.receive_check(message, source, now=now)
        return None if refusal is None else _DROPS[refusal]


def _fingerprint(certificate: RTCCertificate) -> str:
    """The certificate's, as the value of a=fingerprint with SHA-256."""
    by_hash = {each.algorithm: each.value for each in certificate.getFingerprints()}
    return f"sha-256 {by_hash['sha-256']}"
