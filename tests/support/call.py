"""A call in one process: a browser that publishes, two routers, a browser that watches."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from sfu.media.alarm import Alarm
from sfu.media.bandwidth.arrivals import Arrivals
from sfu.media.codec import Codec
from sfu.media.reports import Reception, SenderClock
from sfu.media.router import Router
from sfu.media.sequence import Place, SequenceTracker
from sfu.media.sink import SLOT_BYTES
from sfu.media.source import Source, Track
from sfu.wire.extensions import Extension, ExtensionIds, FoundExtensions, find_extensions
from sfu.wire.rtcp import (
    GenericNack,
    PictureLoss,
    ReceiverReport,
    RtcpPacket,
    SenderReport,
    parse_rtcp,
)
from sfu.wire.rtp import RtpView, parse_rtp
from sfu.wire.transport_cc import TransportFeedback
from tests.support.clock import VirtualClock
from tests.support.link import Link
from tests.support.packets import L3T3_KEY, DdStructure, Frame, frames, rtp, vp9

VIDEO, VIDEO_RTX = 98, 99
COPY, COPY_RTX = 0x5555, 0x6666
TRANSPORT_CC, MID, DESCRIPTOR = 3, 4, 13
IDS = ExtensionIds(
    {
        Extension.TRANSPORT_CC: TRANSPORT_CC,
        Extension.MID: MID,
        Extension.DEPENDENCY_DESCRIPTOR: DESCRIPTOR,
    }
)
NTP_SECOND = 1 << 32


PACING = 0.004
"""Seconds between the packets of a picture."""


@dataclass(frozen=True)
class Shot:
    """One packet as the camera sends it, and may send it again."""

    frame: Frame
    payload: bytes
    timestamp: int
    marker: bool
    descriptor: bytes


class Camera:
    """Publishes VP9 as Chromium does: descriptors, RTX, sender reports, key frames on request."""

    FRAME_RATE = 10

    def __init__(
        self,
        clock: VirtualClock,
        send: Callable[[bytes], None],
        structure: DdStructure = L3T3_KEY,
        *,
        ssrc: int = 0x1111,
        timestamp_offset: int = 0xFFFF0000,
    ) -> None:
        self.ssrc = ssrc
        self.published: dict[bytes, Frame] = {}  # by payload
        self.key_pictures = 0
        self.requests = 0
        self.nacked = 0
        self.reported: dict[int, bool] = {}  # transport-wide number: whether it arrived
        self.numbers = 65_000  # so that it wraps early
        self._clock = clock
        self._send = send
        self._structure = structure
        self._sequence = 65_400
        self._rtx_sequence = 10
        self._timestamp_offset = timestamp_offset
        self._on = True
        self._history: dict[int, Shot] = {}
        self._frame_number = 1
        self._picture = 0
        self._pictures = self._begin_at_key()
        clock.every(1 / self.FRAME_RATE, self._shoot)
        clock.every(1.0, self._report)

    @property
    def track(self) -> Track:
        """What its offer says."""
        return Track(
            "v",
            "video",
            {VIDEO: Codec.VP9},
            rtx={VIDEO_RTX: VIDEO},
            ssrcs=(self.ssrc,),
            rtx_of={self.ssrc + 1: self.ssrc},
        )

    def receive_rtcp(self, data: bytes) -> None:
        """Obey."""
        for packet in parse_rtcp(data):
            if isinstance(packet, PictureLoss):
                self.requests += 1
                self._pictures = self._begin_at_key()
            elif isinstance(packet, GenericNack) and packet.media_ssrc == self.ssrc:
                for number in packet.lost:
                    self._repeat(number)
            elif isinstance(packet, TransportFeedback):
                arrived = {offset for offset, _ in packet.arrivals}
                for offset in range(packet.count):
                    number = packet.base + offset & 0xFFFF
                    self.reported[number] = self.reported.get(number, False) or offset in arrived

    def _begin_at_key(self) -> Iterator[list[Frame]]:
        self.key_pictures += 1
        picture: list[Frame] = []
        for frame in frames(self._structure, 1_000_000, first_frame_number=self._frame_number):
            if picture and picture[-1].picture != frame.picture:
                yield picture
                picture = []
            picture.append(frame)

    def stop(self) -> None:
        """Send no more pictures."""
        self._on = False

    def _shoot(self) -> None:
        if not self._on:
            return
        self._picture += 1
        moment = self._clock.now
        for packet in self._pack(next(self._pictures)):
            self.published[packet.payload] = packet.frame
            self._history[self._sequence & 0xFFFF] = packet
            self._put_at(moment, packet, self._sequence)
            self._sequence += 1
            moment += PACING

    def _put_at(self, moment: float, packet: Shot, sequence: int) -> None:
        self._clock.at(moment, lambda: self._put(packet, sequence))

    def _pack(self, picture: list[Frame]) -> Iterator[Shot]:
        """Make packets of a picture: two for each frame of the highest layer, else one."""
        for frame in picture:
            self._frame_number = frame.frame_number + 1
            parts = 2 if frame.spatial == 2 else 1
            for part in range(parts):
                starts, ends = part == 0, part == parts - 1
                yield Shot(
                    frame=frame,
                    payload=vp9(
                        b"%d/%d/%d/%d" % (self.ssrc, self._picture, frame.spatial, part),
                        picture_id=self._picture & 0x7FFF,
                        inter_predicted=not frame.key_picture,
                        starts=starts,
                        ends=ends,
                        layers=(frame.spatial, frame.temporal),
                        inter_layer_dependent=frame.key_picture and frame.spatial > 0,
                        picture_diffs=frame.picture_diffs,
                    ),
                    timestamp=round(self._clock.now * 90_000) + self._timestamp_offset,
                    marker=ends and frame is picture[-1],
                    descriptor=frame.descriptor(starts=starts, ends=ends),
                )

    def _repeat(self, number: int) -> None:
        self.nacked += 1
        packet = self._history[number]
        payload = number.to_bytes(2, "big") + packet.payload
        repeated = replace(packet, payload=payload)
        self._put(repeated, self._rtx_sequence, ssrc=self.ssrc + 1, payload_type=VIDEO_RTX)
        self._rtx_sequence += 1

    def _put(
        self, packet: Shot, sequence: int, *, ssrc: int | None = None, payload_type: int = VIDEO
    ) -> None:
        number = (self.numbers & 0xFFFF).to_bytes(2, "big")
        self.numbers += 1
        self._send(
            rtp(
                packet.payload,
                ssrc=self.ssrc if ssrc is None else ssrc,
                payload_type=payload_type,
                sequence_number=sequence,
                timestamp=packet.timestamp,
                marker=packet.marker,
                extensions={TRANSPORT_CC: number, MID: b"v", DESCRIPTOR: packet.descriptor},
            )
        )

    def _report(self) -> None:
        """Its wall clock shows a thousand seconds more than ours."""
        now = self._clock.now
        ntp = round((now + 1000) * NTP_SECOND)
        timestamp = round(now * 90_000) + self._timestamp_offset
        self._send(SenderReport(self.ssrc, ntp, timestamp, 0, 0).encode())


class Screen:
    """Watches one copy as a browser does: it asks for what is missing and tells what came."""

    def __init__(self, clock: VirtualClock, send: Callable[[bytes], None]) -> None:
        self.received: dict[int, bytes] = {}  # payload by 64-bit sequence number
        self.timestamps: dict[int, int] = {}
        self.nacks = 0
        self.repaired = 0
        self.reports: list[SenderReport] = []
        self._clock = clock
        self._send = send
        self._order = SequenceTracker()
        self._tried: dict[int, int] = {}
        self._arrivals = Arrivals(1, Alarm())
        self._reception = Reception(90_000)
        self._sender_clock = SenderClock(90_000)
        self._view = RtpView()
        self._found = FoundExtensions()
        clock.every(0.05, self._ask)
        clock.every(0.1, self._tell)
        clock.every(1.0, self._report)

    def receive_rtp(self, data: bytes) -> None:
        """Take a packet of the copy, or a repetition of one."""
        view = self._view
        parse_rtp(data, len(data), view)
        find_extensions(view, IDS, self._found)
        offset = self._found.offset[Extension.TRANSPORT_CC]
        self._arrivals.note(data[offset] << 8 | data[offset + 1], now=self._clock.now)
        payload = data[view.payload_offset : view.payload_end]
        number, retransmitted = view.sequence_number, view.ssrc == COPY_RTX
        if retransmitted:
            number, payload = int.from_bytes(payload[:2], "big"), payload[2:]
        if self._order.place(number, retransmitted=retransmitted) > Place.BEGAN:
            return
        sequence = self._order.sequence
        self.received[sequence] = payload
        self.timestamps[sequence] = view.timestamp
        self.repaired += retransmitted
        self._tried.pop(sequence, None)
        if not retransmitted:
            self._reception.note(sequence, view.timestamp, now=self._clock.now)

    def receive_rtcp(self, data: bytes) -> None:
        """Remember sender reports."""
        for packet in parse_rtcp(data):
            if isinstance(packet, SenderReport):
                self.reports.append(packet)
                self._sender_clock.note(packet, now=self._clock.now)

    def missing(self) -> list[int]:
        """The holes between the first packet and the last."""
        if not self.received:
            return []
        return [n for n in range(min(self.received), max(self.received)) if n not in self.received]

    def _ask(self) -> None:
        recent = range(
            max(self._order.highest - 200, min(self.received, default=0)), self._order.highest
        )
        lost = [n for n in recent if n not in self.received and self._tried.get(n, 0) < 12]
        for number in lost:
            self._tried[number] = self._tried.get(number, 0) + 1
        if lost:
            self.nacks += 1
            self._send(GenericNack(1, COPY, tuple(n & 0xFFFF for n in lost)).encode())

    def _tell(self) -> None:
        while (data := self._arrivals.feedback(now=self._clock.now)) is not None:
            self._send(data)

    def _report(self) -> None:
        block = self._reception.report(COPY, self._sender_clock, now=self._clock.now)
        self._send(ReceiverReport(1, (block,)).encode())


@dataclass
class Leg:
    """A router on the virtual clock, woken when it wants to be."""

    clock: VirtualClock
    send_rtp: Callable[[bytes], None]
    send_rtcp: Callable[[bytes], None]
    rtcp: list[tuple[float, bytes]] = field(default_factory=list)
    _armed: float = float("inf")
    _slot: bytearray = field(default_factory=lambda: bytearray(SLOT_BYTES))

    def __post_init__(self) -> None:
        self.router = Router(sink=self, send_rtcp=self._say, ssrc=0x9999, cname="milkglass")
        self.router.set_extensions(IDS)

    def slot(self) -> bytearray:
        """Lend the slot."""
        return self._slot

    def commit(self, length: int) -> None:
        """Send what is in it."""
        self.send_rtp(bytes(self._slot[:length]))

    def receive(self, data: bytes) -> None:
        """Take a datagram, as RFC 5761 tells RTP and RTCP apart."""
        if 192 <= data[1] <= 223:
            self.router.receive_rtcp(data, now=self.clock.now)
        else:
            self.router.receive_rtp(data, now=self.clock.now)
        self.arm()

    def arm(self) -> None:
        """Be woken when the router wants to."""
        moment = self.router.next_timeout()
        if moment is not None and moment < self._armed:
            self._armed = moment
            self.clock.at(moment, lambda: self._wake(moment))

    def _wake(self, moment: float) -> None:
        if moment != self._armed:
            return  # there was an earlier appointment instead
        self._armed = float("inf")
        self.router.handle_timeout(now=self.clock.now)
        self.arm()

    def _say(self, data: bytes) -> None:
        self.rtcp.append((self.clock.now, data))
        self.send_rtcp(data)

    def said(self) -> list[RtcpPacket]:
        """Everything that it said."""
        return [packet for _, data in self.rtcp for packet in parse_rtcp(data)]


class Call:
    """Ana publishes, Ben watches, over two networks."""

    def __init__(
        self, *, delay: float = 0.02, jitter: float = 0.0, loss: float = 0.0, seed: int = 0
    ) -> None:
        self.clock = VirtualClock()
        self.up, self.up_back, self.down, self.down_rtcp, self.down_back = self.links = tuple(
            Link(self.clock, delay=delay, jitter=jitter, loss=loss, seed=5 * seed + place)
            for place in range(5)
        )
        self.ana = Leg(self.clock, self.down.carry, self.up_back.carry)
        self.ben = Leg(self.clock, self.down.carry, self.down_rtcp.carry)
        self.camera = Camera(self.clock, self.up.carry)  # the one that hears feedback
        self.cameras = [self.camera]  # one after the other
        self.screen = Screen(self.clock, self.down_back.carry)
        self.up.deliver = self.ana.receive
        self.up_back.deliver = self._tell_camera
        self.down.deliver = self.screen.receive_rtp
        self.down_rtcp.deliver = self.screen.receive_rtcp
        self.down_back.deliver = self.ben.receive
        self.source: Source = self.ana.router.publish(self.camera.track)
        self.outbound = self.ben.router.subscribe(
            self.source,
            ssrc=COPY,
            rtx_ssrc=COPY_RTX,
            payload_types={Codec.VP9: (VIDEO, VIDEO_RTX)},
            extension_ids=IDS,
            mid="v",
            cname="ana",
            start_sequence=32_700,
            rtx_start_sequence=1,
            now=0,
        )
        self.ben.arm()

    def _tell_camera(self, data: bytes) -> None:
        self.camera.receive_rtcp(data)

    def replace_camera(self, ssrc: int) -> None:
        """The browser restarts its encoder: the track goes on with another SSRC."""
        self.camera.stop()
        self.camera = Camera(self.clock, self.up.carry, ssrc=ssrc, timestamp_offset=12_345)
        self.cameras.append(self.camera)

    def wish(self, lines: int) -> None:
        """Ben wishes for another size; the node's tick wakes whom that concerns."""
        self.outbound.set_wish(lines, now=self.clock.now)
        self.ana.arm()

    def run(self, seconds: float) -> None:
        """Let it go on."""
        self.clock.run(seconds)
