"""Forwarding does not look at media: other media gives the same decisions and the same headers.

Recorded streams of Chromium pass twice, the second time with every byte replaced that lies deeper
than the forwarder says it reads (`Depth`). In H.264, which nobody seals, the headers of NAL units
stay as they were.
"""

from collections.abc import Callable, Iterator
from itertools import zip_longest
from random import Random

import pytest

from sfu.media.codec import Codec
from sfu.media.copier import Copier
from sfu.media.depth import Depth
from sfu.media.key_frames import KeyFrameCause
from sfu.media.outbound import Outbound
from sfu.media.packet import Packet as Tagged
from sfu.media.rewriter import NONE, Rewriter
from sfu.media.router import Router
from sfu.media.selector import Selector, Verdict
from sfu.media.source import Track
from sfu.media.tagger import Tagger
from sfu.wire.extensions import Extension, ExtensionIds
from sfu.wire.frames.av1 import read_leb128
from sfu.wire.packet import Packet, write_packet
from sfu.wire.payload.h264 import FU_A, STAP_A
from sfu.wire.payload.tag import LayerTag
from sfu.wire.payload.vp8 import Vp8Descriptor, parse_vp8
from sfu.wire.payload.vp9 import Vp9Descriptor, parse_vp9
from sfu_clients.recordings.recording import load_recording
from sfu_clients.recordings.replay import Replay
from sfu_clients.rtp.outgoing import MediaPacket
from tests.support.screening import Reel

DESCRIPTOR_ID = 13
SECONDS = 20
PAYLOAD_TYPE, SSRC = 100, 7
VP8_KEY_SHIM, VP8_SHIM = 10, 1
WISHES = (720, 360, 180, 0, 720, 180)
VIEWERS = 3
ANSWER_SECONDS = 0.3
"""From a request to the key frame."""


def clear_places(codec: Codec, payload: bytes, depth: Depth) -> set[int]:
    """The places that lie no deeper."""
    if depth <= Depth.HEADER:
        return set()
    if codec is Codec.H264:
        return nal_headers(payload)
    if codec is Codec.AV1:
        return obu_headers(payload)
    if codec is Codec.VP9:
        vp9 = Vp9Descriptor()
        parse_vp9(payload, 0, len(payload), vp9)
        return set(range(vp9.length))
    vp8 = Vp8Descriptor()
    parse_vp8(payload, 0, len(payload), vp8)
    shim = VP8_KEY_SHIM if vp8.key_frame else VP8_SHIM
    return set(range(vp8.length + (shim if vp8.starts_frame else 0)))


def nal_headers(payload: bytes) -> set[int]:
    """RFC 6184: the header, that of a fragment, and those of aggregated units with their sizes."""
    kind, places = payload[0] & 0x1F, {0}
    if kind == FU_A:
        places.add(1)
    position = 1
    while kind == STAP_A and position < len(payload):
        places |= {position, position + 1, position + 2}
        position += 2 + int.from_bytes(payload[position : position + 2], "big")
    return places


def obu_headers(payload: bytes) -> set[int]:
    """The aggregation header, and of each OBU its size and header."""
    places, position, count = {0}, 1, payload[0] >> 4 & 0x03
    inside = payload[0] >= 0x80
    for index in range(1, (count or 9) + 1):
        size, start = len(payload) - position, position
        if position >= len(payload):
            break
        if index != count:
            size, start = read_leb128(payload, position)
        header = () if inside else range(start, start + 1 + (payload[start] >> 2 & 1))
        places |= {*range(position, start), *header}
        inside, position = False, start + size
    return places


class Call:
    """One publisher who replays, and viewers who cannot make up their minds."""

    def __init__(
        self, name: str, *, described: bool, depth: Depth, change: Callable[[bytes], bytes]
    ) -> None:
        recording = load_recording(name)
        self.codec = Codec(recording.codec)
        self.media_bytes = 0
        self._depth = depth
        self._change = change
        self._replay = Replay(recording.streams[0])
        self._requests: list[bytes] = []
        self._answers: list[float] = []  # when a key frame comes
        self._now = 0.0
        ids = ExtensionIds({Extension.DEPENDENCY_DESCRIPTOR: DESCRIPTOR_ID} if described else {})
        self._publisher = Router(sink=Reel(), send_rtcp=self._ask, ssrc=1, cname="p")
        self._publisher.set_extensions(ids)
        track = Track("v", self.codec.kind, {PAYLOAD_TYPE: self.codec}, ssrcs=(SSRC,))
        source = self._source = self._publisher.publish(track)
        self._wires = [Reel() for _ in range(VIEWERS)]
        self._outbounds = [
            Router(sink=wire, send_rtcp=lambda _: None, ssrc=2, cname="v").subscribe(
                source, ssrc=100, rtx_ssrc=None, payload_types={self.codec: (PAYLOAD_TYPE, None)},
                extension_ids=ids, mid="w", cname="p", start_sequence=0, rtx_start_sequence=0,
                now=0.0,
            )
            for wire in self._wires
        ]  # fmt: skip

    @property
    def depth(self) -> Depth:
        """How deep the forwarder says that it read."""
        assert self._source.inbound is not None
        return self._source.inbound.depth

    def _ask(self, report: bytes) -> None:
        self._requests.append(report)
        if report[1] == 206:
            self._answers.append(self._now + ANSWER_SECONDS)

    def outcome(self) -> Iterator[object]:
        """All that leaves: copies without their media, reports, requests and causes, verdicts."""
        sequence, changes = 0, 0
        while (now := self._replay.due()) < SECONDS:
            self._now = now
            if self._answers and now >= self._answers[0]:
                self._answers.clear()
                self._replay.ask_key_frame()
            if now >= changes * 1.3:
                for number, outbound in enumerate(self._outbounds):
                    outbound.set_wish(WISHES[(changes + number) % len(WISHES)], now=now)
                changes += 1
            for packet in self._replay.take(now):
                yield from self._forward(packet, sequence, now=now)
                sequence += 1
            self._publisher.handle_timeout(now=now)
        yield self._requests
        yield self._source.key_frames.asked
        yield [outbound.counts for outbound in self._outbounds]

    def _forward(self, media: MediaPacket, sequence: int, *, now: float) -> Iterator[bytes]:
        clear = clear_places(self.codec, media.payload, self._depth)
        changed = self._change(media.payload)
        payload = bytes(
            byte if place in clear else changed[place] for place, byte in enumerate(media.payload)
        )
        packet = Packet(
            payload, PAYLOAD_TYPE, sequence & 0xFFFF, media.timestamp, SSRC, media.marker
        )
        told = media.extensions.get(Extension.DEPENDENCY_DESCRIPTOR)
        elements = [(DESCRIPTOR_ID, told)] if told is not None else []
        self._publisher.receive_rtp(write_packet(packet, elements), now=now)
        self.media_bytes += len(payload) - len(clear)
        for wire in self._wires:
            yield from (self._outside(copy, len(copy) - len(payload), clear) for copy in wire.sent)
            wire.sent.clear()

    def _outside(self, copy: bytes, head: int, clear: set[int]) -> bytes:
        return copy[:head] + bytes(copy[head + place] for place in sorted(clear))


def noise(media: bytes) -> bytes:
    """As many bytes that have nothing to do with them."""
    return Random(len(media)).randbytes(len(media))  # noqa: S311 - any bytes will do


STREAMS = [
    pytest.param("vp9-l3t3-key", True, Depth.HEADER, id="VP9 L3T3_KEY, described"),
    pytest.param("vp9-l3t3-key", False, Depth.DESCRIPTOR, id="VP9 L3T3_KEY"),
    pytest.param("vp9-l3t3", True, Depth.HEADER, id="VP9 L3T3, described"),
    pytest.param("vp9-l3t3", False, Depth.DESCRIPTOR, id="VP9 L3T3"),
    pytest.param("av1-l3t3-key", True, Depth.HEADER, id="AV1 L3T3_KEY, described"),
    pytest.param("av1-l3t3", True, Depth.HEADER, id="AV1 L3T3, described"),
    pytest.param("av1-l3t3", False, Depth.SHIM, id="AV1, by its OBU headers"),
    pytest.param("vp8-simulcast", True, Depth.SHIM, id="VP8, described"),
    pytest.param("vp8-simulcast", False, Depth.SHIM, id="VP8, by the payload descriptor"),
    pytest.param("h264-l1t3", True, Depth.HEADER, id="H.264, described"),
    pytest.param("h264-l1t3", False, Depth.MEDIA, id="H.264, by its NAL unit headers"),
    pytest.param("opus", False, Depth.HEADER, id="Opus"),
]


@pytest.mark.parametrize(("name", "described", "depth"), STREAMS)
def test_what_lies_deeper_makes_no_difference(
    name: str,
    described: bool,  # noqa: FBT001
    depth: Depth,
) -> None:
    """Byte for byte, while three viewers change their wishes all the time."""
    real = Call(name, described=described, depth=depth, change=lambda media: media)
    other = Call(name, described=described, depth=depth, change=noise)
    before, after = list(real.outcome()), list(other.outcome())
    assert before == after
    assert len(before) > SECONDS * 10
    assert real.media_bytes > SECONDS * 1000
    assert (real.depth, other.depth) == (depth, depth)


# Mutations: the same forwarder, but one decision depends on media


def decides(packet: Tagged) -> bool:
    """Whether the last byte of a packet, which is always media, says so."""
    return bool(packet.payload) and packet.payload[-1] % 8 == 0


def peek_in_tagger(patch: pytest.MonkeyPatch) -> None:
    """Who needs a frame."""
    tag = Tagger.tag

    def mutated(tagger: Tagger, packet: Tagged) -> None:
        tag(tagger, packet)
        if decides(packet):
            packet.tag.needed_by = 0

    patch.setattr(Tagger, "tag", mutated)


def peek_for_key_frames(patch: pytest.MonkeyPatch) -> None:
    """What is a key frame, at which everybody may begin."""
    tag = Tagger.tag

    def mutated(tagger: Tagger, packet: Tagged) -> None:
        tag(tagger, packet)
        if packet.tag.starts_frame and packet.payload[-1] % 2 == 0:
            packet.tag.key_frame, packet.tag.references = True, ()
            packet.tag.switch_to = packet.tag.needed_by

    patch.setattr(Tagger, "tag", mutated)


def peek_in_selector(patch: pytest.MonkeyPatch) -> None:
    """What is forwarded."""
    select = Selector.select

    def mutated(selector: Selector, packet: Tagged, *, now: float) -> Verdict:
        verdict = select(selector, packet, now=now)
        return Verdict.NOT_NEEDED if decides(packet) else verdict

    patch.setattr(Selector, "select", mutated)


def peek_at_switches(patch: pytest.MonkeyPatch) -> None:
    """When to switch."""
    decodable = Selector._is_decodable  # noqa: SLF001
    select = Selector.select
    seen = [False]

    def look(selector: Selector, packet: Tagged, *, now: float) -> Verdict:
        seen[0] = packet.payload[-1] % 2 == 0
        return select(selector, packet, now=now)

    def mutated(selector: Selector, tag: LayerTag) -> bool:
        return decodable(selector, tag) and seen[0]

    patch.setattr(Selector, "select", look)
    patch.setattr(Selector, "_is_decodable", mutated)


def peek_in_rewriter(patch: pytest.MonkeyPatch) -> None:
    """Which number a copy has."""
    place = Rewriter.place

    def mutated(rewriter: Rewriter, packet: Tagged, *, forwarded: bool, showing: bool) -> int:
        number = place(rewriter, packet, forwarded=forwarded, showing=showing)
        return number + 1 if number != NONE and decides(packet) else number

    patch.setattr(Rewriter, "place", mutated)


def peek_in_copier(patch: pytest.MonkeyPatch) -> None:
    """Which marker a copy has; as an outgoing header could carry anything else of the media."""
    write = Copier.write

    def mutated(
        copier: Copier, packet: Tagged, slot: bytearray, marked_type: int, *rest: int, now: float
    ) -> int:
        marker = 0x80 if decides(packet) else 0
        return write(copier, packet, slot, marked_type ^ marker, *rest, now=now)

    patch.setattr(Copier, "write", mutated)


def peek_for_requests(patch: pytest.MonkeyPatch) -> None:
    """When the publisher is asked for a key frame."""
    offer = Outbound.offer

    def mutated(outbound: Outbound, packet: Tagged, *, now: float) -> Verdict:
        if decides(packet):
            outbound.source.request_key_frame(KeyFrameCause.LOSS, now=now)
        return offer(outbound, packet, now=now)

    patch.setattr(Outbound, "offer", mutated)


MUTATIONS = {
    "tagger": peek_in_tagger,
    "key frames": peek_for_key_frames,
    "selector": peek_in_selector,
    "switches": peek_at_switches,
    "rewriter": peek_in_rewriter,
    "header of the copy": peek_in_copier,
    "requests": peek_for_requests,
}
SOUNDLESS = {"key frames", "requests"}
"""Of what sound has none."""


def differs(name: str, *, described: bool, depth: Depth) -> bool:
    """Whether the comparison above fails."""
    real = Call(name, described=described, depth=depth, change=lambda media: media)
    other = Call(name, described=described, depth=depth, change=noise)
    return any(one != same for one, same in zip_longest(real.outcome(), other.outcome()))


@pytest.mark.parametrize(
    ("mutate", "name", "described", "depth"),
    [
        pytest.param(mutate, *stream.values, id=f"{what}: {stream.id}")
        for what, mutate in MUTATIONS.items()
        for stream in STREAMS
        if not (stream.id == "Opus" and what in SOUNDLESS)
    ],
)
def test_a_decision_that_depends_on_media_is_noticed(
    mutate: Callable[[pytest.MonkeyPatch], None],
    name: str,
    described: bool,  # noqa: FBT001
    depth: Depth,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The comparison fails in every codec, wherever in the forwarder it is."""
    mutate(monkeypatch)
    assert differs(name, described=described, depth=depth)


@pytest.mark.parametrize(
    ("name", "described"),
    [
        pytest.param(*stream.values[:2], id=stream.id)
        for stream in STREAMS
        if stream.values[2] != Depth.HEADER and stream.id != "VP8, described"
    ],
)
def test_a_counter_of_the_depth_that_lies_is_noticed(
    name: str,
    described: bool,  # noqa: FBT001
) -> None:
    """Where more than the header is read, other bytes behind the header are other decisions.

    Not in described VP8: what is read there is a picture id that goes on, and decides nothing.
    """
    assert differs(name, described=described, depth=Depth.HEADER)
