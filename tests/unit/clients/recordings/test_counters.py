"""What an encoder counts: found in packets of every codec, and written anew."""

import contextlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.errors import MalformedPacket
from sfu.wire.extensions import Extension
from sfu_clients.recordings.counters import (
    CODECS,
    CounterReader,
    Shift,
    rewrite_descriptor,
    rewrite_payload,
)
from tests.support.packets import L1T3, DdStructure, descriptor, vp8, vp9, vp9_scalability_structure

SHIFT = Shift(picture_id=1000, tl0picidx=10, frame_number=70_000)
Build = Callable[[int, int], bytes]
"""A payload with this picture id and this TL0PICIDX."""

PAYLOADS: dict[str, tuple[str, int, Build]] = {
    "VP8": ("VP8", 15, lambda p, t: vp8(picture_id=p, tl0picidx=t, temporal=1)),
    "VP8, 7 bits": ("VP8", 7, lambda p, t: vp8(picture_id=p, wide=False, tl0picidx=t)),
    "VP8, picture id only": ("VP8", 15, lambda p, _: vp8(picture_id=p)),
    "VP8, TL0PICIDX only": ("VP8", 15, lambda _, t: vp8(picture_id=None, tl0picidx=t, temporal=0)),
    "VP8, neither": ("VP8", 15, lambda *_: vp8(picture_id=None)),
    "VP9, flexible": ("VP9", 15, lambda p, _: vp9(picture_id=p, picture_diffs=[1])),
    "VP9, 7 bits": ("VP9", 7, lambda p, _: vp9(picture_id=p, wide=False)),
    "VP9, in groups": ("VP9", 15, lambda p, t: vp9(picture_id=p, flexible=False, tl0picidx=t)),
    "VP9, in groups, 7 bits": (
        "VP9",
        7,
        lambda p, t: vp9(
            picture_id=p,
            wide=False,
            flexible=False,
            tl0picidx=t,
            scalability_structure=vp9_scalability_structure(1, [(320, 180)], [(0, False, [1])]),
        ),
    ),
    "VP9, TL0PICIDX only": (
        "VP9",
        15,
        lambda _, t: vp9(picture_id=None, flexible=False, tl0picidx=t),
    ),
    "VP9, neither": ("VP9", 15, lambda *_: vp9(picture_id=None, layers=None, flexible=False)),
    "H.264": ("H264", 15, lambda *_: b"\x65media"),
    "AV1": ("AV1", 15, lambda *_: b"\x18\x30media"),
    "Opus": ("opus", 15, lambda *_: b"sound"),
}


@pytest.mark.parametrize("name", PAYLOADS)
@pytest.mark.parametrize(("picture_id", "tl0picidx"), [(5, 7), (0x7F, 0xFF), (0x7FFF, 0xF8)])
def test_writes_the_numbers_of_a_payload_anew(name: str, picture_id: int, tl0picidx: int) -> None:
    """As many bits as there were, around their end; every other byte is as it was."""
    codec, bits, build = PAYLOADS[name]
    mask = (1 << bits) - 1
    payload = build(picture_id & mask, tl0picidx)
    counters, _ = CounterReader(codec).read(payload, {})
    expected = build(picture_id + SHIFT.picture_id & mask, tl0picidx + SHIFT.tl0picidx & 0xFF)
    assert rewrite_payload(payload, counters, SHIFT) == expected
    assert rewrite_payload(payload, counters, Shift()) == payload


@pytest.mark.parametrize("structure", [None, L1T3], ids=["short", "with its structure"])
def test_writes_the_number_of_a_descriptor_anew(structure: DdStructure | None) -> None:
    """Frame numbers have 16 bits, and all else in a descriptor counts from them."""
    told = descriptor(frame_number=65_530, structure=structure)
    reader = CounterReader("AV1")
    reader.read(
        b"\x18\x30media",
        {Extension.DEPENDENCY_DESCRIPTOR: descriptor(frame_number=65_529, structure=L1T3)},
    )
    counters, _ = reader.read(b"\x10\x30media", {Extension.DEPENDENCY_DESCRIPTOR: told})
    written = rewrite_descriptor(told, counters, SHIFT)
    assert written == descriptor(frame_number=65_530 + 70_000, structure=structure)


def test_counts_on() -> None:
    """Numbers go on where their bits end, whatever their width."""
    reader = CounterReader("VP8")
    told = []
    for picture_id, tl0picidx in ((126, 254), (127, 255), (0, 0), (0, 0), (1, 0), (2, 1)):
        payload = vp8(picture_id=picture_id, wide=False, tl0picidx=tl0picidx, temporal=0)
        counters, _ = reader.read(payload, {})
        told.append((counters.picture_id, counters.tl0picidx))
    assert told == [(126, 254), (127, 255), (128, 256), (128, 256), (129, 256), (130, 257)]


def test_a_shift_lets_numbers_follow_each_other() -> None:
    """What was skipped or repeated in between leaves no trace; shifts add up."""
    reader = CounterReader("VP8")
    first, _ = reader.read(vp8(picture_id=9, tl0picidx=3, temporal=0), {})
    last, _ = reader.read(vp8(picture_id=17, tl0picidx=5, temporal=0), {})
    once = Shift().following(last, first, frames=1)
    twice = once.following(last, first, frames=1)
    assert rewrite_payload(vp8(picture_id=9, tl0picidx=3), first, once)[2:5] == b"\x80\x12\x06"
    assert rewrite_payload(vp8(picture_id=9, tl0picidx=3), first, twice)[2:5] == b"\x80\x1b\x09"


@pytest.mark.parametrize(
    ("codec", "payload", "begins"),
    [
        pytest.param("VP8", vp8(key_frame=True), True, id="VP8 key frame"),
        pytest.param("VP8", vp8(key_frame=True, starts_frame=False), False, id="the rest of it"),
        pytest.param("VP8", vp8(), False, id="VP8 inter frame"),
        pytest.param("VP9", vp9(layers=(0, 0)), True, id="VP9 key picture"),
        pytest.param("VP9", vp9(layers=(0, 0), starts=False), False, id="not its first packet"),
        pytest.param("VP9", vp9(layers=(1, 0)), False, id="its second layer"),
        pytest.param("VP9", vp9(inter_predicted=True), False, id="VP9 inter frame"),
        pytest.param("H264", b"\x67sps", True, id="H.264 parameters"),
        pytest.param("H264", b"\x61media", False, id="H.264 inter frame"),
        pytest.param("AV1", b"\x18\x30media", True, id="AV1 sequence"),
        pytest.param("AV1", b"\x10\x30media", False, id="AV1 inter frame"),
        pytest.param("opus", b"sound", True, id="Opus"),
    ],
)
def test_knows_where_one_can_begin(codec: str, payload: bytes, begins: bool) -> None:  # noqa: FBT001
    """Key frames are told by the payload."""
    assert CounterReader(codec).read(payload, {})[1] is begins


def test_nobody_can_begin_without_a_structure() -> None:
    """Where there are dependency descriptors, a key picture brings their structure."""
    reader = CounterReader("VP9")
    with_structure = descriptor(frame_number=1, structure=L1T3)
    without = descriptor(frame_number=2)
    assert reader.read(vp9(), {Extension.DEPENDENCY_DESCRIPTOR: with_structure})[1]
    assert not reader.read(vp9(), {Extension.DEPENDENCY_DESCRIPTOR: without})[1]


@given(
    st.sampled_from(CODECS),
    st.lists(st.tuples(st.binary(max_size=40), st.none() | st.binary(max_size=40)), max_size=5),
)
def test_any_packets_are_read_or_refused(
    codec: str, packets: list[tuple[bytes, bytes | None]]
) -> None:
    """Nothing but MalformedPacket escapes; what was read can be written, as long as it was."""
    reader = CounterReader(codec)
    for payload, told in packets:
        extensions = {} if told is None else {Extension.DEPENDENCY_DESCRIPTOR: told}
        with contextlib.suppress(MalformedPacket):
            counters, _ = reader.read(payload, extensions)
            assert len(rewrite_payload(payload, counters, SHIFT)) == len(payload)
            assert rewrite_payload(payload, counters, Shift()) == payload
