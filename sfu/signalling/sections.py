"""One m-line of an offer, answered: taken, refused or left inactive, with the reason."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from sfu.media.codec import Codec
from sfu.signalling.agreement import ReceivedMedia, SendStream, SentMedia
from sfu.signalling.codecs import ChosenCodec, choose_codecs
from sfu.signalling.description import (
    Direction,
    ExtMap,
    Feedback,
    MediaSection,
    RtpMap,
    SsrcGroup,
    Transport,
)
from sfu.signalling.messages import MediaSource, SectionNote
from sfu.wire.extensions import BY_URI, Extension

STARTING_KBPS: Final = 1000
"""x-google-start-bitrate of video that we receive. libwebrtc begins at 300 kbit/s, where it encodes
a small picture first; from 1000, its first probes (3 and 6 times as much) reach HD at once."""

NOT_SEALABLE: Final = (
    "This room is sealed end to end; that takes Opus, VP8, VP9, or AV1 with dependency descriptors."
)

_DTLS_PROFILES: Final = {"UDP/TLS/RTP/SAVPF", "UDP/TLS/RTP/SAVP", "TCP/TLS/RTP/SAVPF", "RTP/SAVPF"}
"""RFC 9429 section 5.1.2; the last one only where fingerprints come with it."""

_FORWARDED: Final = "Opus, VP8, VP9, AV1 (profile 0 each), H.264 (baseline and main)"

_MIRRORED: Final[Mapping[Direction, Direction]] = {
    "sendrecv": "sendrecv",
    "sendonly": "recvonly",
    "recvonly": "sendonly",
    "inactive": "inactive",
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """The answered m-line, and what it agrees on."""

    answer: MediaSection
    accepted: bool
    received: ReceivedMedia | None = None
    sent: SentMedia | None = None


class SectionAnswerer:
    """Answers the m-lines of one offer, and notes why it refuses or limits some."""

    def __init__(
        self,
        transport: Transport,
        bundle: tuple[str, ...],
        extensions: Mapping[int, Extension],
        *,
        sealed: bool,
    ) -> None:
        """Take our half of the transport, the offered bundle, and the extension ids to be used."""
        self._transport, self._bundle, self._extensions = transport, bundle, extensions
        self._sealed = sealed
        self.notes: list[SectionNote] = []

    def answer(
        self, offered: MediaSection, source: MediaSource | None, stream: SendStream | None
    ) -> Outcome:
        """Answer one m-line that publishes `source` and shall be sent `stream`, if any."""
        if offered.rejected:
            return _rejection(offered)
        if problem := _unusable(offered, self._bundle):
            self._note(offered, *problem)
            return _rejection(offered)
        codecs = choose_codecs(offered)
        if self._sealed and codecs and not (codecs := self._sealable(offered, codecs)):
            self._note(offered, "no-sealed-codec", NOT_SEALABLE)
            return _rejection(offered)
        if not codecs:
            self._note(offered, "no-codec", f"None of its codecs is forwarded here: {_FORWARDED}.")
            return _rejection(offered)
        if not self._will_receive(offered, source, stream):
            source = None
        if not self._will_send(offered, stream, codecs):
            stream = None
        return self._accept(offered, _one_congestion_control(offered, codecs), source, stream)

    def _sealable(
        self, offered: MediaSection, codecs: tuple[ChosenCodec, ...]
    ) -> tuple[ChosenCodec, ...]:
        """Those whose frames can be told apart from outside of the seal (docs/sealing.md)."""
        descriptor = Extension.DEPENDENCY_DESCRIPTOR
        described = any(self._extensions.get(e.ident) is descriptor for e in offered.extmaps)
        unfit = {Codec.H264} if described else {Codec.H264, Codec.AV1}
        return tuple(codec for codec in codecs if codec.codec not in unfit)

    def _note(self, offered: MediaSection, code: str, reason: str) -> None:
        self.notes.append(SectionNote(mid=offered.mid, code=code, reason=reason))

    def _will_receive(
        self, offered: MediaSection, source: MediaSource | None, stream: SendStream | None
    ) -> bool:
        sending = offered.direction in {"sendrecv", "sendonly"}
        if source is not None and not sending:
            self._note(offered, "not-offered", f"The m-line for your {source} sends nothing.")
        if source is None and sending and stream is None:
            self._note(offered, "not-published", "You did not say what this m-line publishes.")
        if source is not None and sending and offered.simulcast:
            self._note(offered, "one-encoding", "Simulcast is not taken; one encoding is sent.")
        return source is not None and sending

    def _will_send(
        self, offered: MediaSection, stream: SendStream | None, codecs: tuple[ChosenCodec, ...]
    ) -> bool:
        if stream is None:
            return False
        if offered.direction not in {"sendrecv", "recvonly"}:
            self._note(offered, "not-offered", "The m-line for this publication receives nothing.")
            return False
        known = stream.codecs
        if known is not None and not {codec.codec for codec in codecs} & set(known):
            names = " or ".join(codec.value for codec in known)
            reason = f"This publication is encoded with {names}, which your client cannot decode."
            self._note(offered, "codec-unsupported", reason)
            return False
        return True

    def _accept(
        self,
        offered: MediaSection,
        codecs: tuple[ChosenCodec, ...],
        source: MediaSource | None,
        stream: SendStream | None,
    ) -> Outcome:
        rtpmaps, fmtp = _formats(offered, codecs, starting=source is not None)
        answer = MediaSection(
            kind=offered.kind,
            port=9,
            protocol=offered.protocol,
            formats=tuple(str(payload_type) for payload_type in rtpmaps),
            mid=offered.mid,
            direction=_direction(receives=source is not None, sends=stream is not None),
            transport=self._transport,
            rtcp_mux=True,
            rtcp_rsize=offered.rtcp_rsize,
            rtpmaps=rtpmaps,
            fmtp=fmtp,
            feedback=tuple(Feedback(c.payload_type, value) for c in codecs for value in c.feedback),
            extmaps=tuple(self._extmaps(offered, codecs)),
            extmap_allow_mixed=offered.extmap_allow_mixed,
        )
        return Outcome(
            answer=answer if stream is None else _with_stream(answer, stream, codecs),
            accepted=True,
            received=None if source is None else _received(offered, answer, codecs, source),
            sent=None if stream is None else _sent(offered, answer, codecs, stream),
        )

    def _extmaps(self, offered: MediaSection, codecs: tuple[ChosenCodec, ...]) -> Iterator[ExtMap]:
        unwanted = (
            Extension.ABS_SEND_TIME
            if _feeds_back(codecs, "transport-cc")
            else Extension.TRANSPORT_CC
        )
        for extmap in dict.fromkeys(offered.extmaps):
            kind = self._extensions.get(extmap.ident)
            if kind not in {None, unwanted} and BY_URI.get(extmap.uri) is kind:
                yield replace(extmap, direction=_MIRRORED[extmap.direction])


def _unusable(offered: MediaSection, bundle: tuple[str, ...]) -> tuple[str, str] | None:
    """Why an m-line cannot be served at all, as a code and a sentence."""
    if offered.kind not in {"audio", "video"}:
        return "no-data-channels", "This server carries audio and video only."
    if offered.protocol not in _DTLS_PROFILES:
        return "no-dtls", "The m-line asks for RTP without DTLS; only DTLS-SRTP is served here."
    if offered.mid not in bundle:
        return "not-bundled", "The m-line is outside the bundle, and one port is all we have."
    if not offered.rtcp_mux:
        return "no-rtcp-mux", "The m-line wants a port of its own for RTCP; a=rtcp-mux is missing."
    return None


def _rejection(offered: MediaSection) -> Outcome:
    """Port 0, and otherwise as offered (RFC 3264 section 6)."""
    answer = MediaSection(
        kind=offered.kind,
        port=0,
        protocol=offered.protocol,
        formats=offered.formats,
        mid=offered.mid,
        direction="inactive",
    )
    return Outcome(answer, accepted=False)


def _feeds_back(codecs: tuple[ChosenCodec, ...], value: str) -> bool:
    return any(value in codec.feedback for codec in codecs)


def _one_congestion_control(
    offered: MediaSection, codecs: tuple[ChosenCodec, ...]
) -> tuple[ChosenCodec, ...]:
    """Transport-wide feedback where the offer has all of it, else REMB: both at once misbehave.

    With both, libwebrtc has been seen to mix two clocks; each alone is well trodden.
    """
    numbered = any(BY_URI.get(extmap.uri) is Extension.TRANSPORT_CC for extmap in offered.extmaps)
    wide = numbered and _feeds_back(codecs, "transport-cc")
    unwanted = "goog-remb" if wide else "transport-cc"
    return tuple(
        replace(codec, feedback=tuple(value for value in codec.feedback if value != unwanted))
        for codec in codecs
    )


def _direction(*, receives: bool, sends: bool) -> Direction:
    if receives:
        return "sendrecv" if sends else "recvonly"
    return "sendonly" if sends else "inactive"


def _formats(
    offered: MediaSection, codecs: tuple[ChosenCodec, ...], *, starting: bool
) -> tuple[dict[int, RtpMap], dict[int, str]]:
    """The rtpmap and fmtp lines, each codec followed by its retransmissions."""
    rtpmaps: dict[int, RtpMap] = {}
    fmtp: dict[int, str] = {}
    start = f"x-google-start-bitrate={STARTING_KBPS}"
    for codec in codecs:
        rtpmaps[codec.payload_type] = codec.rtpmap
        extra = start if starting and offered.kind == "video" else ""
        if text := ";".join(part for part in (codec.fmtp, extra) if part):
            fmtp[codec.payload_type] = text
        if codec.rtx is not None:
            rtpmaps[codec.rtx] = offered.rtpmaps[codec.rtx]
            fmtp[codec.rtx] = f"apt={codec.payload_type}"
    return rtpmaps, fmtp


def _with_stream(
    answer: MediaSection, stream: SendStream, codecs: tuple[ChosenCodec, ...]
) -> MediaSection:
    """The m-line with the names of what we send (RFC 8830, RFC 5576)."""
    repeated = any(codec.rtx is not None for codec in codecs)
    ssrcs = (stream.ssrc, stream.rtx_ssrc) if repeated else (stream.ssrc,)
    return replace(
        answer,
        msid=f"{stream.stream_id} {stream.track_id}",
        ssrcs=dict.fromkeys(ssrcs, stream.cname),
        ssrc_groups=(SsrcGroup("FID", ssrcs),) if repeated else (),
    )


def _usable(answer: MediaSection, directions: set[Direction]) -> dict[Extension, int]:
    return {BY_URI[e.uri]: e.ident for e in answer.extmaps if e.direction in directions}


def _received(
    offered: MediaSection,
    answer: MediaSection,
    codecs: tuple[ChosenCodec, ...],
    source: MediaSource,
) -> ReceivedMedia:
    pairs = [group.ssrcs for group in offered.ssrc_groups if group.semantics == "FID"]
    rtx_of = {pair[1]: pair[0] for pair in pairs if len(pair) == 2}  # noqa: PLR2004 - a pair
    return ReceivedMedia(
        mid=offered.mid,
        kind=offered.kind,
        source=source,
        codecs={codec.payload_type: codec.codec for codec in codecs},
        rtx={codec.rtx: codec.payload_type for codec in codecs if codec.rtx is not None},
        ssrcs=tuple(ssrc for ssrc in offered.ssrcs if ssrc not in rtx_of),
        rtx_of=rtx_of,
        extensions=_usable(answer, {"sendrecv", "recvonly"}),
        nack=_feeds_back(codecs, "nack"),
        pli=_feeds_back(codecs, "nack pli"),
        fir=_feeds_back(codecs, "ccm fir"),
        transport_cc=_feeds_back(codecs, "transport-cc"),
        stream_id=offered.msid.partition(" ")[0],
    )


def _sent(
    offered: MediaSection,
    answer: MediaSection,
    codecs: tuple[ChosenCodec, ...],
    stream: SendStream,
) -> SentMedia:
    return SentMedia(
        mid=offered.mid,
        kind=offered.kind,
        payload_types={codec.codec: (codec.payload_type, codec.rtx) for codec in codecs},
        extensions=_usable(answer, {"sendrecv", "sendonly"}),
        two_byte=offered.extmap_allow_mixed,
        nack=_feeds_back(codecs, "nack"),
        pli=_feeds_back(codecs, "nack pli"),
        fir=_feeds_back(codecs, "ccm fir"),
        transport_cc=_feeds_back(codecs, "transport-cc"),
        stream=stream,
    )
