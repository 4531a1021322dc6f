"""Subscribers see consecutive numbers and picture ids, unless the network lost something."""

from collections.abc import Iterable
from sys import getprofile, setprofile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.media.packet import Packet
from sfu.media.rewriter import NONE, WINDOW, Rewriter

START = 1000


class Rewriting:
    """A rewriter that is told of packets, each a picture of its own."""

    def __init__(self) -> None:
        self.rewriter = Rewriter(START)
        self.highest = -1
        self.packet = Packet()

    def place(self, sequence: int, *, forwarded: bool = True, showing: bool = True) -> int:
        """Place a packet; return its number counted from the first that there is."""
        packet = self.packet
        packet.sequence = sequence
        packet.in_order = sequence > self.highest
        self.highest = max(self.highest, sequence)
        number = self.rewriter.place(packet, forwarded=forwarded, showing=showing)
        return number if number == NONE else number - START

    def picture(self, sequence: int, picture_id: int, *, forwarded: bool = True) -> int | None:
        """Place a packet of a picture; return its outgoing 15-bit picture id."""
        self.place(sequence, forwarded=forwarded)
        self.packet.picture_id = picture_id
        self.packet.tag.picture = picture_id
        shift = self.rewriter.picture_shift(self.packet, forwarded=forwarded)
        return picture_id - shift & 0x7FFF if forwarded else None


@pytest.mark.parametrize(
    ("received", "dropped", "sent"),
    [
        pytest.param([7, 8, 9], (), [0, 1, 2], id="whatever the publisher begins with"),
        pytest.param([7, 8, 9], {8}, [0, NONE, 1], id="a drop leaves no hole"),
        pytest.param([7, 9], (), [0, 2], id="a loss leaves one"),
        pytest.param([7, 9, 8], (), [0, 2, 1], id="which a late packet fills"),
        pytest.param([7, 9, 8], {9}, [0, NONE, 1], id="also behind a drop"),
        pytest.param([7, 8, 10, 9], {8}, [0, NONE, 2, 1], id="and in front of one"),
        pytest.param([7, 8, 10, 11, 9], {8, 10}, [0, NONE, NONE, 2, 1], id="and between two"),
        pytest.param([7, 9, 8], {8}, [0, 2, 1], id="a late packet is missed, if not wanted"),
        pytest.param([7, 9, 8, 8], (), [0, 2, 1, NONE], id="only once"),
        pytest.param([7, 8, 7], {8}, [0, NONE, NONE], id="what was placed is not placed again"),
        pytest.param([7, 8, 6], (), [0, 1, NONE], id="nothing is left for what was before"),
        pytest.param([7, 9, 10], {7, 9}, [NONE, NONE, 1], id="losses count from the start"),
        pytest.param([65535, 65536, 65538], (), [0, 1, 3], id="over the wrap"),
    ],
)
def test_renumbers(received: list[int], dropped: Iterable[int], sent: list[int]) -> None:
    """Drops leave no holes, losses do, and late packets get the numbers left for them."""
    rewriting = Rewriting()
    placed = [rewriting.place(number, forwarded=number not in dropped) for number in received]
    assert placed == sent


def test_numbers_are_consecutive_with_what_was_before_16_bits() -> None:
    """The outgoing number goes on beyond 65535: only the slot cuts it."""
    rewriting = Rewriting()
    placed = [rewriting.place(number) for number in range(70_000)]
    assert placed == list(range(70_000))


@pytest.mark.parametrize(
    ("behind", "number"),
    [
        pytest.param(1, WINDOW + 99, id="just late"),
        pytest.param(WINDOW, 100, id="as late as can be"),
        pytest.param(WINDOW + 1, NONE, id="too late"),
    ],
)
def test_a_number_is_left_free_for_a_while(behind: int, number: int) -> None:
    """1024 incoming packets: as long as the store has what would be sent again."""
    rewriting = Rewriting()
    rewriting.place(0)
    late = WINDOW + 100 - behind
    for sequence in range(1, WINDOW + 100):
        if sequence != late:
            rewriting.place(sequence)
    assert rewriting.place(late) == number


def test_a_huge_loss_costs_no_more_than_the_window() -> None:
    """Its last packets have numbers left, the others can only be too late."""
    rewriting = Rewriting()
    rewriting.place(0)
    assert rewriting.place(3 * WINDOW) == 3 * WINDOW
    assert rewriting.place(2 * WINDOW + 1) == 2 * WINDOW + 1
    assert rewriting.place(2 * WINDOW) == NONE
    for hole in range(3 * WINDOW + 2, 5 * WINDOW, 2):
        rewriting.place(hole)
    assert rewriting.place(5 * WINDOW - 3) == 5 * WINDOW - 3


def test_losses_cost_the_same_however_large_they_are() -> None:
    """A publisher that leaps ahead with every packet makes nobody work: one gap each."""
    rewriting = Rewriting()
    steps = 0

    def count(frame: object, event: str, arg: object) -> None:
        nonlocal steps
        del frame, event, arg
        steps += 1

    for leap in range(50):
        rewriting.place(leap * (WINDOW + 100))
    before = getprofile()
    setprofile(count)
    rewriting.place(50 * (WINDOW + 100))
    setprofile(before)
    assert steps < 50


def test_whoever_gets_nothing_misses_nothing() -> None:
    """What is lost before the first packet leaves no holes."""
    rewriting = Rewriting()
    rewriting.place(5, forwarded=False, showing=False)
    rewriting.place(9, forwarded=False, showing=False)
    assert rewriting.place(13, showing=False) == 0
    assert rewriting.place(11, showing=True) == NONE
    assert rewriting.place(14) == 1


def test_a_late_packet_after_drops_has_the_highest_number() -> None:
    """So what begins anew goes on after it, not with it: SRTP must see no number twice."""
    rewriting = Rewriting()
    assert rewriting.place(7) == 0
    assert rewriting.place(9, forwarded=False) == NONE
    assert rewriting.place(8) == 1
    rewriting.rewriter.rebase(0, 0, incomplete=False)
    assert rewriting.place(500) == 2


@given(
    st.lists(st.tuples(st.integers(-9, 9), st.booleans(), st.booleans()), min_size=1, max_size=80),
    st.sets(st.integers(0, 80)),
)
def test_no_number_is_ever_given_twice(
    packets: list[tuple[int, bool, bool]], begins: set[int]
) -> None:
    """Whatever is lost, late, dropped, or begins anew."""
    rewriting = Rewriting()
    given_out, seen = [], set()
    for place, (step, forwarded, showing) in enumerate(packets):
        sequence = max(0, rewriting.highest + step)
        if place in begins:
            rewriting.rewriter.rebase(0, 0, incomplete=showing)
            sequence = rewriting.highest + 10
        if sequence in seen:
            continue
        seen.add(sequence)
        given_out.append(rewriting.place(sequence, forwarded=forwarded, showing=showing))
    numbers = [number for number in given_out if number != NONE]
    assert len(numbers) == len(set(numbers))


@pytest.mark.parametrize(
    ("pictures", "ids"),
    [
        pytest.param([(5, True), (6, True)], [5, 6], id="as they came"),
        pytest.param([(5, True), (6, False), (7, True)], [5, None, 6], id="a drop leaves no gap"),
        pytest.param([(5, True), (8, True)], [5, 8], id="a loss does"),
        pytest.param(
            [(0x7FFF, True), (0x8000, False), (0x8001, True)], [0x7FFF, None, 0], id="the wrap"
        ),
        pytest.param(
            [(5, True), (6, False), (6, False), (7, True), (7, True)],
            [5, None, None, 6, 6],
            id="packets of one picture share theirs",
        ),
    ],
)
def test_renumbers_pictures(pictures: list[tuple[int, bool]], ids: list[int | None]) -> None:
    """VP8 picture ids are consecutive over what is forwarded."""
    rewriting = Rewriting()
    renumbered = [
        rewriting.picture(number, picture_id, forwarded=forwarded)
        for number, (picture_id, forwarded) in enumerate(pictures)
    ]
    assert renumbered == ids


def test_late_pictures_get_the_id_that_was_left_for_them() -> None:
    """What has been dropped since moves only what comes after it."""
    rewriting = Rewriting()
    rewriting.picture(0, 5)
    rewriting.picture(1, 6, forwarded=False)
    assert rewriting.picture(3, 8) == 7
    rewriting.picture(4, 9, forwarded=False)
    assert rewriting.picture(5, 10) == 8
    assert rewriting.picture(2, 7) == 6


@pytest.mark.parametrize(("incomplete", "first"), [(False, 2), (True, 3)])
def test_another_stream_goes_on_where_the_old_one_ended(*, incomplete: bool, first: int) -> None:
    """Numbers, time and picture ids; a picture that was left without its end has a hole instead."""
    rewriting = Rewriting()
    rewriting.picture(10, 500)
    rewriting.picture(12, 502)
    rewriting.rewriter.rebase(7_000, 93_000, incomplete=incomplete)
    assert rewriting.rewriter.timestamp_shift == 86_000
    assert rewriting.picture(900, 20, forwarded=False) is None
    assert rewriting.picture(901, 21) == 503
    assert rewriting.rewriter.highest == START + 1 + first
    assert rewriting.place(11) == NONE, "what was missing of the old one is not missed any more"
    assert rewriting.picture(902, 22) == 504


def test_a_stream_that_nobody_saw_leaves_picture_ids_alone() -> None:
    """There is nothing to go on from."""
    rewriting = Rewriting()
    rewriting.picture(10, 500, forwarded=False)
    rewriting.rewriter.rebase(0, 0, incomplete=False)
    assert rewriting.picture(900, 20) == 19  # the dropped one counts, as before
