"""Everything we raise on purpose, as one tree.

SfuError
├── PeerError               the other side broke a protocol: count it, drop it, never log at error
│   ├── MalformedPacket     bytes that are not what their first byte promised
│   │   └── StructureMissing    a dependency descriptor whose templates have not arrived
│   ├── TransportRefused    a STUN, DTLS or SRTP datagram that we do not believe
│   └── Refused             a signalling request that we cannot serve; carries a code and a sentence
└── ConfigError             the operator asked for something impossible; a sentence says what to do

Anything else that escapes is a bug: it closes one peer, never the server.
"""


class SfuError(Exception):
    """Root of everything we raise on purpose."""


class PeerError(SfuError):
    """The other side broke a protocol: count it, drop it, never log at error."""


class MalformedPacket(PeerError):  # noqa: N818 - named for what arrived, as in the RFCs
    """Bytes that are not what their first byte promised."""


class StructureMissing(MalformedPacket):
    """A dependency descriptor whose templates have not arrived: lost, late, or never sent."""


class TransportRefused(PeerError):  # noqa: N818 - named for what we did
    """A STUN, DTLS or SRTP datagram that we do not believe."""


class Refused(PeerError):  # noqa: N818 - named for what we did
    """A request that we cannot serve: `code` is for programs, `reason` for people."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(f"{code}: {reason}")
        self.code = code
        self.reason = reason


class ConfigError(SfuError):
    """The operator asked for something impossible; the message says what to do."""
