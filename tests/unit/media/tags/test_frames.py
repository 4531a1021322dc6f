"""Frame numbers rise for ever, never name two frames, and tell which ones came completely."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.errors import MalformedPacket
from sfu.media.packet import Packet
from sfu.media.tags.frames import FRAMES, MAX_FRAME_PACKETS, Completeness, Counter, FrameNumbers


@pytest.mark.parametrize(
    ("bits", "values", "steps"),
    [
        pytest.param(16, [65534, 65535, 0, 1], [1, 1, 1], id="over the wrap"),
        pytest.param(7, [126, 127, 0], [1, 1], id="of seven bits"),
        pytest.param(15, [5, 9], [4], id="with losses"),
        pytest.param(15, [5, 5], [0], id="the same again"),
        pytest.param(15, [9, 5], [32764], id="set back: another round"),
        pytest.param(32, [0xFFFF_F000, 0], [0x1000], id="a timestamp"),
    ],
)
def test_counts_on_without_end(bits: int, values: list[int], steps: list[int]) -> None:
    """In order, a counter of few bits never falls."""
    counter = Counter(bits)
    numbers = [counter.extend(value, in_order=True) for value in values]
    assert [b - a for a, b in pairwise(numbers)] == steps
    assert [number % (1 << bits) for number in numbers] == values
    assert counter.highest == numbers[-1]


def test_late_values_are_of_the_past() -> None:
    """What comes late has the number that it would have had, and moves nothing."""
    counter = Counter(16)
    first = counter.extend(65535, in_order=True)
    assert counter.extend(2, in_order=True) == first + 3
    assert counter.extend(0, in_order=False) == first + 1
    assert counter.extend(65530, in_order=False) == first - 5
    assert counter.highest == first + 3


@given(st.integers(-1, 1 << 40), st.integers(0, 65535), st.booleans())
def test_a_later_counter_goes_beyond_an_earlier_one(
    after: int,
    value: int,
    in_order: bool,  # noqa: FBT001
) -> None:
    """Even its late values name nothing that came before it."""
    assert Counter(16, after=after).extend(value, in_order=in_order) > after


def number(
    numbers: FrameNumbers,
    sequence: int,
    timestamp: int,
    *,
    in_order: bool = True,
    gap: bool = False,
) -> tuple[int, bool]:
    packet = Packet()
    packet.sequence, packet.tag.picture = sequence, timestamp
    packet.in_order = in_order
    packet.follows = in_order and not gap
    return numbers.number(packet), numbers.begun


def test_packets_of_one_timestamp_are_one_frame() -> None:
    """Frames are numbered one after the other; the first packet of each is told."""
    numbers = FrameNumbers(after=9)
    got = [number(numbers, *packet) for packet in ((0, 5), (1, 5), (2, 5), (3, 8), (4, 9), (5, 9))]
    assert got == [(10, True), (10, False), (10, False), (11, True), (12, True), (12, False)]


def test_lost_packets_may_have_been_frames() -> None:
    """So each leaves a number free, and what follows may not be the first of its frame."""
    numbers = FrameNumbers()
    assert number(numbers, 0, 5) == (0, True)
    assert number(numbers, 3, 8, gap=True) == (3, False)
    assert number(numbers, 4, 8) == (3, False)
    assert number(numbers, 5, 9) == (4, True)


@pytest.mark.parametrize(
    ("sequence", "timestamp", "frame"),
    [
        pytest.param(1, 6, 1, id="of its own frame"),
        pytest.param(2, 5, 0, id="of the frame before the hole"),
        pytest.param(2, 8, 3, id="of the frame after the hole"),
        pytest.param(6, 10, 5, id="after a frame of two packets"),
        pytest.param(7, 11, 7, id="of the last"),
    ],
)
def test_late_packets_find_their_frame(sequence: int, timestamp: int, frame: int) -> None:
    """By its timestamp, or by its place among the lost."""
    numbers = FrameNumbers()
    for packet in ((0, 5), (3, 8), (4, 8), (5, 9), (8, 11)):
        number(numbers, *packet, gap=packet[0] in (3, 8))
    assert number(numbers, sequence, timestamp, in_order=False) == (frame, False)


def test_late_packets_may_be_older_than_all_that_is_remembered() -> None:
    """A stream may begin with its second packet: the first has a number that was free."""
    numbers = FrameNumbers()
    assert number(numbers, 10, 5) == (10, True)
    assert number(numbers, 9, 4, in_order=False) == (9, False)


def note(
    completeness: Completeness,
    sequence: int,
    frame: int,
    *,
    starts: bool = False,
    ends: bool = False,
) -> None:
    packet = Packet()
    packet.sequence, packet.tag.frame = sequence, frame
    packet.tag.starts_frame, packet.tag.ends_frame = starts, ends
    completeness.note(packet)


@pytest.mark.parametrize("order", [(1, 2, 3), (3, 2, 1), (2, 1, 3)])
def test_a_frame_is_complete_with_its_last_packet(order: tuple[int, ...]) -> None:
    """Whatever the order: from the one that starts it to the one that ends it."""
    completeness = Completeness()
    for sequence in order:
        assert not completeness.has(7)
        note(completeness, sequence, 7, starts=sequence == 1, ends=sequence == 3)
    assert completeness.has(7)


@pytest.mark.parametrize("frame", [-1, 6, 8, 7 + FRAMES])
def test_other_frames_are_not_complete(frame: int) -> None:
    """Frames that did not come, and what stands for one that cannot be known."""
    completeness = Completeness()
    note(completeness, 1, 7, starts=True, ends=True)
    assert not completeness.has(frame)


def test_old_frames_are_forgotten() -> None:
    """A newer frame takes the place; packets of the old one change nothing."""
    completeness = Completeness()
    note(completeness, 1, 7, starts=True, ends=True)
    note(completeness, 2, 7 + FRAMES, starts=True)
    note(completeness, 1, 7, ends=True)
    assert not completeness.has(7)
    assert not completeness.has(7 + FRAMES)
    note(completeness, 3, 7 + FRAMES, ends=True)
    assert completeness.has(7 + FRAMES)


def test_a_frame_must_end() -> None:
    """Nobody may keep one decision in force for ever."""
    completeness = Completeness()
    for sequence in range(MAX_FRAME_PACKETS):
        note(completeness, sequence, 7)
    with pytest.raises(MalformedPacket):
        note(completeness, MAX_FRAME_PACKETS, 7)
    note(completeness, MAX_FRAME_PACKETS + 1, 8)
