"""A session description as values: what a WebRTC offer or answer says that this server uses."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Direction = Literal["sendrecv", "sendonly", "recvonly", "inactive"]
Setup = Literal["actpass", "active", "passive", "holdconn"]


@dataclass(frozen=True, slots=True)
class RtpMap:
    """a=rtpmap: what a payload type means; the name as written."""

    name: str
    clock_rate: int
    channels: int = 1


@dataclass(frozen=True, slots=True)
class Feedback:
    """a=rtcp-fb (RFC 4585): `payload_type` is None for all of them; `value` like "nack pli"."""

    payload_type: int | None
    value: str


@dataclass(frozen=True, slots=True)
class ExtMap:
    """a=extmap (RFC 8285): `direction` is the offerer's, sendrecv when none is written."""

    ident: int
    uri: str
    direction: Direction = "sendrecv"


@dataclass(frozen=True, slots=True)
class SsrcGroup:
    """a=ssrc-group (RFC 5576)."""

    semantics: str
    ssrcs: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Transport:
    """What ICE and DTLS need of the other side; empty where the description is silent."""

    ufrag: str = ""
    password: str = ""
    fingerprints: tuple[str, ...] = ()
    """Like "sha-256 AB:CD", the algorithm in lower case, the digits in upper case."""
    setup: Setup | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaSection:
    """One m-line with its attributes; what the session level says is filled in where it applies."""

    kind: str
    port: int
    protocol: str
    formats: tuple[str, ...]
    mid: str = ""
    direction: Direction = "sendrecv"
    transport: Transport = field(default_factory=Transport)
    rtcp_mux: bool = False
    rtcp_rsize: bool = False
    bundle_only: bool = False
    sdes: bool = False
    """True when keys are offered in a=crypto lines, which WebRTC forbids (RFC 8827 section 6.5)."""
    rtpmaps: Mapping[int, RtpMap] = field(default_factory=dict)
    fmtp: Mapping[int, str] = field(default_factory=dict)
    feedback: tuple[Feedback, ...] = ()
    extmaps: tuple[ExtMap, ...] = ()
    extmap_allow_mixed: bool = False
    ssrcs: Mapping[int, str] = field(default_factory=dict)
    """SSRC to its cname, empty where none is given; in the order of the description."""
    ssrc_groups: tuple[SsrcGroup, ...] = ()
    msid: str = ""
    """`stream track`, as in RFC 8830."""
    simulcast: bool = False
    """True when several encodings are offered (RFC 8853); only ever read."""
    candidates: tuple[str, ...] = ()
    """Only ever written: values of a=candidate in our own answer."""

    @property
    def rejected(self) -> bool:
        """Port 0 means no, except where it only says "in the bundle" (RFC 9143 section 6)."""
        return self.port == 0 and not self.bundle_only


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionDescription:
    """An offer or an answer."""

    session_id: int
    version: int
    bundle: tuple[str, ...] = ()
    """Mids of the first BUNDLE group; the first of them is the tagged one."""
    ice_lite: bool = False
    extmap_allow_mixed: bool = False
    sections: tuple[MediaSection, ...] = ()


def parameters(fmtp: str) -> dict[str, str]:
    """The `key=value` pairs of an a=fmtp value, keys in lower case."""
    pairs = (part.strip().partition("=") for part in fmtp.split(";"))
    return {key.lower(): value for key, _, value in pairs if key}
