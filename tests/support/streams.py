"""Streams as publishers send them, by what tells their layers."""

from collections.abc import Callable

from tests.support.encoders import Encoder, Publisher, Split, one_each
from tests.support.packets import L1T1, L1T3, L3T3, L3T3_KEY, DdStructure, DdTemplate
from tests.support.payloads import (
    VP8_L1T3,
    Av1Payloads,
    H264Payloads,
    OpusPayloads,
    Vp8Payloads,
    Vp9Payloads,
)

Stream = Callable[[Split], Encoder]

TALK = DdStructure((DdTemplate(0, 0, "S"),), (), cycle=((0,), (0,)))
"""Each frame stands alone."""


def _vp9(structure: DdStructure, *, described: bool = False, **how: bool | int | None) -> Stream:
    payloads = Vp9Payloads(**how)  # type: ignore[arg-type]
    return lambda split: Encoder(payloads, structure, described=described, split=split)


def _vp8(structure: DdStructure, *, described: bool = False, **how: bool | int | None) -> Stream:
    payloads = Vp8Payloads(**how)  # type: ignore[arg-type]
    return lambda split: Encoder(payloads, structure, described=described, split=split)


K_SVC: dict[str, Stream] = {
    "VP9 L3T3_KEY, described": _vp9(L3T3_KEY, described=True),
    "VP9 L3T3_KEY, flexible": _vp9(L3T3_KEY),
    "VP9 L3T3_KEY, in groups": _vp9(L3T3_KEY, flexible=False, group=True),
    "VP9 L3T3_KEY, 7-bit picture ids": _vp9(L3T3_KEY, picture_id=0x70, wide=False),
    "VP9 L3T3_KEY, no picture ids": _vp9(L3T3_KEY, flexible=False, picture_id=None),
    "AV1 L3T3_KEY, described": lambda split: Encoder(
        Av1Payloads(), L3T3_KEY, described=True, split=split
    ),
}
"""Spatial layers that depend on each other in key pictures only."""

FULL_SVC: dict[str, Stream] = {
    "VP9 L3T3, described": _vp9(L3T3, described=True),
    "VP9 L3T3, flexible": _vp9(L3T3),
    "VP9 L3T3, in groups": _vp9(L3T3, flexible=False, group=True),
    "VP9 L3T3, sizes unknown": _vp9(L3T3, sizes=False),
}
"""Spatial layers that depend on each other in every picture."""

TEMPORAL: dict[str, Stream] = {
    "VP9 L1T3, described": _vp9(L1T3, described=True),
    "VP9 L1T3, flexible": _vp9(L1T3),
    "VP9 L1T3, no groups told": _vp9(L1T3, flexible=False),
    "VP8 L1T3": _vp8(VP8_L1T3),
    "VP8 L1T3, 7-bit picture ids": _vp8(VP8_L1T3, picture_id=0x70, wide=False),
    "VP8 L1T3, no picture ids": _vp8(VP8_L1T3, picture_id=None),
    "VP8 L1T3, described": _vp8(L1T3, described=True, layered=False),
}
"""One spatial layer in three temporal ones."""

PLAIN: dict[str, Stream] = {
    "VP9, one layer": _vp9(L1T1, layered=False),
    "VP9, one layer, no picture ids": _vp9(L1T1, layered=False, flexible=False, picture_id=None),
    "VP9, one layer, described": _vp9(L1T1, described=True),
    "VP8, one layer": _vp8(L1T1, layered=False),
    "VP8, no picture ids": _vp8(L1T1, layered=False, picture_id=None),
    "H.264": lambda split: Encoder(H264Payloads(), L1T1, split=split),
    "AV1": lambda split: Encoder(Av1Payloads(), L1T1, split=split),
}
"""One layer, each frame needed by the next."""

LAYERED = K_SVC | FULL_SVC | TEMPORAL
VIDEO = LAYERED | PLAIN


def publisher(name: str, *, split: Split = one_each) -> Publisher:
    """Return a publisher of the stream with this name."""
    return Publisher(VIDEO[name](split))


def successor(name: str, *, split: Split = one_each) -> Publisher:
    """Return one that goes on with another SSRC, and tells nothing of what it sent before."""
    encoder = VIDEO[name](split)
    encoder.begin_at(1 << 20)
    return Publisher(encoder, first_number=7, ssrc=0x7777)


def opus() -> Publisher:
    """Return somebody who talks."""
    return Publisher(Encoder(OpusPayloads(), TALK))
