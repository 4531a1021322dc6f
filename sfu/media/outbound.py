"""Outbound: one subscriber's copy of a published track: select, rewrite, send, remember."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

from sfu.media.copier import Copier, Numbering, shift_picture_id
from sfu.media.history import AUDIO_PACKETS, VIDEO_PACKETS, History
from sfu.media.reports import SentReports
from sfu.media.retransmission import Retransmitter
from sfu.media.rewriter import NONE, Rewriter
from sfu.media.selector import Selector, Switch, SwitchReason, Verdict
from sfu.media.source import REMEMBERED_REQUESTS
from sfu.media.wish import Wish
from sfu.wire.rtcp import ReportBlock, SenderReport

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sfu.media.codec import Codec
    from sfu.media.key_frames import KeyFrameCause, KeyFrameRequest
    from sfu.media.layers import Target
    from sfu.media.packet import Packet
    from sfu.media.sink import Sink
    from sfu.media.source import Source
    from sfu.wire.extensions import ExtensionIds

# Verdicts under names that cost no look-up in an enum.
_FORWARDED: Final = Verdict.FORWARDED
_TOO_LATE: Final = Verdict.TOO_LATE
_TOO_LONG: Final = Verdict.TOO_LONG
_PADDING_ONLY: Final = Verdict.PADDING_ONLY
_CODEC_NOT_NEGOTIATED: Final = Verdict.CODEC_NOT_NEGOTIATED


class Outbound:
    """One outgoing stream. The media path calls `offer`; all else is called seldom."""

    __slots__ = (
        "_codec",
        "_copier",
        "_frame",
        "_history",
        "_incomplete",
        "_is_video",
        "_ladder",
        "_payload_type",
        "_payload_types",
        "_reports",
        "_rewriter",
        "_selector",
        "_sent_at",
        "_sink",
        "_timestamp",
        "_wish",
        "bytes",
        "counts",
        "fillers",
        "fraction_lost",
        "jitter",
        "lost",
        "packets",
        "payload_bytes",
        "requests",
        "retransmitter",
        "round_trip",
        "rtx_ssrc",
        "source",
        "ssrc",
    )

    def __init__(  # noqa: PLR0913 - by name: what the negotiation chose
        self,
        source: Source,
        *,
        ssrc: int,
        rtx_ssrc: int | None,
        payload_types: Mapping[Codec, tuple[int, int | None]],
        extension_ids: ExtensionIds,
        mid: str,
        sink: Sink,
        departures: Numbering,
        start_sequence: int,
        rtx_start_sequence: int,
    ) -> None:
        """Send copies of `source` through `sink` as `ssrc`; nothing before `set_wish`.

        `payload_types`: what the subscriber negotiated for each codec, and for its RTX. A start
        sequence is below 2**15 on a new SSRC, so that SRTP cannot lose count, else the next.
        """
        self.source = source
        self.ssrc = ssrc
        self.rtx_ssrc = rtx_ssrc
        self.counts = [0] * len(Verdict)  # packets offered, by Verdict
        self.packets = 0  # sent, retransmissions and empty ones not counted
        self.bytes = 0  # the same, RTP headers included
        self.payload_bytes = 0  # the same, without
        self.fillers = 0  # empty packets, sent so that nobody asks for what is not needed
        self.round_trip = 0.0  # seconds; 0: not known yet
        self.lost = 0  # the rest is what the subscriber last reported
        self.fraction_lost = 0.0
        self.jitter = 0.0  # seconds
        self.requests: deque[KeyFrameRequest] = deque(maxlen=REMEMBERED_REQUESTS)  # to be drained
        self._is_video = source.track.kind == "video"
        self._ladder = source.ladder
        self._payload_types = {codec: types[0] for codec, types in payload_types.items()}
        self._codec: Codec | None = None
        self._payload_type = NONE  # of that codec; NONE: not negotiated
        self._selector = Selector()
        self._wish = Wish(source.ladder, self._selector)
        self._rewriter = Rewriter(start_sequence)
        self._history = History(VIDEO_PACKETS if self._is_video else AUDIO_PACKETS)
        self._copier = Copier(ssrc, mid, extension_ids, departures)
        self._sink = sink
        self.retransmitter = Retransmitter(
            source=source,
            history=self._history,
            sink=sink,
            copier=None if rtx_ssrc is None else Copier(rtx_ssrc, mid, extension_ids, departures),
            rtx_types={primary: rtx for primary, rtx in payload_types.values() if rtx is not None},
            start=rtx_start_sequence,
        )
        self._reports = SentReports()
        self._incomplete = False  # the last packet sent did not end its picture
        self._frame = NONE  # the publisher's number of the last frame sent
        self._timestamp = 0  # of the last packet sent, and when that was
        self._sent_at = 0.0

    @property
    def next_sequence(self) -> int:
        """The number with which another copy may go on with the SSRC."""
        return self._rewriter.highest + 1

    def offer(self, packet: Packet, *, now: float) -> Verdict:
        """Send a copy of this packet, or not; count and return what became of it."""
        showing = self._selector.current is not None
        verdict = self._judge(packet, now=now)
        forwarded = verdict is _FORWARDED
        number = self._rewriter.place(packet, forwarded=forwarded, showing=showing)
        if not forwarded:
            self._drop(packet, verdict, number, now=now)
        elif number == NONE:
            verdict = _TOO_LATE
        else:
            if not showing and packet.in_order:  # what is late belongs to what was shown
                self._begin(packet)
            verdict = self._send(packet, number, now=now)
        self.counts[verdict] += 1
        return verdict

    def _judge(self, packet: Packet, *, now: float) -> Verdict:
        view, selector = packet.view, self._selector
        if view.payload_end == view.payload_offset:
            return _PADDING_ONLY
        if self._ladder.version != self._wish.version:
            self._wish.follow_ladder(now=now)
        if packet.codec is not self._codec:
            self._codec = packet.codec
            self._payload_type = self._payload_types.get(packet.codec, NONE)
        if self._payload_type == NONE:
            return _CODEC_NOT_NEGOTIATED
        verdict = selector.select(packet, now=now)
        if selector.needs_key_frame is not None:
            self._ask_for_key_frame(now=now)
        return verdict

    def _begin(self, packet: Packet) -> None:
        """Show something (again): frame numbers go on, or the key frame would seem an old one."""
        if self._frame != NONE:
            self._copier.frame_shift += packet.tag.frame - self._frame - 1
            self._rewriter.forget_gaps()
            self.retransmitter.begin(frame_shift=self._copier.frame_shift)

    def _send(self, packet: Packet, number: int, *, now: float) -> Verdict:
        view, tag, rewriter, sink = packet.view, packet.tag, self._rewriter, self._sink
        marker = view.marker or self._selector.ends_picture(tag)
        marked_type = self._payload_type | 0x80 if marker else self._payload_type
        timestamp = view.timestamp + rewriter.timestamp_shift
        has_picture_id = packet.picture_id_bits
        shift = rewriter.picture_shift(packet, forwarded=True) if has_picture_id else 0
        slot = sink.slot()
        length = self._copier.write(packet, slot, marked_type, number, timestamp, now=now)
        if not length:
            return _TOO_LONG
        payload_bytes = len(packet.payload)
        if shift:
            shift_picture_id(slot, length - payload_bytes, packet, shift)
        sink.commit(length)
        self._history.remember(number, packet.sequence, marked_type, shift, now)
        self.packets += 1
        self.bytes += length
        self.payload_bytes += payload_bytes
        if packet.in_order:
            self._frame = tag.frame
            self._timestamp = timestamp
            self._sent_at = now
            self._incomplete = not marker
        if tag.key_frame:
            self.retransmitter.end_silence()
        return _FORWARDED

    def _drop(self, packet: Packet, verdict: Verdict, number: int, *, now: float) -> None:
        """Note what is not sent; fill its number if the subscriber takes it for lost."""
        if number != NONE:
            timestamp = packet.view.timestamp + self._rewriter.timestamp_shift
            slot = self._sink.slot()
            length = self._copier.write_empty(slot, self._payload_type, number, timestamp, now=now)
            self._sink.commit(length)
            self.fillers += 1
        elif verdict is not _PADDING_ONLY and packet.picture_id_bits:
            self._rewriter.picture_shift(packet, forwarded=False)

    def rebase(self, sequence: int, timestamp: int, *, now: float) -> None:
        """The publisher's stream begins anew with a packet of these numbers, offered next."""
        del sequence  # of the publisher, towards the subscriber nothing is missing
        next_timestamp = timestamp
        if self.packets:
            ticks = round((now - self._sent_at) * self.source.clock.rate)
            next_timestamp = self._timestamp + max(1, ticks)
        incomplete = self._is_video and self._incomplete
        self._incomplete = False
        self._rewriter.rebase(timestamp, next_timestamp, incomplete=incomplete)
        self._history.clear()
        self._selector.restart(now=now)

    def set_wish(self, lines: int, *, reason: SwitchReason = SwitchReason.WISH, now: float) -> None:
        """Wish for a picture of at most so many lines; 0: for nothing. Audio: 0 or more."""
        self._wish.set(lines, reason, now=now)
        self._ask_for_key_frame(now=now)

    def current_layer(self) -> Target | None:
        """Return the target that is being forwarded."""
        return self._selector.current

    def wanted_layer(self) -> Target | None:
        """Return the target that comes closest to the wish, entered or not."""
        return self._selector.wanted

    def take_switches(self) -> list[Switch]:
        """Return the switches since the last call."""
        return self._selector.take_switches()

    def _ask_for_key_frame(self, *, now: float) -> None:
        cause = self._selector.needs_key_frame
        if cause is not None:
            self._selector.needs_key_frame = None
            self.source.request_key_frame(cause, noted_in=self.requests, now=now)

    def request_key_frame(self, cause: KeyFrameCause, *, now: float) -> None:
        """The subscriber cannot go on without a key frame, and needs nothing else until then."""
        self.retransmitter.be_silent(now=now)
        self.source.request_key_frame(cause, noted_in=self.requests, now=now)

    def resend(self, numbers: Sequence[int], *, now: float) -> None:
        """Answer a NACK, which names packets by the 16-bit numbers that they were sent with."""
        self.retransmitter.answer(
            numbers,
            timestamp_shift=self._rewriter.timestamp_shift,
            media_bytes=self.bytes,
            round_trip=self.round_trip,
            now=now,
        )

    def sender_report(self, *, now: float) -> SenderReport | None:
        """Return a report for the subscriber; None before the publisher's own first report."""
        time = self.source.clock.at(now=now)
        if time is None or not self.packets:
            return None
        ntp, timestamp = time
        timestamp += self._rewriter.timestamp_shift
        report = SenderReport(self.ssrc, ntp, timestamp, self.packets, self.payload_bytes)
        self._reports.remember(report, now=now)
        return report

    def receive_report(self, block: ReportBlock, *, now: float) -> float | None:
        """Learn how the stream arrives; return the round trip in seconds, if the block tells it."""
        self.lost = block.lost
        self.fraction_lost = block.fraction_lost / 256
        self.jitter = block.jitter / self.source.clock.rate
        round_trip = self._reports.round_trip(block, now=now)
        if round_trip is not None:
            self.round_trip = round_trip
        return round_trip
