"""Why a datagram went no further: one word for the counter, the metric label and the document."""

from enum import IntEnum, auto


class DatagramDrop(IntEnum):
    """What the node refuses before any peer sees it."""

    NOT_MUXED = 0
    """Neither STUN nor DTLS nor RTP by its first byte, or empty."""
    UNKNOWN_ADDRESS = auto()
    """DTLS or media from an address that has not passed a check."""
    MALFORMED_STUN = auto()
    """Not what RFC 8489 describes, or with a wrong fingerprint."""
    NOT_A_CHECK = auto()
    """A STUN response, indication or another method: nothing that we asked for."""
    UNKNOWN_UFRAG = auto()
    """A check for nobody here."""
    BAD_REQUEST = auto()
    """A check without integrity or fingerprint: answered 400."""
    BAD_INTEGRITY = auto()
    """A check with the wrong password: answered 401."""
    UNKNOWN_ATTRIBUTE = auto()
    """A check that insists on what we do not know: answered 420."""
    ROLE_CONFLICT = auto()
    """A check by somebody who wants to be controlled: answered 487."""
    ADDRESS_TAKEN = auto()
    """A check from an address at which another peer was heard a moment ago."""


class PeerDrop(IntEnum):
    """What one peer refuses of, or cannot send to, an address that passed its check."""

    SRTP_UNAUTHENTIC = 0
    SRTP_REPLAYED = auto()
    """Seen before, or older than the replay window."""
    SRTP_TOO_LONG = auto()
    """More than libsrtp's buffer holds, in or out."""
    SRTP_TOO_MANY_STREAMS = auto()
    """A new SSRC beyond the bound."""
    MEDIA_BEFORE_DTLS = auto()
    """Media that came before the keys."""
    DTLS_REFUSED = auto()
    """DTLS before anybody described the peer."""
    TOO_MANY_HANDSHAKES = auto()
    """The first DTLS of a peer while its host, or everybody, has too many half-open."""
    UNSENT_NOT_CONNECTED = auto()
    """Media for a peer that is not connected, or not any more."""
    UNSENT_REFUSED = auto()
    """Media that libsrtp would not protect."""
