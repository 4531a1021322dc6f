"""What we have to say to one participant in RTCP, and when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sfu.media.alarm import NEVER, Alarm
from sfu.media.feedback import RTCP_KINDS
from sfu.media.inbound import Inbound
from sfu.wire.rtcp import (
    MAX_BLOCKS,
    MAX_NACKS,
    FullIntraRequest,
    GenericNack,
    PictureLoss,
    ReceiverReport,
    describe,
    join,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sfu.media.bandwidth.arrivals import Arrivals
    from sfu.media.feedback import Feedback
    from sfu.media.source import Source
    from sfu.media.streams import Streams

REPORT_INTERVAL: Final = 1.0
"""Seconds between reports on all streams of a participant."""

REPORT_DELAY: Final = 0.1
"""Seconds from the first packet of a stream to reports that include it, so that several fit one."""

DEFAULT_ROUND_TRIP: Final = 0.1
"""Seconds, while no receiver report has told: a participant who watches nobody sends none."""


class Reporter:
    """Writes SR, RR, SDES, NACK, PLI, FIR and transport-wide feedback to one participant.

    Reports go in compounds that begin with a report, feedback between them in reduced size (RFC
    5506). No datagram is longer than 1200 bytes.
    """

    def __init__(  # noqa: PLR0913 - by name, and called once
        self,
        *,
        ssrc: int,
        cname: str,
        send: Callable[[bytes], None],
        streams: Streams,
        arrivals: Arrivals,
        feedback: Feedback,
        alarm: Alarm,
    ) -> None:
        """`ssrc` is ours as a receiver, `cname` its canonical name."""
        self.send = send  # what takes a datagram to the participant
        self.sent = dict.fromkeys(RTCP_KINDS, 0)  # packets by kind
        self.datagrams = 0
        self.bytes = 0
        self._ssrc = ssrc
        self._cname = cname
        self._cnames: dict[int, str] = {}
        self._streams = streams
        self._arrivals = arrivals
        self._feedback = feedback
        self._alarm = alarm
        self._report_at = NEVER
        self._fir_number = 0

    def name(self, ssrc: int, cname: str) -> None:
        """Describe this SSRC of ours by that canonical name."""
        self._cnames[ssrc] = cname

    def forget(self, ssrc: int) -> None:
        """Describe it no more."""
        del self._cnames[ssrc]

    def report_soon(self, *, now: float) -> None:
        """A stream began: report on it, shortly."""
        self._report_at = min(self._report_at, now + REPORT_DELAY)
        self._alarm.by(self._report_at)

    def handle_timeout(self, *, now: float) -> None:
        """Send what is due, in as few datagrams as it fits."""
        units = [*self._reports(now), *self._nacks(now), *self._transport_feedback(now)]
        for datagram in join(units):
            self._send_datagram(datagram)

    def request_key_frame(self, source: Source) -> bool:
        """Send a PLI or FIR, as negotiated, at once; False if there is nobody to send one to."""
        track, inbound = source.track, source.inbound
        if inbound is None or not (track.pli or track.fir):
            return False
        if track.pli:
            self._send_datagram(PictureLoss(self._ssrc, inbound.ssrc).encode())
            self.sent["pli"] += 1
        else:
            self._fir_number += 1
            request = FullIntraRequest(self._ssrc, ((inbound.ssrc, self._fir_number),))
            self._send_datagram(request.encode())
            self.sent["fir"] += 1
        return True

    def _send_datagram(self, datagram: bytes) -> None:
        self.datagrams += 1
        self.bytes += len(datagram)
        self.send(datagram)

    def _reports(self, now: float) -> Iterator[bytes]:
        """Each unit begins with a report and names its sources, so each may begin a compound."""
        if now >= self._report_at:
            idle = not self._streams.by_ssrc and not self._feedback.outbounds
            self._report_at = NEVER if idle else now + REPORT_INTERVAL
            yield from self._receiver_reports(now)
            yield from self._sender_reports(now)
        self._alarm.by(self._report_at)

    def _receiver_reports(self, now: float) -> Iterator[bytes]:
        streams = [s for s in self._streams.by_ssrc.values() if isinstance(s, Inbound)]
        blocks = [
            inbound.reception.report(inbound.ssrc, inbound.source.clock, now=now)
            for inbound in streams
        ]
        for start in range(0, len(blocks), MAX_BLOCKS):
            report = ReceiverReport(self._ssrc, tuple(blocks[start : start + MAX_BLOCKS]))
            self.sent["rr"] += 1
            yield report.encode() + describe(self._ssrc, self._cname)

    def _sender_reports(self, now: float) -> Iterator[bytes]:
        for outbound in self._feedback.outbounds.values():
            report = outbound.sender_report(now=now)
            if report is not None:
                self.sent["sr"] += 1
                yield report.encode() + describe(outbound.ssrc, self._cnames[outbound.ssrc])

    def _nacks(self, now: float) -> Iterator[bytes]:
        round_trip = self._feedback.round_trip or DEFAULT_ROUND_TRIP
        for source in self._streams.sources:
            inbound = source.inbound
            if inbound is None:
                continue
            numbers = inbound.missing.due(now=now, round_trip=round_trip)
            for start in range(0, len(numbers), MAX_NACKS):
                lost = tuple(number & 0xFFFF for number in numbers[start : start + MAX_NACKS])
                self.sent["nack"] += 1
                yield GenericNack(self._ssrc, inbound.ssrc, lost).encode()

    def _transport_feedback(self, now: float) -> Iterator[bytes]:
        while (unit := self._arrivals.feedback(now=now)) is not None:
            self.sent["transport_cc"] += 1
            yield unit
