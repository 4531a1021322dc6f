"""One connection to the server: its offers, its packets both ways, and the feedback on them."""

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

from sfu.errors import MalformedPacket
from sfu.keylog import KeyLog
from sfu.signalling.messages import Answer, Offer
from sfu.wire.extensions import Extension, ExtensionIds
from sfu.wire.packet import Packet, read_packet
from sfu.wire.rtcp import (
    BitrateLimit,
    FullIntraRequest,
    GenericNack,
    Goodbye,
    PictureLoss,
    ReceiverReport,
    RtcpPacket,
    SenderReport,
    describe,
    join,
    parse_rtcp,
)
from sfu.wire.transport_cc import TransportFeedback
from sfu_clients import tasks
from sfu_clients.errors import ClientError
from sfu_clients.lines import Line, Lines
from sfu_clients.publisher import Publisher, Request
from sfu_clients.rtp.arrivals import Arrivals
from sfu_clients.rtp.bandwidth import Departures, SendRate
from sfu_clients.rtp.outgoing import OutgoingStream, StreamTerms
from sfu_clients.sdp import Answered, AnsweredSection, LocalTransport, read_answer, write_offer
from sfu_clients.subscriber import Subscriber
from sfu_clients.transport import Transport

TICK_SECONDS: Final = 0.020
FEEDBACK_TICKS: Final = 3
REPORT_TICKS: Final = 50
"""Transport-wide feedback every 60 ms, reports every second."""

MAX_BLOCKS: Final = 31
"""In one receiver report."""


class Call:
    """A connection that is opened once; when it is lost, another `Call` takes its place."""

    def __init__(
        self,
        offer: Callable[[Offer], Awaitable[Answer]],
        *,
        on_lost: Callable[[], None],
        keylog: KeyLog | None = None,
    ) -> None:
        """`offer` has an offer answered; `on_lost` is called when nothing will pass any more."""
        self._offer = offer
        self._lines = Lines()
        self._cname = secrets.token_hex(8)
        self._ssrc = secrets.randbits(32)
        self._local: LocalTransport | None = None
        self._transport = Transport(
            on_rtp=self._receive_rtp,
            on_rtcp=self._receive_rtcp,
            on_lost=on_lost,
            keylog=keylog,
        )
        self._departures = Departures()
        self._rate = SendRate()
        self._arrivals = Arrivals(self._ssrc)
        self._ids = ExtensionIds({})
        self._outgoing: dict[int, Publisher] = {}
        self._incoming: dict[int, Subscriber] = {}
        self._repetitions: dict[int, Subscriber] = {}
        self._task: asyncio.Task[None] | None = None

    @property
    def lost(self) -> bool:
        """Nothing will pass any more."""
        return self._transport.lost

    def lose(self) -> None:
        """The server does not know this connection any more."""
        self._transport.lose()

    async def negotiate(self, publishers: list[Publisher], subscribers: list[Subscriber]) -> None:
        """Agree with the server on exactly these; raises ClientError."""
        lines = self._lines
        lines.update(publishers, subscribers)
        if self._local is None and not lines.active:
            return
        if self._local is None:
            self._local = await self._transport.gather()
        lines.version += 1
        sdp = write_offer(
            [line.offered() for line in lines],
            self._local,
            session_id=lines.session_id,
            version=lines.version,
            cname=self._cname,
        )
        answer = await self._offer(
            Offer(id=0, sdp=sdp, publish=lines.published(), receive=lines.received())
        )
        answered = read_answer(answer.sdp)
        self._tell_notes(answer, answered)
        self._apply_receiving(answered)
        if self._task is None:
            await self._transport.connect(answered)
            self._task = tasks.start(self._tick_for_ever(), "feedback")
        self._apply_sending(answered)

    def _tell_notes(self, answer: Answer, answered: Answered) -> None:
        """What the server refused or limited, and why, is told to those whom it concerns."""
        notes = {note.mid: note.reason for note in answer.notes}
        for line in self._lines:
            section = answered.sections.get(line.mid)
            if line.subscriber is not None:
                line.subscriber.note = notes.get(line.mid)
            if line.publisher is not None:
                codec = line.publisher.source.codec
                taken = section is not None and section.accepted and codec in section.payload_types
                reason = notes.get(line.mid) or f"The server does not take {codec}."
                line.publisher.note = notes.get(line.mid)
                line.publisher.problem = None if taken else ClientError(reason)

    def _apply_receiving(self, answered: Answered) -> None:
        ids: dict[Extension, int] = {}
        self._incoming.clear()
        self._repetitions.clear()
        for line in self._lines:
            section = answered.sections.get(line.mid)
            if section is None or not section.accepted:
                continue
            ids.update(section.extensions)
            if line.subscriber is not None and section.ssrc is not None:
                names = {number: name for name, number in section.payload_types.items()}
                # a retransmission has the type of its own stream: the codec is the same
                names |= {n: names[apt] for n, apt in section.rtx.items() if apt in names}
                line.subscriber.attach(section.ssrc, names, self._transport.send)
                self._incoming[section.ssrc] = line.subscriber
                if section.rtx_ssrc is not None:
                    self._repetitions[section.rtx_ssrc] = line.subscriber
        self._ids = ExtensionIds(ids)

    def _apply_sending(self, answered: Answered) -> None:
        self._outgoing.clear()
        for line in self._lines:
            section = answered.sections.get(line.mid)
            if line.publisher is None or section is None or line.publisher.problem is not None:
                continue
            stream = line.publisher.stream
            if stream is None or stream.terms.ssrc != line.ssrc:
                terms = _terms(line, line.publisher, section)
                stream = OutgoingStream(terms, self._departures, self._transport.send)
                line.publisher.attach(stream)
            self._outgoing[line.ssrc] = line.publisher

    # From the server

    def _receive_rtp(self, data: bytes) -> None:
        now = time.time()
        try:
            packet = read_packet(data, self._ids)
        except MalformedPacket:
            return
        number = packet.extensions.get(Extension.TRANSPORT_CC)
        if number is not None:
            self._arrivals.note(int.from_bytes(number, "big"), now=now)
        self._route(packet, now=now)

    def _route(self, packet: Packet, *, now: float) -> None:
        if (subscriber := self._incoming.get(packet.ssrc)) is not None:
            subscriber.receive(packet, now=now)
        elif (subscriber := self._repetitions.get(packet.ssrc)) is not None:
            subscriber.receive_repetition(packet, now=now)

    def _receive_rtcp(self, data: bytes) -> None:
        now = time.time()
        with suppress(MalformedPacket):
            for packet in parse_rtcp(data):
                self._receive_one(packet, now=now)

    def _receive_one(self, packet: RtcpPacket, *, now: float) -> None:
        match packet:
            case SenderReport() | ReceiverReport():
                self._receive_report(packet, now=now)
            case GenericNack() | PictureLoss():
                self._ask(packet.media_ssrc, packet)
            case FullIntraRequest():
                for ssrc, _ in packet.requests:
                    self._ask(ssrc, packet)
            case BitrateLimit():
                self._rate.cap(packet.bitrate)
            case TransportFeedback():
                self._rate.note(self._departures.settle(packet), now=now)
            case Goodbye():
                pass  # signalling says what ended

    def _ask(self, ssrc: int, request: Request) -> None:
        if ssrc in self._outgoing:
            self._outgoing[ssrc].receive(request)

    def _receive_report(self, report: SenderReport | ReceiverReport, *, now: float) -> None:
        if isinstance(report, SenderReport) and report.ssrc in self._incoming:
            self._incoming[report.ssrc].receive_report(report, now=now)
        for block in report.blocks:
            if block.ssrc in self._outgoing:
                self._outgoing[block.ssrc].receive_report(block, now=now)

    # To the server

    async def _tick_for_ever(self) -> None:
        ticks = 0
        while True:
            await asyncio.sleep(TICK_SECONDS)
            ticks += 1
            now = time.time()
            for subscriber in self._incoming.values():
                subscriber.tick(now=now)
            if ticks % FEEDBACK_TICKS == 0:
                self._send_feedback()
            if ticks % REPORT_TICKS == 1:
                self._send_reports(now=now)
                self._share_rate()

    def _send_feedback(self) -> None:
        media_ssrc = next(iter(self._incoming), 0)
        while (feedback := self._arrivals.feedback(media_ssrc)) is not None:
            self._transport.send(feedback)

    def _send_reports(self, *, now: float) -> None:
        streams = [one.stream for one in self._outgoing.values() if one.stream is not None]
        sent = [report for stream in streams if (report := stream.report(now=now)) is not None]
        units = [report.encode() + describe(report.ssrc, self._cname) for report in sent]
        blocks = [
            block
            for subscriber in self._incoming.values()
            if (block := subscriber.block(now=now)) is not None
        ]
        for start in range(0, len(blocks), MAX_BLOCKS):
            received = ReceiverReport(self._ssrc, tuple(blocks[start : start + MAX_BLOCKS]))
            units.append(received.encode() + describe(self._ssrc, self._cname))
        for datagram in join(units):
            self._transport.send(datagram)

    def _share_rate(self) -> None:
        """What the path takes is for all pictures together; sound is small."""
        pictures = [one for one in self._outgoing.values() if one.kind == "video"]
        for publisher in pictures:
            publisher.source.set_bitrate(self._rate.bitrate // len(pictures))

    async def close(self) -> None:
        """Close the connection; publishers and subscribers live on."""
        for publisher in self._outgoing.values():
            publisher.detach()
        await tasks.stop(self._task)
        await self._transport.close()


def _terms(line: Line, publisher: Publisher, section: AnsweredSection) -> StreamTerms:
    payload_type = section.payload_types[publisher.source.codec]
    repeated = next((n for n, apt in section.rtx.items() if apt == payload_type), None)
    extensions = dict(section.extensions)
    if publisher.concealment.hide_level:  # whatever the server says that we had offered
        extensions.pop(Extension.AUDIO_LEVEL, None)
    return StreamTerms(
        mid=line.mid,
        ssrc=line.ssrc,
        rtx_ssrc=None if repeated is None else line.rtx_ssrc,
        payload_type=payload_type,
        rtx_payload_type=repeated,
        extensions=extensions,
        clock_rate=publisher.clock_rate,
    )
