"""Forwarding does not look at media: other media gives the same decisions and the same headers.

Recorded streams of Chromium pass twice, the second time with every byte of media replaced; left
as they were are those that a seal leaves clear: RTP, the payload descriptor and the shim.
"""

from collections.abc import Callable, Iterator
from random import Random

import pytest

from sfu.media.codec import Codec
from sfu.media.router import Router
from sfu.media.sink import SLOT_BYTES
from sfu.media.source import Track
from sfu.wire.extensions import Extension, ExtensionIds
from sfu.wire.packet import Packet, write_packet
from sfu.wire.payload.vp8 import Vp8Descriptor, parse_vp8
from sfu.wire.payload.vp9 import Vp9Descriptor, parse_vp9
from sfu_clients.recordings.recording import load_recording
from sfu_clients.recordings.replay import Replay
from sfu_clients.rtp.outgoing import MediaPacket

DESCRIPTOR_ID = 13
SECONDS = 20
PAYLOAD_TYPE, SSRC = 100, 7
VP8_KEY_SHIM, VP8_SHIM, AV1_CLEAR = 10, 1, 2  # AV1: aggregation header and the shim's OBU header
WISHES = (720, 360, 180, 0, 720, 180)
VIEWERS = 3


class Wire:
    """A sink that keeps what is sent."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self._slot = bytearray(SLOT_BYTES)

    def slot(self) -> bytearray:
        """Room for one packet."""
        return self._slot

    def commit(self, length: int) -> None:
        """Keep it."""
        self.sent.append(bytes(self._slot[:length]))


def media_at(codec: Codec, payload: bytes) -> int:
    """Where the bytes begin that a seal covers."""
    if codec is Codec.VP9:
        vp9 = Vp9Descriptor()
        parse_vp9(payload, 0, len(payload), vp9)
        return vp9.length
    if codec is Codec.VP8:
        vp8 = Vp8Descriptor()
        parse_vp8(payload, 0, len(payload), vp8)
        shim = VP8_KEY_SHIM if vp8.key_frame else VP8_SHIM
        return vp8.length + (shim if vp8.starts_frame else 0)
    return AV1_CLEAR if codec is Codec.AV1 else 0


class Call:
    """One publisher who replays, and viewers who cannot make up their minds."""

    def __init__(self, name: str, *, described: bool, change: Callable[[bytes], bytes]) -> None:
        recording = load_recording(name)
        self.codec = Codec(recording.codec)
        self.media_bytes = 0
        self._change = change
        self._replay = Replay(recording.streams[0])
        self._requests: list[bytes] = []
        ids = ExtensionIds({Extension.DEPENDENCY_DESCRIPTOR: DESCRIPTOR_ID} if described else {})
        self._publisher = Router(sink=Wire(), send_rtcp=self._ask, ssrc=1, cname="p")
        self._publisher.set_extensions(ids)
        track = Track("v", self.codec.kind, {PAYLOAD_TYPE: self.codec}, ssrcs=(SSRC,))
        source = self._publisher.publish(track)
        self._wires = [Wire() for _ in range(VIEWERS)]
        self._outbounds = [
            Router(sink=wire, send_rtcp=lambda _: None, ssrc=2, cname="v").subscribe(
                source, ssrc=100, rtx_ssrc=None, payload_types={self.codec: (PAYLOAD_TYPE, None)},
                extension_ids=ids, mid="w", cname="p", start_sequence=0, rtx_start_sequence=0,
                now=0.0,
            )
            for wire in self._wires
        ]  # fmt: skip

    def _ask(self, report: bytes) -> None:
        self._requests.append(report)
        if report[1] == 206:
            self._replay.ask_key_frame()

    def outcome(self) -> Iterator[object]:
        """All that leaves: copies without their media, reports and requests, counts of verdicts."""
        sequence, changes = 0, 0
        while (now := self._replay.due()) < SECONDS:
            if now >= changes * 1.3:
                for number, outbound in enumerate(self._outbounds):
                    outbound.set_wish(WISHES[(changes + number) % len(WISHES)], now=now)
                changes += 1
            for packet in self._replay.take(now):
                yield from self._forward(packet, sequence, now=now)
                sequence += 1
            self._publisher.handle_timeout(now=now)
        yield self._requests
        yield [outbound.counts for outbound in self._outbounds]

    def _forward(self, media: MediaPacket, sequence: int, *, now: float) -> Iterator[bytes]:
        clear = media_at(self.codec, media.payload)
        payload = media.payload[:clear] + self._change(media.payload[clear:])
        packet = Packet(
            payload, PAYLOAD_TYPE, sequence & 0xFFFF, media.timestamp, SSRC, media.marker
        )
        told = media.extensions.get(Extension.DEPENDENCY_DESCRIPTOR)
        elements = [(DESCRIPTOR_ID, told)] if told is not None else []
        self._publisher.receive_rtp(write_packet(packet, elements), now=now)
        self.media_bytes += len(payload) - clear
        for wire in self._wires:
            yield from (copy[: len(copy) - len(payload) + clear] for copy in wire.sent)
            wire.sent.clear()


def noise(media: bytes) -> bytes:
    """As many bytes that have nothing to do with them."""
    return Random(len(media)).randbytes(len(media))  # noqa: S311 - any bytes will do


@pytest.mark.parametrize(
    ("name", "described"),
    [
        pytest.param("vp9-l3t3-key", True, id="VP9 L3T3_KEY, by the dependency descriptor"),
        pytest.param("vp9-l3t3-key", False, id="VP9 L3T3_KEY, by the payload descriptor"),
        pytest.param("vp9-l3t3", True, id="VP9 L3T3, by the dependency descriptor"),
        pytest.param("vp9-l3t3", False, id="VP9 L3T3, by the payload descriptor"),
        pytest.param("av1-l3t3-key", True, id="AV1 L3T3_KEY, by the dependency descriptor"),
        pytest.param("vp8-simulcast", False, id="VP8, by the payload descriptor and the shim"),
        pytest.param("opus", False, id="Opus"),
    ],
)
def test_other_media_makes_no_difference(name: str, described: bool) -> None:  # noqa: FBT001
    """Byte for byte, while three viewers change their wishes all the time."""
    real = Call(name, described=described, change=lambda media: media)
    other = Call(name, described=described, change=noise)
    before, after = list(real.outcome()), list(other.outcome())
    assert before == after
    assert len(before) > SECONDS * 10
    assert real.media_bytes > SECONDS * 1000
