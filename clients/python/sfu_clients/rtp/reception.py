"""Loss and jitter of one received stream, as receiver reports tell them (RFC 3550)."""

from sfu.wire.rtcp import ReportBlock, SenderReport
from sfu_clients.rtp.outgoing import NTP_EPOCH


class Reception:
    """Counts as appendices A.3 and A.8 do; retransmissions do not mend what was lost."""

    def __init__(self, clock_rate: int) -> None:
        self._clock_rate = clock_rate
        self._base: int | None = None
        self._highest = 0
        self._transit: float | None = None
        self._jitter = 0.0
        self._before = (0, 0)  # expected and received at the last report
        self._report: tuple[SenderReport, float] | None = None
        self.received = 0

    def note(self, sequence: int, timestamp: int, *, now: float) -> None:
        """A packet of the stream itself came, with its 64-bit number."""
        if self._base is None:
            self._base = self._highest = sequence
        self.received += 1
        self._base = min(self._base, sequence)
        self._highest = max(self._highest, sequence)
        transit = now * self._clock_rate - timestamp
        if self._transit is not None:
            moved = (transit - self._transit + 0x80000000) % 0x100000000 - 0x80000000
            self._jitter += (abs(moved) - self._jitter) / 16
        self._transit = transit

    def note_report(self, report: SenderReport, *, now: float) -> None:
        """The sender says which of its timestamps was when."""
        self._report = report, now

    def sent_at(self, timestamp: int) -> float | None:
        """The wall clock's time, at the publisher, of a timestamp; None before a report."""
        if self._report is None:
            return None
        report, _ = self._report
        behind = (timestamp - report.rtp_timestamp + 0x80000000) % 0x100000000 - 0x80000000
        return report.ntp / (1 << 32) - NTP_EPOCH + behind / self._clock_rate

    @property
    def expected(self) -> int:
        """Packets from the first to the highest."""
        return 0 if self._base is None else self._highest - self._base + 1

    @property
    def loss(self) -> float:
        """What part of them the network lost, 0 to 1."""
        return max(0.0, 1 - self.received / self.expected) if self.expected else 0.0

    def block(self, ssrc: int, *, now: float) -> ReportBlock:
        """A report of what came since the last one."""
        expected, received = self.expected, self.received
        lost_now = (expected - self._before[0]) - (received - self._before[1])
        expected_now = expected - self._before[0]
        self._before = expected, received
        last, delay = 0, 0
        if self._report is not None:
            report, came_at = self._report
            last, delay = report.ntp >> 16 & 0xFFFFFFFF, round((now - came_at) * 65536)
        return ReportBlock(
            ssrc=ssrc,
            fraction_lost=min(255, 256 * lost_now // expected_now) if lost_now > 0 else 0,
            lost=expected - received,
            highest_sequence=self._highest,
            jitter=int(self._jitter),
            last_report=last,
            delay=delay,
        )
