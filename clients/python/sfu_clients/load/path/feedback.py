"""What a subscriber tells the server: reports, arrivals, missing packets, broken pictures."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from sfu.wire.rtcp import (
    GenericNack,
    PictureLoss,
    ReceiverReport,
    SenderReport,
    describe,
    join,
)
from sfu_clients.load.path.incoming import IncomingStream
from sfu_clients.rtp.arrivals import Arrivals

MAX_BLOCKS: Final = 31
"""In one receiver report."""


class Feedback:
    """The RTCP of one participant, as datagrams in clear."""

    def __init__(self, ssrc: int, cname: str) -> None:
        self.arrivals = Arrivals(ssrc)
        self.nacked = 0
        self.key_frames_asked = 0
        self._ssrc = ssrc
        self._cname = cname

    def transport_wide(self, streams: Sequence[IncomingStream]) -> Iterator[bytes]:
        """What came since the last time, on all streams together."""
        media_ssrc = streams[0].ssrc if streams else 0
        while (feedback := self.arrivals.feedback(media_ssrc)) is not None:
            yield feedback

    def repairs(self, streams: Iterable[IncomingStream], *, now: float) -> Iterator[bytes]:
        """NACKs for what is missing and PLIs where no picture can be decoded (RFC 4585)."""
        units: list[bytes] = []
        for stream in streams:
            if lost := stream.missing.due(now=now):
                self.nacked += len(lost)
                numbers = tuple(number & 0xFFFF for number in lost)
                units.append(GenericNack(self._ssrc, stream.ssrc, numbers).encode())
            stream.give_up(now=now)
            if stream.wants_key_frame(now=now):
                self.key_frames_asked += 1
                units.append(PictureLoss(self._ssrc, stream.ssrc).encode())
        return join(units)

    def reports(
        self,
        sent: Iterable[SenderReport],
        streams: Iterable[IncomingStream],
        *,
        now: float,
    ) -> Iterator[bytes]:
        """Sender and receiver reports (RFC 3550 section 6.4)."""
        units = [report.encode() + describe(report.ssrc, self._cname) for report in sent]
        blocks = [
            stream.reception.block(stream.ssrc, now=now)
            for stream in streams
            if stream.reception.received
        ]
        for start in range(0, len(blocks), MAX_BLOCKS):
            told = ReceiverReport(self._ssrc, tuple(blocks[start : start + MAX_BLOCKS]))
            units.append(told.encode() + describe(self._ssrc, self._cname))
        return join(units)
