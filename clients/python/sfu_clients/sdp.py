"""Offers written, answers read: the part of SDP that this client needs (RFC 9429)."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from sfu.wire.extensions import BY_URI, URIS, Extension
from sfu_clients.errors import ClientError
from sfu_clients.payload import CLOCK_RATES

Kind = Literal["audio", "video"]
Direction = Literal["sendonly", "recvonly", "inactive"]

PAYLOAD_TYPES: Final = {"opus": 111, "VP8": 96, "VP9": 98, "H264": 102, "AV1": 45}
"""What we offer by encoding name; retransmissions have the next number."""

_FORMAT_PARAMETERS: Final = {
    "opus": "minptime=10;useinbandfec=1",
    "VP9": "profile-id=0",
    "H264": "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f",
    "AV1": "profile=0;level-idx=5;tier=0",
}
_FEEDBACK: Final = {
    "audio": ("transport-cc",),
    "video": ("transport-cc", "goog-remb", "ccm fir", "nack", "nack pli"),
}
_EXTENSIONS: Final[Mapping[str, Mapping[Extension, int]]] = {
    "audio": {Extension.AUDIO_LEVEL: 1, Extension.TRANSPORT_CC: 3, Extension.MID: 4},
    "video": {
        Extension.TRANSPORT_CC: 3,
        Extension.MID: 4,
        Extension.DEPENDENCY_DESCRIPTOR: 13,
    },
}


@dataclass(frozen=True, slots=True)
class OfferedSection:
    """One m-line of an offer."""

    mid: str
    kind: Kind
    direction: Direction
    codecs: tuple[str, ...]
    """Encoding names, best first."""
    ssrc: int | None = None
    """Of what is sent; its retransmissions have `rtx_ssrc`, sound has none."""
    rtx_ssrc: int | None = None
    levels: bool = True
    """Whether loudness may be told (RFC 6464)."""


@dataclass(frozen=True, slots=True)
class LocalTransport:
    """Our half of the only transport."""

    ufrag: str
    password: str
    fingerprints: tuple[str, ...]
    """Values of a=fingerprint."""
    candidates: tuple[str, ...]
    """Values of a=candidate."""


@dataclass(frozen=True, slots=True)
class AnsweredSection:
    """What the server made of an m-line."""

    mid: str
    accepted: bool
    payload_types: Mapping[str, int] = field(default_factory=dict)
    """By encoding name, in the order of the answer."""
    rtx: Mapping[int, int] = field(default_factory=dict)
    """Payload type of retransmissions to the one that they repeat."""
    extensions: Mapping[Extension, int] = field(default_factory=dict)
    ssrc: int | None = None
    """Of what the server sends."""
    rtx_ssrc: int | None = None


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer: the server's half of the transport, and its m-lines by mid."""

    ufrag: str
    password: str
    fingerprints: tuple[tuple[str, str], ...]
    """Pairs of algorithm and value."""
    setup: Literal["active", "passive"]
    candidates: tuple[str, ...]
    sections: Mapping[str, AnsweredSection]


def write_offer(
    sections: Sequence[OfferedSection],
    local: LocalTransport,
    *,
    session_id: int,
    version: int,
    cname: str,
) -> str:
    """One transport for all m-lines (max-bundle); the same session id is the same connection."""
    mids = " ".join(section.mid for section in sections)
    lines = [
        "v=0",
        f"o=- {session_id} {version} IN IP4 127.0.0.1",
        "s=-",
        "t=0 0",
        f"a=group:BUNDLE {mids}",
        "a=extmap-allow-mixed",
    ]
    for section in sections:
        lines += _section(section, local, cname)
    return "\r\n".join(lines) + "\r\n"


def _section(section: OfferedSection, local: LocalTransport, cname: str) -> list[str]:
    formats = [number for codec in section.codecs for number in _types(codec)]
    return [
        f"m={section.kind} 9 UDP/TLS/RTP/SAVPF {' '.join(map(str, formats))}",
        "c=IN IP4 0.0.0.0",
        f"a=mid:{section.mid}",
        f"a={section.direction}",
        f"a=ice-ufrag:{local.ufrag}",
        f"a=ice-pwd:{local.password}",
        *(f"a=candidate:{candidate}" for candidate in local.candidates),
        *(f"a=fingerprint:{fingerprint}" for fingerprint in local.fingerprints),
        "a=setup:actpass",
        "a=rtcp-mux",
        "a=rtcp-rsize",
        *(
            f"a=extmap:{ident} {URIS[kind]}"
            for kind, ident in _EXTENSIONS[section.kind].items()
            if section.levels or kind is not Extension.AUDIO_LEVEL
        ),
        *(line for codec in section.codecs for line in _codec(codec, section.kind)),
        *_ssrcs(section, cname),
    ]


def _types(codec: str) -> tuple[int, ...]:
    number = PAYLOAD_TYPES[codec]
    return (number,) if codec == "opus" else (number, number + 1)


def _codec(codec: str, kind: Kind) -> list[str]:
    number, *repeated = _types(codec)
    channels = "/2" if codec == "opus" else ""
    lines = [f"a=rtpmap:{number} {codec}/{CLOCK_RATES[codec]}{channels}"]
    if codec in _FORMAT_PARAMETERS:
        lines.append(f"a=fmtp:{number} {_FORMAT_PARAMETERS[codec]}")
    lines += [f"a=rtcp-fb:{number} {value}" for value in _FEEDBACK[kind]]
    for again in repeated:
        lines += [f"a=rtpmap:{again} rtx/90000", f"a=fmtp:{again} apt={number}"]
    return lines


def _ssrcs(section: OfferedSection, cname: str) -> list[str]:
    if section.ssrc is None:
        return []
    lines = [f"a=msid:{cname} {section.mid}"]
    ssrcs = [ssrc for ssrc in (section.ssrc, section.rtx_ssrc) if ssrc is not None]
    if len(ssrcs) > 1:
        lines.append(f"a=ssrc-group:FID {section.ssrc} {section.rtx_ssrc}")
    return lines + [f"a=ssrc:{ssrc} cname:{cname}" for ssrc in ssrcs]


def read_answer(sdp: str) -> Answered:
    """Raises ClientError if something is missing without which no call can be."""
    _, *parts = re.split(r"^m=", sdp, flags=re.MULTILINE)
    sections = [_read_section(part) for part in parts]
    setup = _value("setup", sdp)
    if setup not in {"active", "passive"}:
        raise ClientError("The server's answer does not say who begins the DTLS handshake.")
    fingerprints = re.findall(r"^a=fingerprint:(\S+) (\S+)", sdp, flags=re.MULTILINE)
    if not fingerprints:
        raise ClientError("The server's answer lacks a=fingerprint.")
    return Answered(
        ufrag=_value("ice-ufrag", sdp),
        password=_value("ice-pwd", sdp),
        fingerprints=tuple(dict.fromkeys(fingerprints)),
        setup="active" if setup == "active" else "passive",
        candidates=tuple(re.findall(r"^a=candidate:(.+?)\r?$", sdp, flags=re.MULTILINE)),
        sections={section.mid: section for section in sections},
    )


def _value(name: str, sdp: str) -> str:
    found = re.search(rf"^a={name}:(\S+)", sdp, flags=re.MULTILINE)
    if found is None:
        raise ClientError(f"The server's answer lacks a={name}.")
    return found[1]


def _read_section(part: str) -> AnsweredSection:
    def all_of(pattern: str) -> list[tuple[str, str]]:
        return re.findall(rf"^a={pattern}", part, flags=re.MULTILINE)

    mid = _value("mid", part)
    if re.match(r"\w+ 0 ", part):
        return AnsweredSection(mid, accepted=False)
    names = {int(number): name for number, name in all_of(r"rtpmap:(\d{1,3}) ([^/\s]+)/")}
    repeats = {int(n): int(apt) for n, apt in all_of(r"fmtp:(\d{1,3}) apt=(\d{1,3})")}
    known = {name.lower(): name for name in CLOCK_RATES}
    ssrcs = list(dict.fromkeys(int(ssrc) for ssrc, _ in all_of(r"ssrc:(\d{1,10}) (cname)")))
    groups = all_of(r"ssrc-group:FID (\d{1,10}) (\d{1,10})")
    extensions = {
        BY_URI[uri]: int(ident)
        for ident, uri in all_of(r"extmap:(\d{1,3})(?:/\w+)? (\S+)")
        if uri in BY_URI and 0 < int(ident) < 256  # noqa: PLR2004 - what one byte can say
    }
    return AnsweredSection(
        mid,
        accepted=True,
        payload_types={
            known[name.lower()]: number for number, name in names.items() if name.lower() in known
        },
        rtx={number: apt for number, apt in repeats.items() if names.get(number) == "rtx"},
        extensions=extensions,
        ssrc=ssrcs[0] if ssrcs else None,
        rtx_ssrc=int(groups[0][1]) if groups else None,
    )
