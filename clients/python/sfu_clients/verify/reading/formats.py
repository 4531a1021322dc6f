"""Which payload format a stream has, told from its payloads alone: nobody gave us the SDP."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from sfu.errors import MalformedPacket
from sfu.wire.payload.vp8 import Vp8Descriptor, parse_vp8
from sfu.wire.payload.vp9 import Vp9Descriptor, parse_vp9
from sfu_clients.payload import unwrap

if TYPE_CHECKING:
    from sfu_clients.verify.streams.stream import Sample

MIN_FITTING: Final = 0.9
"""Part of the pictures that must have the format."""

Payloads = Sequence[bytes]
"""Of one whole picture, or one piece of sound."""

_H264_UNITS: Final = frozenset({1, 5, 6, 7, 8, 9, 24, 28})
_H264_KEY_UNITS: Final = frozenset({5, 7})
_AV1_NEW_SEQUENCE: Final = 0x08
_LONG_PICTURE_ID: Final = 1 << 15


def pieces(samples: Sequence[Sample], *, sound: bool) -> list[tuple[float, list[bytes]]]:
    """The whole pictures among packets, each with its time; of sound every packet is a piece."""
    ordered = sorted(samples, key=lambda sample: sample.number)
    if sound:
        return [(sample.time, [sample.payload]) for sample in ordered if sample.payload]
    whole: list[tuple[float, list[bytes]]] = []
    part: list[Sample] = []
    for place, sample in enumerate(ordered):
        before = ordered[place - 1] if place else None
        if before is None or sample.timestamp != before.timestamp:
            part = [sample]
        elif part and sample.number == before.number + 1:
            part.append(sample)
        else:  # something is missing
            part = []
        if part and sample.marker:
            if payloads := [one.payload for one in part if one.payload]:
                whole.append((part[0].time, payloads))
            part = []
    return whole


def guess(pictures: Sequence[Payloads]) -> str | None:
    """The encoding name of the format that fits nearly all of these; None if none does."""
    shares = {codec: fits(pictures) for codec, fits in _FITS.items()}
    best = max(shares, key=lambda codec: shares[codec])
    return best if shares[best] >= MIN_FITTING else None


def has_key_frame(codec: str, pictures: Sequence[Payloads]) -> bool:
    """Whether a descriptor, which no seal covers, says of a picture that it needs no other."""
    return any(_STARTS[codec](picture[0]) for picture in pictures)


def _fit_vp8(pictures: Sequence[Payloads]) -> float:
    """Only its first packet starts a frame; picture ids count on."""
    ids = [_vp8_picture(picture) for picture in pictures]
    return _counting(ids)


def _vp8_picture(picture: Payloads) -> int | None:
    descriptor, ids = Vp8Descriptor(), set()
    try:
        for place, payload in enumerate(picture):
            parse_vp8(payload, 0, len(payload), descriptor)
            if descriptor.starts_frame != (place == 0):
                return None
            ids.add(descriptor.picture_id)
    except MalformedPacket:
        return None
    return ids.pop() if len(ids) == 1 else None


def _fit_vp9(pictures: Sequence[Payloads]) -> float:
    """It begins where its first packet says, ends with its last; picture ids count on."""
    return _counting([_vp9_picture(picture) for picture in pictures])


def _vp9_picture(picture: Payloads) -> int | None:
    descriptor, ids = Vp9Descriptor(), set()
    ends = True
    try:
        for payload in picture:
            parse_vp9(payload, 0, len(payload), descriptor)
            if descriptor.starts != ends:
                return None
            ends = descriptor.ends
            ids.add(descriptor.picture_id)
    except MalformedPacket:
        return None
    return ids.pop() if ends and len(ids) == 1 else None


def _counting(ids: Sequence[int | None]) -> float:
    """Part of the pictures whose id is a little above the one before."""
    steps = [
        a is not None and b is not None and a >= 0 and 0 < (b - a) % _LONG_PICTURE_ID % 128 < 32  # noqa: PLR2004
        for a, b in pairwise(ids)
    ]
    return sum(steps) / len(steps) if steps else 0.0


def _fit_h264(pictures: Sequence[Payloads]) -> float:
    def is_unit(payload: bytes) -> bool:
        return bool(payload) and not payload[0] & 0x80 and payload[0] & 0x1F in _H264_UNITS

    return _unwrapped("H264", [one for one in pictures if all(map(is_unit, one))], pictures)


def _fit_av1(pictures: Sequence[Payloads]) -> float:
    """What says that it goes on is followed by what says that it continues."""

    def is_chained(picture: Payloads) -> bool:
        heads = [payload[0] for payload in picture]
        links = (bool(a & 0x40) == bool(b & 0x80) for a, b in pairwise(heads))
        return not heads[0] & 0x80 and not heads[-1] & 0x40 and all(links) and not heads[0] & 0x07

    return _unwrapped("AV1", [one for one in pictures if is_chained(one)], pictures)


def _unwrapped(codec: str, likely: Sequence[Payloads], pictures: Sequence[Payloads]) -> float:
    count = 0
    for picture in likely:
        try:
            unwrap(codec, picture)
        except MalformedPacket:
            continue
        count += 1
    return count / len(pictures) if pictures else 0.0


_FITS: Final[dict[str, Callable[[Sequence[Payloads]], float]]] = {
    "VP8": _fit_vp8,
    "VP9": _fit_vp9,
    "H264": _fit_h264,
    "AV1": _fit_av1,
}


def _starts_vp8(payload: bytes) -> bool:
    descriptor = Vp8Descriptor()
    try:
        parse_vp8(payload, 0, len(payload), descriptor)
    except MalformedPacket:
        return False
    return descriptor.key_frame


def _starts_vp9(payload: bytes) -> bool:
    descriptor = Vp9Descriptor()
    try:
        parse_vp9(payload, 0, len(payload), descriptor)
    except MalformedPacket:
        return False
    return descriptor.starts and not descriptor.inter_predicted and not descriptor.spatial


def _starts_h264(payload: bytes) -> bool:
    kind = payload[0] & 0x1F
    inner = payload[3] & 0x1F if kind == 24 and len(payload) > 3 else kind  # noqa: PLR2004 - STAP-A
    inner = payload[1] & 0x1F if kind == 28 and len(payload) > 1 else inner  # noqa: PLR2004 - FU-A
    return inner in _H264_KEY_UNITS


_STARTS: Final[dict[str, Callable[[bytes], bool]]] = {
    "VP8": _starts_vp8,
    "VP9": _starts_vp9,
    "H264": _starts_h264,
    "AV1": lambda payload: bool(payload[0] & _AV1_NEW_SEQUENCE),
}
