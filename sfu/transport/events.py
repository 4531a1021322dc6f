"""What happens to a peer that others want to know; packets are not among it."""

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class PeerConnected:
    """The DTLS handshake is done and media may flow."""

    srtp_profile: str
    handshake_seconds: float


@dataclass(frozen=True, slots=True)
class AddressChanged:
    """The peer is sent to at another address from now on; nobody needs to know which."""


@dataclass(frozen=True, slots=True)
class PeerClosed:
    """Nothing will come or go any more.

    `reason` is consent_expired, ice_timeout, dtls_timeout, dtls_failed, fingerprint_mismatch,
    closed_by_peer, closed, or internal_error.
    """

    reason: str


PeerEvent: TypeAlias = PeerConnected | AddressChanged | PeerClosed
