"""Datagrams over TCP come out whole, however they were cut, repeated and mixed up."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu_clients.verify.capture.network import Datagram, Endpoint, Flow
from sfu_clients.verify.capture.tcp import MAX_EARLY, MAX_FLOWS, Framing

FLOW = Flow(Endpoint(b"\x0a\0\0\1", 1), Endpoint(b"\x0a\0\0\2", 2), "tcp")
FRAMES = [bytes([128 + number % 60]) * (1 + number * 37 % 900) for number in range(40)]
STREAM = b"".join(len(one).to_bytes(2, "big") + one for one in FRAMES)
START = (1 << 32) - 5000


def segments(size: int, stream: bytes = STREAM) -> list[Datagram]:
    """A stream cut into segments; their numbers wrap around in it."""
    return [
        Datagram(0.0, FLOW, stream[at : at + size], (START + at) % (1 << 32))
        for at in range(0, len(stream), size)
    ]


def taken(cut: list[Datagram]) -> list[bytes]:
    """What is found in them."""
    framing = Framing()
    return [found.data for segment in cut for found in framing.take(segment)]


@pytest.mark.parametrize("size", [1, 2, 3, 700, 1448, 100_000])
def test_frames_come_out_whole(size: int) -> None:
    """Each once, in their order."""
    assert taken(segments(size)) == FRAMES


@pytest.mark.parametrize("size", [100, 1448])
def test_order_and_repetition_do_not_matter(size: int) -> None:
    """As long as the first segment is the first."""
    first, *others = segments(size)
    mixed = others * 2
    random.Random(1).shuffle(mixed)  # noqa: S311 - weather
    near = sorted(mixed, key=lambda one: (one.sequence - START) % (1 << 32) + len(one.data) % 7)
    assert taken([first, *near, first]) == FRAMES


def test_a_segment_that_was_not_captured_costs_its_frames_only() -> None:
    """What comes later is found again."""
    cut = segments(2 * 902, b"".join(b"\x03\x84" + b"\x90" * 900 for _ in range(400)))
    del cut[10]
    assert len(taken(cut)) > 400 - 10


@given(st.lists(st.tuples(st.integers(0, 300), st.binary(max_size=40)), max_size=30))
def test_any_segments_are_taken(cut: list[tuple[int, bytes]]) -> None:
    """Other protocols raise nothing, and are not kept."""
    framing = Framing()
    for sequence, data in cut:
        framing.take(Datagram(0.0, FLOW, data, sequence))


def test_memory_is_bounded() -> None:
    """Whatever else goes over TCP: connections without end, and holes that nothing fills."""
    framing = Framing()
    for port in range(2 * MAX_FLOWS):
        flow = FLOW._replace(source=Endpoint(b"\x0a\0\0\1", port))
        for number in range(3 * MAX_EARLY):
            framing.take(Datagram(0.0, flow, b"\x16\x03\x01", 10 * number))
    assert len(framing._flows) == MAX_FLOWS  # noqa: SLF001 - what is kept
    assert all(len(one._early) <= MAX_EARLY for one in framing._flows.values())  # noqa: SLF001
