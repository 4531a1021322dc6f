"""NACKs are answered on an RTX stream, as the packet was sent the first time, within bounds."""

import pytest

from sfu.media.copier import Copier
from sfu.media.history import VIDEO_PACKETS, History
from sfu.media.retransmission import (
    BUDGET_BYTES,
    BUDGET_SHARE,
    KEY_FRAME_SILENCE,
    MAX_ANSWERS,
    MAX_NAMED,
    MIN_INTERVAL,
    NAMED_PER_PACKET,
    Answer,
    Retransmitter,
)
from sfu.media.sink import SLOT_BYTES
from sfu.wire.extensions import Extension, ExtensionIds
from sfu.wire.rtp import MAX_PACKET_BYTES
from tests.support.media import PublishedTrack, video_track
from tests.support.packets import rtp, vp8

RTX_SSRC, TYPE, RTX_TYPE, PLAIN_TYPE = 0x6666, 120, 121, 102
SHIFT = 50_000
FIRST = 65_530
"""The outgoing number of the first packet; the publisher's is a hundred more."""


class Leg:
    """A retransmitter, with a history of packets that were sent, and the sink that it uses."""

    def __init__(self, *, rtx: bool = True) -> None:
        self.source = PublishedTrack(video_track()).source
        self.history = History(VIDEO_PACKETS)
        self.resent: list[bytes] = []
        self.media_bytes = 0
        self._slot = bytearray(SLOT_BYTES)
        self._numbers = 0
        ids = ExtensionIds({Extension.MID: 2, Extension.TRANSPORT_CC: 9})
        self.retransmitter = Retransmitter(
            source=self.source,
            history=self.history,
            sink=self,
            copier=Copier(RTX_SSRC, "m1", ids, self) if rtx else None,
            rtx_types={TYPE: RTX_TYPE},
            start=7,
        )

    def send(
        self, number: int, payload: bytes = b"media", *, shift: int = 0, payload_type: int = TYPE
    ) -> None:
        """Remember that a packet was sent, marked if its number is odd."""
        data = rtp(
            payload,
            sequence_number=number + 100,
            timestamp=number,
            marker=True,
            extensions={4: b"p"},
        )
        self.source.store.put(number + 100, data, len(data))
        marked = payload_type | 0x80 * (number % 2)
        self.history.remember(number, number + 100, marked, shift, 0.0)

    def ask(self, *numbers: int, now: float = 1.0, round_trip: float = 0.0) -> list[Answer]:
        """Answer a NACK; return what became of each number."""
        answers = self.retransmitter.answers
        before = answers.copy()
        self.retransmitter.answer(
            [number & 0xFFFF for number in numbers],
            timestamp_shift=SHIFT,
            media_bytes=self.media_bytes,
            round_trip=round_trip,
            now=now,
        )
        more = [after - earlier for after, earlier in zip(answers, before, strict=True)]
        return [answer for answer in Answer for _ in range(more[answer])]

    def slot(self) -> bytearray:
        """Lend the slot."""
        return self._slot

    def commit(self, length: int) -> None:
        """Keep what is in it."""
        self.resent.append(bytes(self._slot[:length]))

    def next_number(self, size: int, *, now: float) -> int:
        """Give out transport-wide numbers."""
        assert size > now > 0
        self._numbers += 1
        return self._numbers


def expected(number: int, place: int, payload: bytes = b"media") -> bytes:
    """The retransmission of a packet, the so-manieth."""
    return rtp(
        (number & 0xFFFF).to_bytes(2, "big") + payload,
        ssrc=RTX_SSRC,
        payload_type=RTX_TYPE,
        marker=number % 2 == 1,
        sequence_number=7 + place,
        timestamp=number + SHIFT,
        extensions={2: b"m1", 9: (place + 1).to_bytes(2, "big")},
    )


def test_repeats_packets_as_they_were_sent() -> None:
    """RFC 4588: original number first, own SSRC, type and numbers; all else as the first time."""
    leg = Leg()
    for number in range(FIRST, FIRST + 10):
        leg.send(number)
    wanted = [FIRST + 1, FIRST + 2, FIRST + 8]
    assert leg.ask(*wanted) == [Answer.RESENT] * 3
    assert leg.resent == [expected(number, place) for place, number in enumerate(wanted)]
    assert leg.retransmitter.packets == 3
    assert leg.retransmitter.bytes == sum(map(len, leg.resent))


@pytest.mark.parametrize(("shift", "picture_id"), [(0, 5), (2, 3), (9, 0x7FFC)])
def test_repeats_the_picture_id_that_was_sent(shift: int, picture_id: int) -> None:
    """The same frame must not come with two different ids."""
    leg = Leg()
    leg.send(FIRST, vp8(picture_id=5), shift=shift)
    leg.ask(FIRST)
    assert leg.resent == [expected(FIRST, 0, vp8(picture_id=picture_id))]


@pytest.mark.parametrize(
    "number",
    [
        pytest.param(FIRST + 3, id="a hole: nothing was sent with it"),
        pytest.param(FIRST - 1, id="from before the beginning"),
        pytest.param(FIRST + 5, id="from the future"),
        pytest.param(FIRST - VIDEO_PACKETS, id="from long before the beginning"),
        pytest.param(FIRST + 1, id="the store has something newer in its place"),
    ],
)
def test_what_is_not_known_is_forgotten(number: int) -> None:
    """A number that names nothing costs nothing."""
    leg = Leg()
    for place in (0, 1, 2, 4):
        leg.send(FIRST + place)
    newer = FIRST + 1 + 100 + VIDEO_PACKETS
    leg.source.store.put(newer, b"newer", 5)
    assert leg.ask(number) == [Answer.FORGOTTEN]
    assert leg.resent == []


def test_without_rtx_nothing_is_repeated() -> None:
    """The same number twice on one SSRC would be the same SRTP index twice."""
    leg = Leg(rtx=False)
    leg.send(FIRST)
    assert leg.ask(FIRST) == [Answer.NOT_NEGOTIATED]


def test_a_payload_type_without_rtx_is_not_repeated() -> None:
    """RTX was negotiated for another codec only."""
    leg = Leg()
    leg.send(FIRST, payload_type=PLAIN_TYPE)
    assert leg.ask(FIRST) == [Answer.NOT_NEGOTIATED]


def test_a_packet_is_repeated_a_few_times() -> None:
    """Whoever still misses it needs something else."""
    leg = Leg()
    leg.send(FIRST)
    answers = [leg.ask(FIRST, now=second) for second in range(1, MAX_ANSWERS + 2)]
    assert answers == [[Answer.RESENT]] * MAX_ANSWERS + [[Answer.TOO_OFTEN]]


@pytest.mark.parametrize(
    ("round_trip", "later", "answer"),
    [
        pytest.param(0.0, 0.0, Answer.TOO_SOON, id="twice in one NACK"),
        pytest.param(0.0, MIN_INTERVAL / 2, Answer.TOO_SOON, id="sooner than anybody can know"),
        pytest.param(0.0, MIN_INTERVAL * 1.1, Answer.RESENT, id="later"),
        pytest.param(0.2, 0.19, Answer.TOO_SOON, id="still on its way"),
        pytest.param(0.2, 0.21, Answer.RESENT, id="it should have arrived"),
    ],
)
def test_an_answer_has_time_to_arrive(round_trip: float, later: float, answer: Answer) -> None:
    """The first is at once, the next not before the last one can have come."""
    leg = Leg()
    leg.send(FIRST)
    assert leg.ask(FIRST, round_trip=round_trip) == [Answer.RESENT]
    assert leg.ask(FIRST, now=1 + later, round_trip=round_trip) == [answer]


def test_answers_have_a_budget() -> None:
    """At once a bounded burst, then a share of what is sent: NACKs must not congest the path."""
    leg = Leg()
    packets = BUDGET_BYTES // 1000 + 10
    for place in range(packets):
        leg.send(FIRST + place, bytes(1000))
    answers = leg.ask(*range(FIRST, FIRST + packets))
    burst = answers.count(Answer.RESENT)
    assert BUDGET_BYTES - 1100 < leg.retransmitter.bytes <= BUDGET_BYTES + 100
    assert set(answers) == {Answer.RESENT, Answer.OVER_BUDGET}
    leg.media_bytes = round(5 * 1100 / BUDGET_SHARE)
    more = leg.ask(*range(FIRST + burst, FIRST + packets), now=2)
    assert 4 <= more.count(Answer.RESENT) <= 5
    leg.media_bytes += 1 << 40
    leg.ask(now=3)
    assert leg.ask(*range(FIRST, FIRST + packets), now=9).count(Answer.RESENT) <= burst + 1


def test_numbers_have_a_budget_too() -> None:
    """Asking for what was never sent costs us time: a flood of it is cut off, and recovers."""
    leg = Leg()
    leg.send(FIRST)
    flood = [FIRST + 20_000] * 6000
    assert leg.ask(*flood).count(Answer.FORGOTTEN) == MAX_NAMED
    assert set(leg.ask(*flood)) == {Answer.OVER_BUDGET}
    assert leg.ask(FIRST) == [Answer.OVER_BUDGET]
    leg.send(FIRST + 2)
    assert leg.ask(FIRST, *flood).count(Answer.FORGOTTEN) == 2 * NAMED_PER_PACKET - 1
    assert len(leg.resent) == 1


def test_until_a_key_frame_comes_nothing_is_repeated() -> None:
    """Whoever asked for one needs nothing that is older; but not for ever."""
    leg = Leg()
    for number in range(FIRST, FIRST + 3):
        leg.send(number)
    leg.retransmitter.be_silent(now=1.0)
    assert leg.ask(FIRST) == [Answer.KEY_FRAME_COMING]
    leg.retransmitter.end_silence()
    assert leg.ask(FIRST) == [Answer.RESENT]
    leg.retransmitter.be_silent(now=2.0)
    assert leg.ask(FIRST + 1, now=1.9 + KEY_FRAME_SILENCE) == [Answer.KEY_FRAME_COMING]
    assert leg.ask(FIRST + 1, now=2.1 + KEY_FRAME_SILENCE) == [Answer.RESENT]


def test_what_fits_no_datagram_with_two_bytes_more_is_left() -> None:
    """It just fitted the first time."""
    leg = Leg()
    leg.send(FIRST, bytes(MAX_PACKET_BYTES - 12 - 12))
    assert leg.ask(FIRST) == [Answer.TOO_LONG]
    assert leg.resent == []
    leg.send(FIRST + 1)
    leg.ask(FIRST + 1)
    assert leg.resent[0][2:4] == b"\x00\x07", "no number was spent on it"
