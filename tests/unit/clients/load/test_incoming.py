"""One received stream: numbers, holes, freezes, latency."""

from collections.abc import Iterable, Sequence

import pytest

from sfu.wire.extensions import Extension, ExtensionIds
from sfu.wire.rtp import HEADER_BYTES
from sfu_clients.load.gauges import Histogram
from sfu_clients.load.path.incoming import (
    FIRST_KEY_FRAME_SECONDS,
    KEY_FRAME_SECONDS,
    PATIENCE_SECONDS,
    TAIL_BYTES,
    IncomingStream,
    Scratch,
)
from tests.support.encoders import DESCRIPTOR_ID, TYPES, one_two_three
from tests.support.packets import rtp
from tests.support.streams import opus, publisher

RTX = 97
PICTURE_SECONDS = 1 / 30


class Viewer:
    """Receives a stream on a virtual clock."""

    def __init__(self, name: str | None = "VP9 L3T3_KEY, described") -> None:
        """A video stream by its name, or sound."""
        self.sender = opus() if name is None else publisher(name, split=one_two_three)
        encoder = self.sender.encoder
        self.now = 100.0
        self.sent_at: dict[bytes, float] = {}
        self.latencies = Histogram()
        self._scratch = Scratch(ExtensionIds({Extension.DEPENDENCY_DESCRIPTOR: DESCRIPTOR_ID}))
        codec = encoder.codec.value
        self.stream = IncomingStream(
            ssrc=self.sender.ssrc,
            codecs={TYPES[encoder.codec]: codec, RTX: codec},
            scratch=self._scratch,
            sent_at=self.sent_at,
            latencies=self.latencies,
            asked_at=self.now,
        )

    def next_picture(self, *, key: bool = False) -> list[bytes]:
        """The packets of another picture, a thirtieth of a second later."""
        self.now += PICTURE_SECONDS
        return [data for _, data in self.sender.next_picture(key=key)]

    def receive(self, packets: Iterable[bytes]) -> None:
        for data in packets:
            self._scratch.read(data)
            self.stream.receive(now=self.now)

    def repeat(self, data: bytes) -> None:
        """Receive a packet as a retransmission."""
        offset = HEADER_BYTES
        if data[0] & 0x10:
            offset += 4 + 4 * int.from_bytes(data[14:16], "big")
        again = data[:1] + bytes((data[1] & 0x80 | RTX, 0, 1)) + data[4:8] + b"RTX!"
        self._scratch.read(again + data[12:offset] + data[2:4] + data[offset:])
        self.stream.receive_repetition(now=self.now)

    def watch(self, pictures: int) -> None:
        for _ in range(pictures):
            self.receive(self.next_picture())

    @property
    def shown(self) -> int:
        return self.stream.viewing.frames


def test_shows_every_picture_of_a_whole_stream() -> None:
    """Nothing is missing, twice or late, and nothing asks for anything."""
    viewer = Viewer()
    viewer.watch(60)
    stream = viewer.stream
    assert viewer.shown == 60
    assert stream.reception.received == stream.reception.expected
    assert (stream.duplicates, stream.reordered, stream.skipped) == (0, 0, 0)
    assert stream.missing.due(now=viewer.now + 1) == []
    assert not stream.wants_key_frame(now=viewer.now)


@pytest.mark.parametrize(
    ("order", "reordered", "duplicates"),
    [
        pytest.param([0, 1, 2, 3, 4, 5], 0, 0, id="in order"),
        pytest.param([1, 0, 2, 3, 4, 5], 0, 0, id="the very first is late: nobody knows of it"),
        pytest.param([0, 2, 1, 3, 4, 5], 1, 0, id="two changed places"),
        pytest.param([0, 3, 2, 1, 4, 5], 2, 0, id="three backwards"),
        pytest.param([0, 1, 1, 2, 3, 4, 5], 0, 1, id="one twice"),
        pytest.param([0, 2, 2, 1, 3, 4, 5], 1, 1, id="one twice behind a hole"),
    ],
)
def test_counts_disorder(order: Sequence[int], reordered: int, duplicates: int) -> None:
    """Packets may come in any order; each counts once."""
    viewer = Viewer()
    packets = viewer.next_picture(key=True)
    viewer.receive(packets[place] for place in order)
    late = order[0] == 1
    assert viewer.stream.reordered == reordered + late
    assert viewer.stream.duplicates == duplicates + late
    assert viewer.shown == (0 if late else 1)


def test_a_repetition_mends_a_hole() -> None:
    """What comes after a hole waits for it; the network's loss is counted all the same."""
    viewer = Viewer()
    viewer.watch(3)
    first, lost, *others = viewer.next_picture()
    viewer.receive([first, *others])
    assert viewer.shown == 3
    (number,) = viewer.stream.missing.due(now=viewer.now + 0.02)
    assert number & 0xFFFF == int.from_bytes(lost[2:4], "big")
    viewer.repeat(lost)
    assert viewer.shown == 4
    assert viewer.stream.missing.recovered == 1
    assert viewer.stream.reception.expected - viewer.stream.reception.received == 1
    viewer.repeat(lost)
    assert viewer.stream.duplicates == 1


def test_a_hole_is_given_up() -> None:
    """After some patience the stream goes on, and asks for a key frame if that does not help."""
    viewer = Viewer()
    viewer.watch(3)
    viewer.receive(viewer.next_picture()[1:])  # of the lowest layer, which no other needs here
    viewer.receive(viewer.next_picture()[:-1])  # of the highest, which all that follow need
    viewer.watch(3)
    viewer.stream.give_up(now=viewer.now)
    assert viewer.stream.skipped == 0
    viewer.now += PATIENCE_SECONDS
    viewer.stream.give_up(now=viewer.now)
    viewer.stream.give_up(now=viewer.now + PATIENCE_SECONDS + 0.01)
    assert viewer.stream.skipped == 2
    assert viewer.shown == 4
    viewer.now += KEY_FRAME_SECONDS
    assert viewer.stream.wants_key_frame(now=viewer.now)
    assert not viewer.stream.wants_key_frame(now=viewer.now + 0.1)
    viewer.receive(viewer.next_picture(key=True))
    assert viewer.shown == 5


def test_asks_for_a_key_frame_when_none_comes() -> None:
    """Whoever enters in the middle of a stream waits a fifth of a second before asking."""
    viewer = Viewer()
    viewer.next_picture()
    viewer.watch(1)
    began = viewer.now
    assert not viewer.stream.wants_key_frame(now=began)
    assert viewer.stream.wants_key_frame(now=began + FIRST_KEY_FRAME_SECONDS)
    assert not viewer.stream.wants_key_frame(now=began + FIRST_KEY_FRAME_SECONDS + 0.1)


@pytest.mark.parametrize(
    ("pause", "freezes"),
    [
        pytest.param(0.17, 0, id="as long as the average and 140 ms more"),
        pytest.param(0.19, 1, id="more than 150 ms above the average"),
    ],
)
def test_counts_freezes(pause: float, freezes: int) -> None:
    """A freeze is a pause of more than three times the average, and 150 ms above it."""
    viewer = Viewer()
    viewer.watch(60)
    viewer.now += pause - PICTURE_SECONDS
    viewer.watch(60)
    assert viewer.stream.viewing.freezes == freezes


def test_padding_is_no_picture_and_no_hole() -> None:
    """Probes and fillers have numbers of their own."""
    viewer = Viewer()
    viewer.watch(2)
    viewer.receive([viewer.sender.padding()[1]])
    viewer.watch(2)
    assert viewer.shown == 4
    assert viewer.stream.skipped == 0


def test_measures_latency_by_the_end_of_payloads() -> None:
    """Only packets that can be told from all others are measured."""
    viewer = Viewer(None)
    payloads = [bytes((place,)) * TAIL_BYTES for place in range(4)]
    viewer.sent_at[payloads[1]] = viewer.now - 0.004
    viewer.receive(
        rtp(payload, sequence_number=place, ssrc=viewer.sender.ssrc, payload_type=111)
        for place, payload in enumerate(payloads)
    )
    assert viewer.latencies.count == 1
    assert viewer.latencies.percentile(0.5) == pytest.approx(4.0, rel=0.02)


def test_sound_waits_for_nothing() -> None:
    """A lost packet of sound is passed over, a late one is counted after all."""
    viewer = Viewer(None)
    viewer.watch(3)
    (late,) = viewer.next_picture()
    viewer.watch(3)
    assert (viewer.shown, viewer.stream.skipped) == (6, 1)
    viewer.receive([late])
    assert (viewer.stream.skipped, viewer.stream.reordered) == (0, 1)
    assert not viewer.stream.wants_key_frame(now=viewer.now + 10)
