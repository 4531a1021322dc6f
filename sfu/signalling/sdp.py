"""SDP text to values and back (RFC 8866): only what this server needs to know.

Attributes that are not named here are passed over, candidates too: an ICE-lite server learns
addresses from checks. A line that is named here but malformed refuses the whole description.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final, NoReturn

from sfu.errors import Refused
from sfu.signalling.description import (
    Direction,
    ExtMap,
    Feedback,
    MediaSection,
    RtpMap,
    SessionDescription,
    Setup,
    SsrcGroup,
    Transport,
)

MAX_TEXT: Final = 200_000
MAX_LINES: Final = 12_000
MAX_LINE: Final = 4096
MAX_SECTIONS: Final = 200
MAX_FORMATS: Final = 128
MAX_SSRCS: Final = 32
MAX_EXTMAPS: Final = 64
MAX_FINGERPRINTS: Final = 8

DIRECTIONS: Final[tuple[Direction, ...]] = ("sendrecv", "sendonly", "recvonly", "inactive")
SETUPS: Final[tuple[Setup, ...]] = ("actpass", "active", "passive", "holdconn")
RTP_PROFILES: Final = re.compile(r"(?:(?:UDP|TCP)/TLS/)?RTP/S?AVPF?")
HASH_BYTES: Final = {"sha-1": 20, "sha-224": 28, "sha-256": 32, "sha-384": 48, "sha-512": 64}

_TOKEN: Final = re.compile(r"[!#$%&'*+\-.0-9A-Z^_`a-z{|}~]+")  # RFC 8866 section 9
_MID: Final = re.compile(
    r"[!#$%&'*+\-.0-9A-Z^_`a-z{|}~]{1,16}"
)  # as long as its RTP extension allows
_UFRAG: Final = re.compile(r"[A-Za-z0-9+/]{4,256}")  # RFC 8839 section 5.4
_PASSWORD: Final = re.compile(r"[A-Za-z0-9+/]{22,256}")
_HEX: Final = re.compile(r"[0-9A-F]{2}(?::[0-9A-F]{2})*")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f\x85\u2028\u2029]")


def _refuse(reason: str) -> NoReturn:
    raise Refused("bad-sdp", f"The session description is malformed: {reason}.")


# Reading


class _Block:
    """The lines of one level, the attributes sorted by name."""

    def __init__(self, first: str) -> None:
        self.first = first
        self.attributes: dict[str, list[str]] = {}

    def add(self, line: str) -> None:
        name, _, value = line.partition(":")
        self.attributes.setdefault(name.strip(), []).append(value.strip())

    def all(self, name: str) -> list[str]:
        return self.attributes.get(name, [])

    def one(self, name: str) -> str:
        return self.attributes.get(name, [""])[0]

    def has(self, name: str) -> bool:
        return name in self.attributes

    def each(self, name: str) -> Iterator[tuple[str, str]]:
        """The values as (first word, rest)."""
        for value in self.all(name):
            head, _, rest = value.partition(" ")
            yield head, rest.strip()


def parse_sdp(text: str) -> SessionDescription:
    """Read a description; raises Refused("bad-sdp", sentence), whatever the text."""
    if len(text) > MAX_TEXT:
        _refuse(f"it is longer than {MAX_TEXT} characters")
    origin, session, blocks = _blocks(text)
    sections = tuple(_section(block, session) for block in blocks)
    mids = [section.mid for section in sections if section.mid]
    if len(set(mids)) != len(mids):
        _refuse("two m-lines have the same a=mid")
    words = origin.split()
    if len(words) != 6:  # noqa: PLR2004 - RFC 8866 section 5.2: six fields
        _refuse("the o= line is missing or incomplete")
    return SessionDescription(
        session_id=_number(words[1], 2**64 - 1, "the session id of o="),
        version=_number(words[2], 2**64 - 1, "the version of o="),
        bundle=_bundle(session),
        ice_lite=session.has("ice-lite"),
        extmap_allow_mixed=session.has("extmap-allow-mixed"),
        sections=sections,
    )


def _blocks(text: str) -> tuple[str, _Block, list[_Block]]:
    """The o= value, the session level and the m-lines."""
    lines = [line.removesuffix("\r") for line in text.split("\n")]
    lines = [line for line in lines if line]
    if len(lines) > MAX_LINES:
        _refuse(f"it has more than {MAX_LINES} lines")
    if lines[:1] != ["v=0"]:
        _refuse("it does not begin with v=0")
    origin, blocks = "", [_Block("")]
    for number, line in enumerate(lines, start=1):
        if line[1:2] != "=" or _CONTROL.search(line):
            _refuse(f"line {number} is not of the form x=value")
        if len(line) > MAX_LINE:
            _refuse(f"line {number} is longer than {MAX_LINE} characters")
        if line[0] == "m":
            blocks.append(_Block(line[2:]))
        elif line[0] == "a":
            blocks[-1].add(line[2:])
        elif line[0] == "o" and not origin:
            origin = line[2:]
    if len(blocks) - 1 > MAX_SECTIONS:
        _refuse(f"it has more than {MAX_SECTIONS} m-lines")
    return origin, blocks[0], blocks[1:]


def _bundle(session: _Block) -> tuple[str, ...]:
    """The mids of the first BUNDLE group; more than one transport is not for us."""
    for head, rest in session.each("group"):
        if head == "BUNDLE":
            mids = tuple(rest.split())
            if len(mids) > MAX_SECTIONS:
                _refuse(f"a=group:BUNDLE names more than {MAX_SECTIONS} m-lines")
            return mids
    return ()


def _number(text: str, most: int, what: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(most))):
        _refuse(f"{what} is not a number")
    value = int(text)
    if value > most:
        _refuse(f"{what} is too large")
    return value


def _matched(value: str, pattern: re.Pattern[str], what: str) -> str:
    if value and not pattern.fullmatch(value):
        _refuse(f"{what} has forbidden characters or a wrong length")
    return value


def _section(block: _Block, session: _Block) -> MediaSection:
    kind, port, protocol, formats = _media_line(block.first)
    mid = _matched(block.one("mid"), _MID, "a=mid")
    return MediaSection(
        kind=kind,
        port=port,
        protocol=protocol,
        formats=formats,
        mid=mid,
        direction=_direction(block, session),
        transport=_transport(block, session),
        rtcp_mux=block.has("rtcp-mux"),
        rtcp_rsize=block.has("rtcp-rsize"),
        bundle_only=block.has("bundle-only"),
        sdes=block.has("crypto"),
        rtpmaps=dict(_rtpmaps(block)),
        fmtp={
            _payload_type(head, "the payload type of a=fmtp"): rest
            for head, rest in block.each("fmtp")
        },
        feedback=tuple(_feedback(block)),
        extmaps=tuple(_extmaps([*session.each("extmap"), *block.each("extmap")])),
        extmap_allow_mixed=session.has("extmap-allow-mixed") or block.has("extmap-allow-mixed"),
        ssrcs=_ssrcs(block),
        ssrc_groups=tuple(_ssrc_groups(block)),
        msid=block.one("msid"),
        simulcast=block.has("simulcast"),
    )


def _media_line(value: str) -> tuple[str, int, str, tuple[str, ...]]:
    """RFC 8866 section 5.14."""
    words = value.split(" ")
    if len(words) < 4 or not all(_TOKEN.fullmatch(word) for word in (words[0], *words[3:])):  # noqa: PLR2004
        _refuse("an m-line is incomplete")
    kind, port, protocol, *formats = words
    if len(formats) > MAX_FORMATS:
        _refuse(f"an m-line has more than {MAX_FORMATS} formats")
    if not re.fullmatch(r"[A-Za-z0-9/]{1,64}", protocol):
        _refuse("an m-line has no transport protocol")
    if RTP_PROFILES.fullmatch(protocol):
        for name in formats:
            _payload_type(name, "a payload type of an m-line")
    if len(set(formats)) != len(formats):
        _refuse("an m-line lists a format twice")
    return kind, _number(port.partition("/")[0], 65_535, "a port"), protocol, tuple(formats)


def _payload_type(text: str, what: str) -> int:
    return _number(text, 127, what)


def _direction(block: _Block, session: _Block) -> Direction:
    for level in (block, session):
        for name in DIRECTIONS:
            if level.has(name):
                return name
    return "sendrecv"


def _transport(block: _Block, session: _Block) -> Transport:
    def nearest(name: str) -> list[str]:
        return block.all(name) or session.all(name)

    setup = (nearest("setup") or [""])[0]
    if setup and setup not in SETUPS:
        _refuse("a=setup is none of actpass, active, passive, holdconn")
    fingerprints = nearest("fingerprint")
    if len(fingerprints) > MAX_FINGERPRINTS:
        _refuse(f"there are more than {MAX_FINGERPRINTS} fingerprints")
    return Transport(
        ufrag=_matched((nearest("ice-ufrag") or [""])[0], _UFRAG, "a=ice-ufrag"),
        password=_matched((nearest("ice-pwd") or [""])[0], _PASSWORD, "a=ice-pwd"),
        fingerprints=tuple(_fingerprint(value) for value in fingerprints),
        setup=setup or None,
    )


def _fingerprint(value: str) -> str:
    """RFC 8122 section 5; one of an algorithm we do not know is kept, and matches nothing."""
    algorithm, _, digits = value.partition(" ")
    algorithm, digits = algorithm.lower(), digits.strip().upper()
    if not _TOKEN.fullmatch(algorithm) or not _HEX.fullmatch(digits):
        _refuse("a=fingerprint is not an algorithm and pairs of digits")
    if len(digits) + 1 != 3 * HASH_BYTES.get(algorithm, (len(digits) + 1) // 3):
        _refuse("a=fingerprint has the wrong length")
    return f"{algorithm} {digits}"


def _rtpmaps(block: _Block) -> Iterator[tuple[int, RtpMap]]:
    for head, rest in block.each("rtpmap"):
        name, *more = rest.split("/")
        if not _TOKEN.fullmatch(name) or len(more) not in {1, 2}:
            _refuse("a=rtpmap is not of the form name/rate")
        rate = _number(more[0], 2**31, "the clock rate of a=rtpmap")
        channels = _number(more[1], 255, "the channels of a=rtpmap") if more[1:] else 1
        yield _payload_type(head, "the payload type of a=rtpmap"), RtpMap(name, rate, channels)


def _feedback(block: _Block) -> Iterator[Feedback]:
    for head, rest in block.each("rtcp-fb"):
        everywhere = head == "*"
        payload_type = None if everywhere else _payload_type(head, "the payload type of a=rtcp-fb")
        yield Feedback(payload_type, rest)


def _extmaps(values: list[tuple[str, str]]) -> Iterator[ExtMap]:
    """RFC 8285 section 8; extension attributes after the URI are not kept."""
    if len(values) > MAX_EXTMAPS:
        _refuse(f"an m-line has more than {MAX_EXTMAPS} header extensions")
    for head, rest in values:
        ident, _, direction = head.partition("/")
        uri = rest.partition(" ")[0]
        if not uri or (direction and direction not in DIRECTIONS):
            _refuse("a=extmap is not of the form id/direction uri")
        number = _number(ident, 4351, "the id of a=extmap")
        yield ExtMap(number, uri, direction or "sendrecv")


def _ssrc(text: str) -> int:
    return _number(text, 2**32 - 1, "an SSRC")


def _ssrcs(block: _Block) -> dict[int, str]:
    """RFC 5576 section 4.1; of the attributes only cname is kept."""
    found: dict[int, str] = {}
    for head, rest in block.each("ssrc"):
        name, _, value = rest.partition(":")
        ssrc = _ssrc(head)
        found[ssrc] = value if name == "cname" else found.get(ssrc, "")
    if len(found) > MAX_SSRCS:
        _refuse(f"an m-line has more than {MAX_SSRCS} SSRCs")
    return found


def _ssrc_groups(block: _Block) -> Iterator[SsrcGroup]:
    for head, rest in block.each("ssrc-group"):
        yield SsrcGroup(head, tuple(_ssrc(word) for word in rest.split()))


# Writing


def format_sdp(description: SessionDescription) -> str:
    """The text of a description, with CRLF as RFC 8866 demands."""
    lines = [
        "v=0",
        f"o=- {description.session_id} {description.version} IN IP4 0.0.0.0",
        "s=-",
        "t=0 0",
    ]
    if description.bundle:
        lines.append(f"a=group:BUNDLE {' '.join(description.bundle)}")
    if description.ice_lite:
        lines.append("a=ice-lite")
    if description.extmap_allow_mixed:
        lines.append("a=extmap-allow-mixed")
    for section in description.sections:
        lines += _section_lines(section, mixed_everywhere=description.extmap_allow_mixed)
    return "\r\n".join(lines) + "\r\n"


def _section_lines(section: MediaSection, *, mixed_everywhere: bool) -> Iterator[str]:
    yield f"m={section.kind} {section.port} {section.protocol} {' '.join(section.formats)}"
    yield "c=IN IP4 0.0.0.0"
    yield from _transport_lines(section.transport)
    if section.mid:
        yield f"a=mid:{section.mid}"
    yield f"a={section.direction}"
    flags = {
        "rtcp-mux": section.rtcp_mux,
        "rtcp-rsize": section.rtcp_rsize,
        "bundle-only": section.bundle_only,
        "extmap-allow-mixed": section.extmap_allow_mixed and not mixed_everywhere,
    }
    yield from (f"a={name}" for name, present in flags.items() if present)
    yield from _codec_lines(section)
    for extmap in section.extmaps:
        direction = "" if extmap.direction == "sendrecv" else f"/{extmap.direction}"
        yield f"a=extmap:{extmap.ident}{direction} {extmap.uri}"
    yield from _stream_lines(section)
    yield from (f"a=candidate:{candidate}" for candidate in section.candidates)
    if section.candidates:
        yield "a=end-of-candidates"


def _transport_lines(transport: Transport) -> Iterable[str]:
    values = {
        "ice-ufrag": transport.ufrag,
        "ice-pwd": transport.password,
        "setup": transport.setup,
    }
    yield from (f"a={name}:{value}" for name, value in values.items() if value)
    yield from (f"a=fingerprint:{fingerprint}" for fingerprint in transport.fingerprints)


def _codec_lines(section: MediaSection) -> Iterator[str]:
    for payload_type, codec in section.rtpmaps.items():
        channels = f"/{codec.channels}" if codec.channels > 1 else ""
        yield f"a=rtpmap:{payload_type} {codec.name}/{codec.clock_rate}{channels}"
    for feedback in section.feedback:
        which = "*" if feedback.payload_type is None else feedback.payload_type
        yield f"a=rtcp-fb:{which} {feedback.value}"
    for payload_type, value in section.fmtp.items():
        yield f"a=fmtp:{payload_type} {value}"


def _stream_lines(section: MediaSection) -> Iterator[str]:
    if section.msid:
        yield f"a=msid:{section.msid}"
    for group in section.ssrc_groups:
        yield f"a=ssrc-group:{group.semantics} {' '.join(map(str, group.ssrcs))}"
    for ssrc, cname in section.ssrcs.items():
        yield f"a=ssrc:{ssrc} cname:{cname}"
