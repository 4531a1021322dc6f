"""Which payload types of an offered m-line we take, and what we say about each."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from sfu.media.codec import Codec
from sfu.signalling.description import MediaSection, RtpMap, parameters

BY_NAME: Final = {codec.value.lower(): codec for codec in Codec}

ECHOED: Final = {
    Codec.OPUS: ("minptime", "useinbandfec", "usedtx", "stereo", "cbr"),
    Codec.VP8: (),
    Codec.VP9: ("profile-id",),
    Codec.H264: ("level-asymmetry-allowed", "packetization-mode", "profile-level-id"),
    Codec.AV1: ("level-idx", "profile", "tier"),
}
"""The format parameters that say which configuration is meant; limits of the other side's decoder
(max-fs, max-fr) are not ours to repeat."""

H264_PROFILES: Final = ("42e0", "4200", "4d00")
"""profile_idc and constraints, best first: constrained baseline is what every browser decodes."""

FEEDBACK: Final = {
    "audio": ("nack", "transport-cc", "goog-remb"),
    "video": ("nack", "nack pli", "ccm fir", "transport-cc", "goog-remb"),
}

_VALUE: Final = re.compile(r"[0-9A-Za-z]{1,32}")

_NEVER: Final = range(64, 96)
"""Payload types that look like RTCP when the marker is set (RFC 5761 section 4)."""


@dataclass(frozen=True, slots=True)
class ChosenCodec:
    """A payload type that we take, with its retransmission type where one was offered."""

    codec: Codec
    payload_type: int
    rtx: int | None
    rtpmap: RtpMap
    fmtp: str
    feedback: tuple[str, ...]


def choose_codecs(section: MediaSection) -> tuple[ChosenCodec, ...]:
    """One payload type for each codec that we forward, in the order of the offer."""
    best: dict[Codec, tuple[int, int]] = {}
    for payload_type, codec in _known(section):
        rank = _rank(codec, parameters(section.fmtp.get(payload_type, "")))
        if rank is not None and (codec not in best or rank < best[codec][0]):
            best[codec] = rank, payload_type
    chosen = {payload_type: codec for codec, (_, payload_type) in best.items()}
    order = (int(name) for name in section.formats)
    return tuple(_chosen(section, pt, chosen[pt]) for pt in order if pt in chosen)


def _known(section: MediaSection) -> Iterator[tuple[int, Codec]]:
    for payload_type in map(int, section.formats):
        rtpmap = section.rtpmaps.get(payload_type)
        codec = BY_NAME.get(rtpmap.name.lower()) if rtpmap else None
        if rtpmap is None or codec is None or payload_type in _NEVER:
            continue
        channels = 2 if codec is Codec.OPUS else 1  # RFC 7587 section 7: always opus/48000/2
        if (section.kind, rtpmap.clock_rate, rtpmap.channels) == (
            codec.kind,
            codec.clock_rate,
            channels,
        ):
            yield payload_type, codec


def _rank(codec: Codec, fmtp: Mapping[str, str]) -> int | None:
    """How much we like a configuration, 0 best; None when we do not forward it."""
    if codec is Codec.VP9:
        return 0 if fmtp.get("profile-id", "0") == "0" else None
    if codec is Codec.AV1:
        return 0 if fmtp.get("profile", "0") == "0" else None
    if codec is Codec.H264:
        return _rank_h264(fmtp)
    return 0


def _rank_h264(fmtp: Mapping[str, str]) -> int | None:
    """RFC 6184 section 8.1; without profile-level-id it is baseline, without a mode it is 0."""
    profile = fmtp.get("profile-level-id", "420010").lower()[:4]
    mode = fmtp.get("packetization-mode", "0")
    if profile not in H264_PROFILES or mode not in {"0", "1"}:
        return None
    return H264_PROFILES.index(profile) + (0 if mode == "1" else len(H264_PROFILES))


def _chosen(section: MediaSection, payload_type: int, codec: Codec) -> ChosenCodec:
    offered = parameters(section.fmtp.get(payload_type, ""))
    echoed = [
        f"{key}={offered[key]}" for key in ECHOED[codec] if _VALUE.fullmatch(offered.get(key, ""))
    ]
    return ChosenCodec(
        codec,
        payload_type,
        _rtx(section, payload_type),
        section.rtpmaps[payload_type],
        ";".join(echoed),
        _feedback(section, payload_type),
    )


def _rtx(section: MediaSection, payload_type: int) -> int | None:
    """The retransmission type of a payload type (RFC 4588 section 8.6)."""
    for candidate in map(int, section.formats):
        rtpmap = section.rtpmaps.get(candidate)
        apt = parameters(section.fmtp.get(candidate, "")).get("apt")
        if rtpmap and rtpmap.name.lower() == "rtx" and apt == str(payload_type):
            return candidate if candidate not in _NEVER else None
    return None


def _feedback(section: MediaSection, payload_type: int) -> tuple[str, ...]:
    offered = {
        " ".join(feedback.value.lower().split())
        for feedback in section.feedback
        if feedback.payload_type in {None, payload_type}
    }
    return tuple(value for value in FEEDBACK[section.kind] if value in offered)
