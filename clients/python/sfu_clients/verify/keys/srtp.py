"""Removes SRTP from captured packets, wherever in a stream the capture began."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import pylibsrtp

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sfu_clients.verify.capture.network import Flow

PROFILES: Final = {
    "SRTP_AEAD_AES_128_GCM": (pylibsrtp.Policy.SRTP_PROFILE_AEAD_AES_128_GCM, 16, 12, 16),
    "SRTP_AEAD_AES_256_GCM": (pylibsrtp.Policy.SRTP_PROFILE_AEAD_AES_256_GCM, 32, 12, 16),
    "SRTP_AES128_CM_SHA1_80": (pylibsrtp.Policy.SRTP_PROFILE_AES128_CM_SHA1_80, 16, 14, 10),
    "SRTP_AES128_CM_SHA1_32": (pylibsrtp.Policy.SRTP_PROFILE_AES128_CM_SHA1_32, 16, 14, 4),
}
"""What libsrtp calls it, and the bytes of master key, salt and tag, by OpenSSL's names."""

MAX_ROLLOVERS: Final = 256
"""A capture may begin after the sequence numbers went round so often: some hours of a camera."""

REPLAY_WINDOW: Final = 1024
_STEP: Final = 0x7FFF
"""Further ahead than this libsrtp takes a number for an old one (RFC 3711 section 3.3.1)."""

_BEHIND: Final = 0x4000
"""So far behind a packet, and out of the window, what is counted does not count as a repetition."""


@dataclass(frozen=True, slots=True)
class SrtpKey:
    """A line of a key log: what one side protects its packets with."""

    source: str
    target: str
    ssrc: int | None
    profile: str
    key_and_salt: bytes = field(repr=False)

    @property
    def tag_bytes(self) -> int:
        """By how much a payload grows under it."""
        return PROFILES[self.profile][3]

    def fits(self, flow: Flow) -> bool:
        """Whether the log says that it is of this flow; addresses may be others on the way."""
        return all(
            logged in {str(end), f"*:{end.port}"}
            for logged, end in ((self.source, flow.source), (self.target, flow.target))
        )

    def session(self) -> pylibsrtp.Session:
        """Forgets nothing and refuses nothing that is authentic, but repetitions."""
        profile = PROFILES[self.profile][0]
        inbound = pylibsrtp.Policy.SSRC_ANY_INBOUND
        policy = pylibsrtp.Policy(self.key_and_salt, inbound, srtp_profile=profile)
        policy.window_size = REPLAY_WINDOW
        policy.allow_repeat_tx = True
        return pylibsrtp.Session(policy)


class SrtpOpener:
    """Opens one stream, once a key is found that fits."""

    def __init__(self, keys: Sequence[SrtpKey], flow: Flow, ssrc: int) -> None:
        usable = [key for key in keys if key.ssrc in {None, ssrc}]
        self._keys = sorted(usable, key=lambda key: not key.fits(flow))
        self._ssrc = ssrc
        self._session: pylibsrtp.Session | None = None
        self._tried = 0
        self.key: SrtpKey | None = None

    def open(self, packet: bytes) -> bytes | None:
        """One SRTP packet as RTP; None if no key fits."""
        if self._session is not None:
            return _unprotect(self._session, packet)
        self._tried += 1
        if self._tried & self._tried - 1:  # neither the 1st nor the 2nd, 4th, 8th …
            return None
        for key in self._keys:
            if (found := self._search(key, packet)) is not None:
                return found
        return None

    def _search(self, key: SrtpKey, packet: bytes) -> bytes | None:
        """Try each rollover counter that the packet may have been sent with."""
        session, at = key.session(), 0
        sequence = int.from_bytes(packet[2:4], "big")
        for rollovers in range(MAX_ROLLOVERS):
            if (plain := _unprotect(session, packet)) is not None:
                self._session, self.key = session, key
                return plain
            near = (rollovers + 1 << 16) + sequence - _BEHIND
            while at < near:
                at = min(at + _STEP, near)
                self._count_to(session, at)
        return None

    def _count_to(self, session: pylibsrtp.Session, number: int) -> None:
        """Have libsrtp believe that it is so far: it counts what it sends like what it gets."""
        header = b"\x80\0" + (number & 0xFFFF).to_bytes(2, "big") + bytes(4)
        session.protect(header + self._ssrc.to_bytes(4, "big"))


def _unprotect(session: pylibsrtp.Session, packet: bytes) -> bytes | None:
    try:
        return session.unprotect(packet)
    except (pylibsrtp.Error, ValueError):  # ValueError: longer than pylibsrtp takes
        return None
