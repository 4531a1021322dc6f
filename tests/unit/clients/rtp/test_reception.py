"""Reception: what receiver reports say (RFC 3550, appendix A)."""

import pytest

from sfu.wire.rtcp import SenderReport
from sfu_clients.rtp.outgoing import NTP_EPOCH
from sfu_clients.rtp.reception import Reception


def test_counts_loss_since_the_last_report_and_since_the_beginning() -> None:
    """One of four in the first report, none in the second."""
    reception = Reception(90_000)
    for sequence in (10, 11, 13):
        reception.note(sequence, 3000 * sequence, now=sequence / 30)
    first = reception.block(7, now=1.0)
    assert (first.fraction_lost, first.lost, first.highest_sequence) == (64, 1, 13)
    reception.note(14, 3000 * 14, now=14 / 30)
    second = reception.block(7, now=2.0)
    assert (second.fraction_lost, second.lost) == (0, 1)
    assert (reception.expected, reception.received) == (5, 4)
    assert reception.loss == pytest.approx(0.2)


def test_jitter_is_zero_for_an_even_stream() -> None:
    """And not for an uneven one; a wrap of the timestamp is no jitter."""
    even, uneven = Reception(90_000), Reception(90_000)
    for number in range(100):
        timestamp = (0xFFFFFF00 + 3000 * number) & 0xFFFFFFFF
        even.note(number, timestamp, now=number / 30)
        uneven.note(number, timestamp, now=number / 30 + 0.01 * (number % 2))
    assert even.block(1, now=4.0).jitter <= 1
    assert uneven.block(1, now=4.0).jitter > 500


def test_sender_reports_tell_when_something_was_sent() -> None:
    """To the past and to the future of the report, over a wrap; and come back as LSR and DLSR."""
    reception = Reception(90_000)
    assert reception.sent_at(0) is None
    assert reception.block(1, now=0.0).last_report == 0
    ntp = round((1000.0 + NTP_EPOCH) * (1 << 32))
    reception.note_report(SenderReport(1, ntp, 0xFFFFFFFF, 0, 0), now=1000.5)
    assert reception.sent_at(89_999) == pytest.approx(1001.0)
    assert reception.sent_at(0xFFFFFFFF - 90_000) == pytest.approx(999.0)
    block = reception.block(1, now=1002.5)
    assert block.last_report == ntp >> 16 & 0xFFFFFFFF
    assert block.delay == 2 * 65536
