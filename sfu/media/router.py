"""All that media does for one participant, in both directions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sfu.errors import MalformedPacket
from sfu.media.alarm import NEVER, Alarm
from sfu.media.bandwidth.arrivals import Arrivals
from sfu.media.bandwidth.departures import Departures
from sfu.media.feedback import Feedback
from sfu.media.inbound import Drop
from sfu.media.outbound import Outbound
from sfu.media.packet import Packet
from sfu.media.reporter import Reporter
from sfu.media.streams import Streams
from sfu.wire.extensions import Extension, ExtensionIds, find_extensions
from sfu.wire.rtp import parse_rtp

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sfu.media.codec import Codec
    from sfu.media.sink import Sink
    from sfu.media.source import Source, Track

NUMBER_BYTES: Final = 2
"""Length of a transport-wide sequence number."""


class Router:
    """One participant's media: what they publish comes in here, what they watch goes out here.

    Whatever changes a router may change its `next_timeout`, and that of the publishers whom
    its participant watches.
    """

    def __init__(
        self, *, sink: Sink, send_rtcp: Callable[[bytes], None], ssrc: int, cname: str
    ) -> None:
        """`ssrc` and `cname` are ours, as the receiver of what the participant publishes."""
        self.drops = [0] * len(Drop)  # received RTP packets that went nowhere, by Drop
        self.packets = 0  # received RTP packets, whatever became of them
        self.departures = Departures()
        self._sink = sink
        self._packet = Packet()
        self._ids = ExtensionIds({})
        self._alarm = Alarm()
        self.arrivals = Arrivals(ssrc, self._alarm)
        self.streams = Streams(
            send_request=self._request_key_frame,
            drops=self.drops,
            alarm=self._alarm,
        )
        self.feedback = Feedback(self.streams, self.departures)
        self.reporter = Reporter(
            ssrc=ssrc,
            cname=cname,
            send=send_rtcp,
            streams=self.streams,
            arrivals=self.arrivals,
            feedback=self.feedback,
            alarm=self._alarm,
        )

    @property
    def round_trip(self) -> float | None:
        """Seconds to the participant and back, from their receiver reports; None if unknown."""
        return self.feedback.round_trip or None

    def attach(self, sink: Sink, send_rtcp: Callable[[bytes], None]) -> None:
        """Go on over another transport; copies that went over the old one must have ended."""
        assert not self.feedback.outbounds
        self._sink = sink
        self.reporter.send = send_rtcp
        self.arrivals.restart()

    def set_extensions(self, ids: ExtensionIds) -> None:
        """Take the header-extension ids that were negotiated for what the participant sends."""
        self._ids = ids
        for source in self.streams.sources:
            source.extension_ids = ids

    def publish(self, track: Track) -> Source:
        """Expect a track; its stream begins with its first packet."""
        return self.streams.add(track, self._ids)

    def update(self, source: Source, track: Track) -> None:
        """The track was negotiated again: other payload types, perhaps other SSRCs."""
        self.streams.update(source, track)

    def unpublish(self, source: Source) -> None:
        """Forget a track. Its subscribers must be unsubscribed by whoever subscribed them."""
        self.streams.remove(source)

    def subscribe(  # noqa: PLR0913 - by name: what the negotiation chose
        self,
        source: Source,
        *,
        ssrc: int,
        rtx_ssrc: int | None,
        payload_types: Mapping[Codec, tuple[int, int | None]],
        extension_ids: ExtensionIds,
        mid: str,
        cname: str,
        start_sequence: int,
        rtx_start_sequence: int,
        now: float,
    ) -> Outbound:
        """Send the participant a copy of somebody's track, as `ssrc` on the m-line `mid`."""
        outbound = Outbound(
            source,
            ssrc=ssrc,
            rtx_ssrc=rtx_ssrc,
            payload_types=payload_types,
            extension_ids=extension_ids,
            mid=mid,
            sink=self._sink,
            departures=self.departures,
            start_sequence=start_sequence,
            rtx_start_sequence=rtx_start_sequence,
        )
        self.feedback.add(outbound)
        self.reporter.name(ssrc, cname)
        self.reporter.report_soon(now=now)
        source.outbounds.append(outbound)
        return outbound

    def unsubscribe(self, outbound: Outbound) -> None:
        """Stop sending that copy."""
        outbound.source.outbounds.remove(outbound)
        self.feedback.remove(outbound)
        self.reporter.forget(outbound.ssrc)

    def receive_rtp(self, data: bytes, *, now: float) -> None:
        """Take one unprotected RTP packet of the participant to everybody who watches it."""
        self.packets += 1
        packet = self._packet
        view = packet.view
        try:
            parse_rtp(data, len(data), view)
            find_extensions(view, self._ids, packet.found)
        except MalformedPacket:
            self.drops[Drop.MALFORMED] += 1
            return
        offset = packet.found.offset[Extension.TRANSPORT_CC]
        if offset >= 0 and packet.found.length[Extension.TRANSPORT_CC] == NUMBER_BYTES:
            self.arrivals.note(data[offset] << 8 | data[offset + 1], now=now)
        stream = self.streams.by_ssrc.get(view.ssrc)
        if stream is None:
            stream = self.streams.resolve(packet, now=now)
            if stream is None:
                return
            self.arrivals.media_ssrc = view.ssrc
            self.reporter.report_soon(now=now)
        stream.receive(packet, now=now)

    def receive_rtcp(self, data: bytes, *, now: float) -> None:
        """Read one unprotected RTCP datagram of the participant."""
        self.feedback.receive(data, now=now)

    def next_timeout(self) -> float | None:
        """When `handle_timeout` wants to be called next, in seconds of `now`."""
        return None if self._alarm.at == NEVER else self._alarm.at

    def handle_timeout(self, *, now: float) -> None:
        """Send the reports and feedback that are due, and repeat what was not answered."""
        self._alarm.at = NEVER
        self.reporter.handle_timeout(now=now)
        for source in self.streams.sources:
            source.key_frames.handle_timeout(now=now, round_trip=self.feedback.round_trip)

    def _request_key_frame(self, source: Source) -> bool:
        return self.reporter.request_key_frame(source)
