"""What a participant's RTCP says, brought to the streams that it is about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol

from sfu.errors import MalformedPacket
from sfu.media.inbound import Inbound
from sfu.media.key_frames import Allowance, KeyFrameCause
from sfu.wire.rtcp import (
    BitrateLimit,
    FullIntraRequest,
    GenericNack,
    Goodbye,
    PictureLoss,
    ReceiverReport,
    ReportBlock,
    SenderReport,
    parse_rtcp,
)
from sfu.wire.transport_cc import TransportFeedback

RTCP_KINDS: Final = ("sr", "rr", "nack", "pli", "fir", "remb", "transport_cc", "bye")
"""What RTCP packets are counted as; also the metric label."""

SMOOTHING: Final = 1 / 8
"""Weight of a new round trip (as RFC 6298 has it)."""

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sfu.media.bandwidth.departures import Departures
    from sfu.media.streams import Streams


class Copy(Protocol):
    """What RTCP needs of an outbound stream: a copy of a published one."""

    @property
    def ssrc(self) -> int:
        """The SSRC that the participant knows it by."""
        ...

    @property
    def rtx_ssrc(self) -> int | None:
        """The SSRC that its retransmissions have."""
        ...

    def resend(self, sequence_numbers: Sequence[int], *, now: float) -> None:
        """Answer a NACK of these 16-bit numbers."""
        ...

    def request_key_frame(self, cause: KeyFrameCause, *, now: float) -> None:
        """Ask the publisher for a key frame, on behalf of the participant."""
        ...

    def receive_report(self, block: ReportBlock, *, now: float) -> float | None:
        """Remember how it arrives; return the round trip in seconds if the block tells it."""
        ...

    def sender_report(self, *, now: float) -> SenderReport | None:
        """Return a report that leaves now, None if there is nothing to report yet."""
        ...


class Feedback:
    """Reads the RTCP of one participant, as publisher and as subscriber.

    It is believed only about the participant's own streams: those they send, and the copies that
    they are sent.
    """

    def __init__(self, streams: Streams, departures: Departures) -> None:
        self.outbounds: dict[int, Copy] = {}  # by SSRC
        self.received = dict.fromkeys(RTCP_KINDS, 0)  # packets by kind
        self.malformed = 0  # datagrams
        self.unknown = 0  # packets, or blocks of them, about streams that we do not send
        self.withheld = 0  # requests for key frames beyond what one receiver may ask for
        self.round_trip = 0.0  # seconds, smoothed; 0 before the first echo of a sender report
        self.bitrate_limit: int | None = None  # the last REMB, in bits per second
        self._streams = streams
        self._departures = departures
        self._allowances: dict[int, Allowance] = {}  # by SSRC of outbound
        self._rtx_ssrcs: set[int | None] = set()
        self._handlers: dict[type, tuple[str, Callable[[Any, float], None]]] = {
            SenderReport: ("sr", self._on_sender_report),
            ReceiverReport: ("rr", self._on_receiver_report),
            GenericNack: ("nack", self._on_nack),
            PictureLoss: ("pli", self._on_picture_loss),
            FullIntraRequest: ("fir", self._on_full_intra_request),
            BitrateLimit: ("remb", self._on_bitrate_limit),
            TransportFeedback: ("transport_cc", self._on_transport_feedback),
            Goodbye: ("bye", self._on_goodbye),
        }

    def add(self, outbound: Copy) -> None:
        """Hear what the participant says about this copy."""
        self.outbounds[outbound.ssrc] = outbound
        self._allowances[outbound.ssrc] = Allowance()
        self._rtx_ssrcs.add(outbound.rtx_ssrc)

    def remove(self, outbound: Copy) -> None:
        """Hear no more about it."""
        del self.outbounds[outbound.ssrc]
        del self._allowances[outbound.ssrc]
        self._rtx_ssrcs.discard(outbound.rtx_ssrc)

    def receive(self, data: bytes, *, now: float) -> None:
        """Read one datagram; malformed ones are counted and say nothing at all."""
        try:
            packets = parse_rtcp(data)
        except MalformedPacket:
            self.malformed += 1
            return
        for packet in packets:
            kind, handle = self._handlers[type(packet)]
            self.received[kind] += 1
            handle(packet, now)

    def _on_sender_report(self, report: SenderReport, now: float) -> None:
        stream = self._streams.by_ssrc.get(report.ssrc)
        if isinstance(stream, Inbound):
            stream.source.clock.note(report, now=now)
        self._on_blocks(report.blocks, now)

    def _on_receiver_report(self, report: ReceiverReport, now: float) -> None:
        self._on_blocks(report.blocks, now)

    def _on_blocks(self, blocks: tuple[ReportBlock, ...], now: float) -> None:
        for block in blocks:
            if block.ssrc in self._rtx_ssrcs:
                continue  # how retransmissions arrive is told by the stream that they repair
            outbound = self._outbound(block.ssrc)
            if outbound is None:
                continue
            round_trip = outbound.receive_report(block, now=now)
            if round_trip is not None:
                self._note_round_trip(round_trip)

    def _note_round_trip(self, seconds: float) -> None:
        self.round_trip += (seconds - self.round_trip) * (SMOOTHING if self.round_trip else 1)

    def _on_nack(self, nack: GenericNack, now: float) -> None:
        outbound = self._outbound(nack.media_ssrc)
        if outbound is not None:
            outbound.resend(nack.lost, now=now)

    def _on_picture_loss(self, request: PictureLoss, now: float) -> None:
        self._ask(request.media_ssrc, KeyFrameCause.RECEIVER_PLI, now)

    def _on_full_intra_request(self, request: FullIntraRequest, now: float) -> None:
        for ssrc, _ in request.requests:
            self._ask(ssrc, KeyFrameCause.RECEIVER_FIR, now)

    def _ask(self, ssrc: int, cause: KeyFrameCause, now: float) -> None:
        outbound = self._outbound(ssrc)
        if outbound is None:
            return
        if self._allowances[ssrc].take(now=now):
            outbound.request_key_frame(cause, now=now)
        else:
            self.withheld += 1

    def _on_bitrate_limit(self, limit: BitrateLimit, now: float) -> None:
        del now
        self.bitrate_limit = limit.bitrate

    def _on_transport_feedback(self, feedback: TransportFeedback, now: float) -> None:
        self._departures.feedback(feedback, now=now)

    def _on_goodbye(self, goodbye: Goodbye, now: float) -> None:
        """Only counted: signalling says when a track ends."""

    def _outbound(self, ssrc: int) -> Copy | None:
        outbound = self.outbounds.get(ssrc)
        if outbound is None:
            self.unknown += 1
        return outbound
