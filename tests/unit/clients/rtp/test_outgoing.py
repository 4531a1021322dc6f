"""OutgoingStream: packets as the server expects them, their repetitions and reports."""

import pytest

from sfu.wire.extensions import Extension, ExtensionIds
from sfu.wire.packet import Packet, read_packet
from sfu_clients.rtp.bandwidth import Departures
from sfu_clients.rtp.outgoing import (
    HISTORY,
    MAX_RESENT,
    NTP_EPOCH,
    REALIGN_SECONDS,
    MediaPacket,
    OutgoingStream,
    StreamTerms,
)

IDS = {Extension.MID: 4, Extension.TRANSPORT_CC: 3}
TERMS = StreamTerms("m", 0x1234, 0x5678, 96, 97, IDS, 90_000)


class Sent:
    """A stream, and what it put on the network."""

    def __init__(self, terms: StreamTerms = TERMS) -> None:
        self.packets: list[Packet] = []
        self.stream = OutgoingStream(terms, Departures(), self._take)

    def _take(self, data: bytes) -> None:
        self.packets.append(read_packet(data, ExtensionIds(IDS)))

    def send(self, count: int, *, now: float = 0.0) -> None:
        """Send so many packets, a picture each."""
        media = [MediaPacket(b"x%d" % n, 3000 * n, marker=True) for n in range(count)]
        self.stream.send(media, now=now, due_at=now)


def test_numbers_go_on() -> None:
    """Sequence and transport-wide numbers rise by one; each packet names its m-line."""
    sent = Sent()
    sent.send(3)
    first = sent.packets[0].sequence
    assert [one.sequence - first for one in sent.packets] == [0, 1, 2]
    assert [one.timestamp - sent.packets[0].timestamp for one in sent.packets] == [0, 3000, 6000]
    numbers = [
        int.from_bytes(one.extensions[Extension.TRANSPORT_CC], "big") for one in sent.packets
    ]
    assert numbers == [0, 1, 2]
    assert {one.extensions[Extension.MID] for one in sent.packets} == {b"m"}
    assert (sent.stream.packets, sent.stream.octets) == (3, 6)


def test_repeats_on_the_other_stream() -> None:
    """RFC 4588: own SSRC, type and numbers; the payload begins with the number that is repeated."""
    sent = Sent()
    sent.send(3)
    second = sent.packets[1]
    sent.stream.resend([second.sequence, 9999], now=0.0)
    (again,) = sent.packets[3:]
    assert (again.ssrc, again.payload_type, again.sequence) == (0x5678, 97, 0)
    assert again.payload == second.sequence.to_bytes(2, "big") + second.payload
    assert (again.timestamp, again.marker) == (second.timestamp, second.marker)


def test_repeats_within_bounds() -> None:
    """What is long ago is forgotten, and a server that asks for everything gets only so much."""
    sent = Sent()
    sent.send(HISTORY + 100)
    numbers = [one.sequence for one in sent.packets]
    sent.packets.clear()
    sent.stream.resend(numbers[:100], now=0.0)
    assert sent.packets == []
    for _ in range(3):
        sent.stream.resend(numbers[100:], now=0.5)
    assert len(sent.packets) == MAX_RESENT
    sent.stream.resend(numbers[100:110], now=2.0)
    assert len(sent.packets) == MAX_RESENT + 10


def test_nothing_is_repeated_without_rtx() -> None:
    """Sound has no stream for it."""
    sent = Sent(StreamTerms("m", 1, None, 111, None, IDS, 48_000))
    sent.send(1)
    sent.stream.resend([sent.packets[0].sequence], now=0.0)
    assert len(sent.packets) == 1


def test_reports_never_say_that_something_was_sent_early() -> None:
    """Whatever late a packet leaves, timestamps are told to be due when the earliest was."""
    sent = Sent()
    assert sent.stream.report(now=0.0) is None
    for number, late in enumerate((0.030, 0.0, 0.200, 0.010)):
        now = 1000 + number / 30 + late
        sent.stream.send([MediaPacket(b"x", 3000 * number, marker=True)], now=now, due_at=now)
    report = sent.stream.report(now=1001.0)
    assert report is not None
    offset = sent.packets[0].timestamp
    assert (report.rtp_timestamp - offset) % (1 << 32) == pytest.approx(90_000, abs=1)
    assert report.ntp / (1 << 32) == pytest.approx(1001.0 + NTP_EPOCH)


def test_a_source_that_fell_behind_is_aligned_anew() -> None:
    """After a pause of the source's, timestamps mean later times."""
    sent = Sent()
    sent.stream.send([MediaPacket(b"x", 0, marker=True)], now=10.0, due_at=10.0)
    later = 10.0 + 2 * REALIGN_SECONDS
    sent.stream.send([MediaPacket(b"x", 0, marker=True)], now=later, due_at=later)
    report = sent.stream.report(now=later)
    assert report is not None
    assert report.rtp_timestamp & 0xFFFFFFFF == sent.packets[0].timestamp
