"""SRTP and SRTCP of one peer over libsrtp, with one error for all its complaints."""

from dataclasses import dataclass, field
from typing import Final

import pylibsrtp
from aiortc.rtcdtlstransport import SRTPProtectionProfile

from sfu.errors import TransportRefused
from sfu.transport.drops import PeerDrop

REPLAY_WINDOW: Final = 1024
"""Packets; as many as the rewriter still has numbers for."""

MAX_STREAMS: Final = 1024
"""Most SSRCs that we keep state for in each direction of RTP, and of RTCP."""

_REPLAYED: Final = frozenset(
    {"replay check failed (bad index)", "replay check failed (index too old)"}
)
_RTP_SSRC: Final = slice(8, 12)
_RTCP_SSRC: Final = slice(4, 8)


class SrtpRefused(TransportRefused):
    """A packet that libsrtp, or a bound of ours, refuses; `drop` is the counter it belongs to."""

    def __init__(self, drop: PeerDrop) -> None:
        super().__init__(drop.name)
        self.drop = drop


@dataclass(frozen=True, slots=True)
class SrtpKeys:
    """A profile, and each side's master key with its salt (RFC 5764 section 4.2)."""

    profile: SRTPProtectionProfile
    local: bytes = field(repr=False)
    remote: bytes = field(repr=False)


class SrtpSession:
    """Both directions of one DTLS association.

    Streams stay until the session ends: taking one out and meeting its SSRC again would use
    AES-GCM nonces twice. Every method raises SrtpRefused and nothing else.
    """

    def __init__(self, keys: SrtpKeys) -> None:
        self._outgoing = _session(keys.profile, keys.local, pylibsrtp.Policy.SSRC_ANY_OUTBOUND)
        self._incoming = _session(keys.profile, keys.remote, pylibsrtp.Policy.SSRC_ANY_INBOUND)
        self._rtp_streams: set[bytes] = set()
        self._rtcp_streams: set[bytes] = set()

    def protect(self, packet: bytes) -> bytes:
        """One RTP packet to SRTP."""
        try:
            return self._outgoing.protect(packet)
        except (pylibsrtp.Error, ValueError) as error:
            raise _refused(error) from error

    def protect_rtcp(self, packet: bytes) -> bytes:
        """One compound RTCP packet to SRTCP."""
        try:
            return self._outgoing.protect_rtcp(packet)
        except (pylibsrtp.Error, ValueError) as error:
            raise _refused(error) from error

    def unprotect(self, packet: bytes) -> bytes:
        """One SRTP packet to RTP, once."""
        ssrc = packet[_RTP_SSRC]
        is_new = ssrc not in self._rtp_streams
        if is_new and len(self._rtp_streams) >= MAX_STREAMS:
            raise SrtpRefused(PeerDrop.SRTP_TOO_MANY_STREAMS)
        try:
            plain = self._incoming.unprotect(packet)
        except (pylibsrtp.Error, ValueError) as error:
            raise _refused(error) from error
        if is_new:
            self._rtp_streams.add(ssrc)
        return plain

    def unprotect_rtcp(self, packet: bytes) -> bytes:
        """One SRTCP packet to RTCP, once."""
        ssrc = packet[_RTCP_SSRC]
        is_new = ssrc not in self._rtcp_streams
        if is_new and len(self._rtcp_streams) >= MAX_STREAMS:
            raise SrtpRefused(PeerDrop.SRTP_TOO_MANY_STREAMS)
        try:
            plain = self._incoming.unprotect_rtcp(packet)
        except (pylibsrtp.Error, ValueError) as error:
            raise _refused(error) from error
        if is_new:
            self._rtcp_streams.add(ssrc)
        return plain


def _session(profile: SRTPProtectionProfile, key: bytes, direction: int) -> pylibsrtp.Session:
    policy = pylibsrtp.Policy(key=key, ssrc_type=direction, srtp_profile=profile.libsrtp_profile)
    policy.allow_repeat_tx = False
    policy.window_size = REPLAY_WINDOW
    return pylibsrtp.Session(policy)


def _refused(error: Exception) -> SrtpRefused:
    if isinstance(error, ValueError):
        return SrtpRefused(PeerDrop.SRTP_TOO_LONG)
    replayed = str(error) in _REPLAYED
    return SrtpRefused(PeerDrop.SRTP_REPLAYED if replayed else PeerDrop.SRTP_UNAUTHENTIC)
