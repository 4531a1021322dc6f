"""Subscriber: pictures out of packets, whatever the network and the publisher do to them."""

import asyncio
from collections.abc import AsyncIterator
from random import Random
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from sfu.signalling.messages import LayerChanged, Publication
from sfu.wire.packet import Packet
from sfu.wire.pictures import PATIENCE_SECONDS, Picture
from sfu.wire.rtcp import GenericNack, PictureLoss, RtcpPacket, SenderReport, parse_rtcp
from sfu_clients.media.decoders import Decoder
from sfu_clients.media.sources import PatternSource
from sfu_clients.player import MAX_QUEUED
from sfu_clients.rtp.outgoing import NTP_EPOCH
from sfu_clients.subscriber import KEY_FRAME_SECONDS, Subscriber

if TYPE_CHECKING:
    from sfu_clients.media.decoders import Frame
    from sfu_clients.payload import EncodedFrame

SSRC, TYPE, RTX_TYPE = 7, 96, 97
NAMES = {TYPE: "VP8", RTX_TYPE: "VP8"}
START = 1_700_000_000.0
RATE = 30
VIDEO = Publication(id="v", kind="video", source="camera", codec="VP8", muted=False, layers=())


class Bench:
    """A subscriber, a source, and a clock that both believe."""

    def __init__(self) -> None:
        self.now = START
        self.asked: list[RtcpPacket] = []
        self.subscriber = Subscriber(VIDEO, clock=lambda: self.now)
        self.source = PatternSource("VP8", size=(96, 64))
        self.frames: list[Frame] = []
        self.encoded: list[EncodedFrame] = []
        self.subscriber.on_frame(self.frames.append)
        self.subscriber.on_encoded(self.encoded.append)
        self._sequence = 65_500
        self._put = 0
        self._player = self.subscriber._player  # noqa: SLF001 - to see when it is idle
        put = self._player.put

        def counted(decoder: Decoder, picture: Picture, *, key_frame: bool) -> bool:
            self._put += 1
            return put(decoder, picture, key_frame=key_frame)

        self._player.put = counted  # type: ignore[method-assign]
        self.send = self._take_rtcp
        self.subscriber.attach(SSRC, NAMES, self.send)

    def _take_rtcp(self, data: bytes) -> None:
        self.asked += parse_rtcp(data)

    def picture(self) -> list[Packet]:
        """The packets of the next picture, a thirtieth of a second later."""
        self.now += 1 / RATE
        packets = []
        for media in self.source.produce(now=self.now - 0.005):
            packets.append(
                Packet(
                    media.payload,
                    TYPE,
                    self._sequence & 0xFFFF,
                    media.timestamp & 0xFFFFFFFF,
                    SSRC,
                    media.marker,
                )
            )
            self._sequence += 1
        return packets

    async def deliver(self, packets: list[Packet]) -> None:
        """Receive these, and let the decoder have its turn."""
        for packet in packets:
            self.subscriber.receive(packet, now=self.now)
        self.subscriber.tick(now=self.now)
        async with asyncio.timeout(5):
            while self._player.viewing.frames + self._player.undecoded < self._put:  # noqa: ASYNC110
                await asyncio.sleep(0.001)

    async def pictures(self, count: int) -> None:
        """Deliver so many, whole."""
        for _ in range(count):
            await self.deliver(self.picture())


@pytest_asyncio.fixture
async def bench() -> AsyncIterator[Bench]:
    """One that is closed."""
    made = Bench()
    yield made
    await made.subscriber.close()


async def test_shows_what_comes(bench: Bench) -> None:
    """Over the wrap of numbers; latency is read from the picture; coded frames are handed on."""
    await bench.pictures(60)
    report = bench.subscriber.report()
    assert len(bench.frames) == report["frames_decoded"] == 60
    assert report["latency_ms"]["p50"] == pytest.approx(5, abs=0.1)
    assert (report["loss"], report["undecoded"], report["width"]) == (0, 0, 96)
    assert [one.key_frame for one in bench.encoded] == [True] + [False] * 59
    stamps = [one.timestamp for one in bench.encoded]
    assert stamps == [3000 * number for number in range(60)]
    assert bench.asked == []


async def test_asks_for_what_is_missing_and_takes_it(bench: Bench) -> None:
    """By NACK; what comes as RTX fills the hole, and no picture is lost."""
    await bench.pictures(5)
    lost = bench.picture()
    await bench.pictures(1)
    bench.now += 0.02
    bench.subscriber.tick(now=bench.now)
    (nack,) = bench.asked
    assert isinstance(nack, GenericNack)
    assert nack.lost == tuple(packet.sequence for packet in lost)
    for packet in lost:
        told = packet.sequence.to_bytes(2, "big") + packet.payload
        rtx = Packet(told, RTX_TYPE, 1, packet.timestamp, 8, packet.marker)
        bench.subscriber.receive_repetition(rtx, now=bench.now)
        bench.subscriber.receive_repetition(
            Packet(b"", RTX_TYPE, 2, 0, 8, marker=False), now=bench.now
        )
    await bench.pictures(1)
    report = bench.subscriber.report()
    assert (report["frames_decoded"], report["recovered"]) == (8, len(lost))
    assert 0 < report["loss"] < 0.2


async def test_asks_for_a_key_frame_when_a_base_picture_is_lost(bench: Bench) -> None:
    """After patience is over, not too often; and goes on from the key frame."""
    await bench.pictures(4)
    bench.picture()  # of the base layer: gone
    for _ in range(round((PATIENCE_SECONDS + 2 * KEY_FRAME_SECONDS) * RATE)):
        await bench.deliver(bench.picture())
    requests = [one for one in bench.asked if isinstance(one, PictureLoss)]
    assert 1 <= len(requests) <= 4
    assert bench.subscriber.report()["key_frames_asked"] == len(requests)
    assert bench.subscriber.report()["undecoded"] > 0
    before = len(bench.frames)
    bench.source.ask_key_frame()
    await bench.pictures(8)
    assert len(bench.frames) >= before + 5


async def test_survives_damage(bench: Bench) -> None:
    """Noise in payloads is refused or undecodable; the next key frame shows again."""
    chance = Random(2)  # noqa: S311 - noise
    await bench.pictures(3)
    for _ in range(60):
        noise = [
            Packet(
                chance.randbytes(len(p.payload)),
                p.payload_type,
                p.sequence,
                p.timestamp,
                SSRC,
                p.marker,
            )
            for p in bench.picture()
        ]
        await bench.deliver(noise)
    assert bench.subscriber.report()["undecoded"] > 0
    bench.source.ask_key_frame()
    before = len(bench.frames)
    await bench.pictures(12)
    assert len(bench.frames) > before


async def test_another_connection_is_another_stream(bench: Bench) -> None:
    """The same SSRC with other numbers, when the connection is another; what was counted stays."""
    await bench.pictures(5)
    bench._sequence = 3  # noqa: SLF001 - the server counts from anywhere
    bench.source.ask_key_frame()
    bench.subscriber.attach(SSRC, NAMES, bench.send)
    before = len(bench.frames)
    again = Bench()
    bench.subscriber.attach(SSRC, NAMES, again.send)
    await bench.pictures(8)
    assert len(bench.frames) >= before + 5
    assert bench.subscriber.report()["loss"] == 0
    stamps = [one.timestamp for one in bench.encoded]
    assert stamps == sorted(stamps)
    await again.subscriber.close()


async def test_an_unknown_codec_is_not_shown(bench: Bench) -> None:
    """A payload type that was not agreed on."""
    await bench.deliver([Packet(b"x", 50, 1, 2, SSRC, marker=True)])
    assert bench.frames == []
    assert bench.subscriber.report()["undecoded"] == 1


async def test_latency_from_sender_reports() -> None:
    """Where the picture tells no time that can be now, reports do."""
    bench = Bench()
    produce = bench.source.produce
    bench.source.produce = lambda *, now: produce(now=now - 3600)  # type: ignore[method-assign]
    ntp = round((START + 1 / RATE - 0.040 + NTP_EPOCH) * (1 << 32))
    bench.subscriber.receive_report(SenderReport(SSRC, ntp, 0, 0, 0), now=bench.now)
    await bench.pictures(20)
    report = bench.subscriber.report()
    assert report["latency_from"] == "sender report"
    assert report["latency_ms"]["p50"] == pytest.approx(40, abs=1)
    block = bench.subscriber.block(now=bench.now)
    assert block is not None
    assert block.last_report == ntp >> 16 & 0xFFFFFFFF
    await bench.subscriber.close()


async def test_layers_are_those_the_server_tells(bench: Bench) -> None:
    """And nothing is a pause on purpose."""
    told = LayerChanged(publication="v", layer="S1T2", wanted="S1T2", height=360, reason="wish")
    bench.subscriber.receive_layer(told)
    assert bench.subscriber.report()["layer"] == "S1T2"
    await bench.pictures(3)
    bench.subscriber.receive_layer(
        LayerChanged(publication="v", layer=None, wanted=None, height=0, reason="wish")
    )
    assert bench.subscriber.viewing.silent_since(now=bench.now + 9) is None


async def test_a_slow_decoder_begins_again(bench: Bench) -> None:
    """When too many pictures wait, all of them go, and a key frame is asked for."""
    packets = [packet for _ in range(MAX_QUEUED + 2) for packet in bench.picture()]
    for packet in packets:
        bench.subscriber.receive(packet, now=bench.now)  # the decoder has no turn
    assert bench.subscriber.report()["undecoded"] >= MAX_QUEUED
    assert any(isinstance(one, PictureLoss) for one in bench.asked)
