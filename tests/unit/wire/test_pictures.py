"""PictureBuffer: whole pictures in order, whatever the network does to packets."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.wire.packet import Packet
from sfu.wire.pictures import MAX_WAITING, PATIENCE_SECONDS, Picture, PictureBuffer

STEP = 0.01


def packet(number: int, timestamp: int, *, marker: bool = False, payload: bytes = b"x") -> Packet:
    """One of picture `timestamp`; `number` stands in the payload."""
    told = number.to_bytes(4, "big") if payload == b"x" else payload
    return Packet(told, 96, number & 0xFFFF, timestamp, 1, marker)


def stream(sizes: list[int], *, markers: bool = True) -> list[Packet]:
    """Pictures of so many packets."""
    packets: list[Packet] = []
    for place, size in enumerate(sizes):
        for part in range(size):
            last = markers and part == size - 1
            packets.append(packet(len(packets), 3000 * place, marker=last))
    return packets


def numbers(picture: Picture) -> list[int]:
    """Of the packets in a picture."""
    return [int.from_bytes(one.payload, "big") for one in picture.packets]


def play(
    arrivals: list[tuple[int, Packet]], *, alone: bool = False, wait: bool = True
) -> list[Picture]:
    """Take what there is after each packet; then wait until patience is over."""
    buffer, now, pictures = PictureBuffer(one_packet_each=alone), 0.0, []
    for number, one in arrivals:
        now += STEP
        buffer.put(number, one)
        pictures += buffer.take(now=now)
    for _ in range(4 if wait else 0):
        now += PATIENCE_SECONDS + STEP
        pictures += buffer.take(now=now)
    return pictures


def test_pictures_come_whole_and_in_order() -> None:
    """Packets that overtake each other and come twice change nothing."""
    packets = stream([1, 3, 2, 4])
    order = [0, 2, 1, 1, 3, 5, 4, 9, 8, 7, 6, 3]
    pictures = play([(place, packets[place]) for place in order], wait=False)
    assert [numbers(picture) for picture in pictures] == [[0], [1, 2, 3], [4, 5], [6, 7, 8, 9]]
    assert [picture.follows for picture in pictures] == [False, True, True, True]
    assert [picture.timestamp for picture in pictures] == [0, 3000, 6000, 9000]


def test_a_picture_without_marker_ends_with_the_next() -> None:
    """The marker is a courtesy: another timestamp ends a picture, too."""
    pictures = play(list(enumerate(stream([2, 2, 1], markers=False))), wait=False)
    assert [numbers(picture) for picture in pictures] == [[0, 1], [2, 3]]


def test_what_is_lost_is_passed_over() -> None:
    """After a while; no picture with a hole is given out, and the next one does not follow."""
    packets = stream([2, 3, 2, 2, 2])
    kept = [(place, one) for place, one in enumerate(packets) if place != 3]
    pictures = play(kept)
    assert [numbers(picture) for picture in pictures] == [[0, 1], [5, 6], [7, 8], [9, 10]]
    assert [picture.follows for picture in pictures] == [False, False, True, True]


def test_waits_no_longer_than_it_must() -> None:
    """A hole that is filled in time holds up pictures, and loses none."""
    packets = stream([1, 1, 1])
    buffer = PictureBuffer(one_packet_each=False)
    buffer.put(0, packets[0])
    buffer.put(2, packets[2])
    assert len(buffer.take(now=0.0)) == 1
    assert buffer.take(now=PATIENCE_SECONDS - STEP) == []
    assert buffer.next == 1
    buffer.put(1, packets[1])
    assert len(buffer.take(now=PATIENCE_SECONDS)) == 2


def test_sound_has_a_picture_per_packet() -> None:
    """And goes on right behind a hole."""
    packets = [packet(number, 960 * number) for number in range(6)]
    pictures = play([(n, one) for n, one in enumerate(packets) if n != 2], alone=True)
    assert [numbers(picture) for picture in pictures] == [[0], [1], [3], [4], [5]]


def test_empty_packets_hold_nothing() -> None:
    """They fill numbers that the server dropped; no picture is made of them, and none is torn."""
    arrivals = [
        (0, packet(0, 0, marker=True)),
        (1, packet(1, 0, payload=b"")),
        (2, packet(2, 3000)),
        (3, packet(3, 3000, payload=b"")),
        (4, packet(4, 3000, marker=True)),
        (5, packet(5, 3000, payload=b"")),
        (6, packet(6, 6000, marker=True)),
    ]
    pictures = play(arrivals, wait=False)
    assert [numbers(picture) for picture in pictures] == [[0], [2, 4], [6]]
    assert all(picture.follows for picture in pictures[1:])


def test_a_picture_that_never_ends_is_given_up() -> None:
    """Neither a hole nor an endless picture fills memory."""
    buffer = PictureBuffer(one_packet_each=False)
    for number in range(3 * MAX_WAITING):
        buffer.put(number, packet(number, 0))
        assert buffer.take(now=0.0) == []
    assert len(buffer._parts) <= MAX_WAITING + 1  # noqa: SLF001 - the bound is what is tested
    for number in range(3 * MAX_WAITING + 1, 6 * MAX_WAITING):
        buffer.put(number, packet(number, number // 2))
        buffer.take(now=0.0)
    assert len(buffer._waiting) <= MAX_WAITING + 1  # noqa: SLF001 - the same


@pytest.mark.parametrize("alone", [False, True])
@given(
    sizes=st.lists(st.integers(1, 5), min_size=1, max_size=40),
    seed=st.integers(0, 2**32),
    loss=st.floats(0, 0.5),
)
def test_nothing_is_torn_or_out_of_order(
    *, alone: bool, sizes: list[int], seed: int, loss: float
) -> None:
    """Each picture is whole, comes once and in order; `follows` is never said without truth."""
    chance = Random(seed)  # noqa: S311 - weather
    packets = stream([1] * len(sizes) if alone else sizes)
    whole = {tuple(numbers(p)) for p in play(list(enumerate(packets)), alone=alone)}
    there = [(n, one) for n, one in enumerate(packets) if chance.random() >= loss]
    there.sort(key=lambda arrival: arrival[0] + 4 * chance.random())
    first = there[0][0] if there else 0
    pictures = play(there, alone=alone)
    got = [tuple(numbers(picture)) for picture in pictures]
    assert got == sorted(set(got))
    for picture in got[1:]:
        assert picture in whole
    for before, picture, told in zip(got, got[1:], pictures[1:], strict=False):
        assert not told.follows or picture[0] == before[-1] + 1
    if not loss and there:
        assert sum(map(len, got)) >= len([n for n, _ in there if n >= first]) - 5
