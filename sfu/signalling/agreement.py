"""What an offer and its answer agree on, as values for whoever moves the media."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from sfu.media.codec import Codec
from sfu.signalling.messages import MediaSource, SectionNote
from sfu.wire.extensions import Extension


@dataclass(frozen=True, slots=True)
class LocalTransport:
    """Our side of the transport, as the answer announces it."""

    ufrag: str
    password: str
    fingerprint: str
    candidates: tuple[str, ...]
    """Values of a=candidate, without the name."""
    session_id: int
    version: int


@dataclass(frozen=True, slots=True)
class SendStream:
    """A track that the server will send on an m-line."""

    ssrc: int
    rtx_ssrc: int
    stream_id: str
    track_id: str
    cname: str
    codecs: tuple[Codec, ...] | None
    """What it may be encoded with; None while that is not known."""
    kind: str | None = None
    """Its media type, audio or video; None leaves that unchecked."""


@dataclass(frozen=True, slots=True)
class ReceivedMedia:
    """What the client will send us on an m-line."""

    mid: str
    kind: str
    source: MediaSource
    codecs: Mapping[int, Codec]
    rtx: Mapping[int, int]
    """Payload type of retransmissions to the payload type that they repeat."""
    ssrcs: tuple[int, ...]
    rtx_of: Mapping[int, int]
    """SSRC of retransmissions to the SSRC that they repeat."""
    extensions: Mapping[Extension, int]
    nack: bool
    pli: bool
    fir: bool
    transport_cc: bool
    stream_id: str


@dataclass(frozen=True, slots=True)
class SentMedia:
    """What we will send the client on an m-line."""

    mid: str
    kind: str
    payload_types: Mapping[Codec, tuple[int, int | None]]
    """Payload type, and that of its retransmissions."""
    extensions: Mapping[Extension, int]
    two_byte: bool
    """Whether headers in the two-byte form may be mixed in (a=extmap-allow-mixed)."""
    nack: bool
    pli: bool
    fir: bool
    transport_cc: bool
    stream: SendStream


@dataclass(frozen=True, slots=True)
class Negotiation:
    """An answer, and what it means."""

    answer: str
    receives: tuple[ReceivedMedia, ...]
    sends: tuple[SentMedia, ...]
    extensions: Mapping[Extension, int]
    """Of the whole bundle, both directions."""
    ufrag: str
    password: str
    fingerprints: tuple[str, ...]
    setup: Literal["passive", "active"]
    """Our own DTLS role."""
    session_id: int
    """Of the offer's o= line: another one is another RTCPeerConnection."""
    notes: tuple[SectionNote, ...]
