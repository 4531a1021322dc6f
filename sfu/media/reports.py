"""What sender and receiver reports are made of: clocks, round trips, loss and jitter."""

from collections import deque
from typing import Final

from sfu.wire.rtcp import ReportBlock, SenderReport

NTP_SECOND: Final = 1 << 32
DELAY_SECOND: Final = 1 << 16
"""Units of DLSR in a second."""

REMEMBERED_REPORTS: Final = 16
"""Sender reports of which an echo is understood: some seconds, however often they leave."""


class SenderClock:
    """Which RTP timestamp of a publisher is when, on the publisher's own clock.

    All streams of a publisher share that clock, so reports extrapolated from here keep lips and
    voice together whatever the network did to the reports (RFC 3550 section 6.4.1).
    """

    __slots__ = ("_arrived", "_ntp", "_rtp_timestamp", "rate")

    def __init__(self, clock_rate: int) -> None:
        self.rate = clock_rate
        self._ntp = 0
        self._rtp_timestamp = 0
        self._arrived: float | None = None

    def note(self, report: SenderReport, *, now: float) -> None:
        """Learn from the publisher's newest report."""
        self._ntp = report.ntp
        self._rtp_timestamp = report.rtp_timestamp
        self._arrived = now

    def forget(self) -> None:
        """The publisher's timestamps begin anew: wait for its next report."""
        self._arrived = None

    def at(self, *, now: float) -> tuple[int, int] | None:
        """Return NTP time (32.32 fixed point) and RTP timestamp of now, both of the publisher.

        The timestamp may exceed 32 bits: its low ones count. None before the first report.
        """
        if self._arrived is None:
            return None
        passed = now - self._arrived
        ntp = self._ntp + round(passed * NTP_SECOND)
        return ntp, self._rtp_timestamp + round(passed * self.rate)

    def echo(self, *, now: float) -> tuple[int, int]:
        """Return LSR and DLSR of a report block that is written now."""
        if self._arrived is None:
            return 0, 0
        return middle(self._ntp), round((now - self._arrived) * DELAY_SECOND)


class SentReports:
    """When our last sender reports on a stream left, to know the round trip from their echo."""

    __slots__ = ("_sent",)

    def __init__(self) -> None:
        self._sent: deque[tuple[int, float]] = deque(maxlen=REMEMBERED_REPORTS)

    def remember(self, report: SenderReport, *, now: float) -> None:
        """This report leaves now."""
        self._sent.append((middle(report.ntp), now))

    def round_trip(self, block: ReportBlock, *, now: float) -> float | None:
        """Seconds there and back, or None if the block echoes no report that we remember."""
        for last_report, sent_at in reversed(self._sent):
            if last_report == block.last_report:
                return max(0.0, now - sent_at - block.delay / DELAY_SECOND)
        return None


def middle(ntp: int) -> int:
    """The middle 32 bits of an NTP time, by which reports echo it."""
    return ntp >> 16 & 0xFFFFFFFF


class Reception:
    """Loss and jitter of one received stream, as RFC 3550 appendices A.3 and A.8 count them.

    Retransmissions are not noted here (RFC 4588 section 8): what they mend was lost nevertheless.
    """

    __slots__ = (
        "_base",
        "_expected_before",
        "_highest",
        "_jitter",
        "_rate",
        "_received_before",
        "_transit",
        "fraction_lost",
        "received",
    )

    def __init__(self, clock_rate: int) -> None:
        self.fraction_lost = 0.0  # between the last two reports
        self._rate = clock_rate
        self._base = -1
        self.restart()

    def restart(self) -> None:
        """Begin again with the next packet."""
        self._base = self._highest = -1
        self._jitter = 0.0
        self._transit: float | None = None
        self._expected_before = self._received_before = self.received = 0

    def note(self, sequence: int, timestamp: int, *, now: float) -> None:
        """Count a primary packet; call it for duplicates too, as A.3 wants."""
        self.received += 1
        if sequence <= self._highest:
            return
        if self._base < 0:
            self._base = sequence
        self._highest = sequence
        self._note_transit(now * self._rate - timestamp)

    def _note_transit(self, transit: float) -> None:
        """Smooth the jitter (A.8); timestamps are 32 bits wide, and so are their differences."""
        if self._transit is not None:
            moved = (transit - self._transit + 0x80000000) % 0x100000000 - 0x80000000
            self._jitter += (abs(moved) - self._jitter) / 16
        self._transit = transit

    @property
    def jitter(self) -> int:
        """Interarrival jitter, in units of the RTP timestamp."""
        return int(self._jitter)

    @property
    def jitter_seconds(self) -> float:
        """The same in seconds."""
        return self._jitter / self._rate

    @property
    def expected(self) -> int:
        """Packets from the first to the highest."""
        return self._highest - self._base + 1 if self._base >= 0 else 0

    @property
    def lost(self) -> int:
        """Packets that are missing; negative if there were more duplicates than losses."""
        return self.expected - self.received

    def report(self, ssrc: int, clock: SenderClock, *, now: float) -> ReportBlock:
        """Return a block about what came since the last one."""
        expected = self.expected - self._expected_before
        lost = expected - (self.received - self._received_before)
        self._expected_before, self._received_before = self.expected, self.received
        self.fraction_lost = max(0, lost) / expected if expected > 0 else 0.0
        last_report, delay = clock.echo(now=now)
        return ReportBlock(
            ssrc=ssrc,
            fraction_lost=min(255, (lost << 8) // expected) if lost > 0 else 0,
            lost=self.lost,
            # Cycles count from the beginning of the stream, whatever its 64-bit numbers are.
            highest_sequence=self._highest - (self._base & ~0xFFFF) if self._base >= 0 else 0,
            jitter=self.jitter,
            last_report=last_report,
            delay=delay,
        )
