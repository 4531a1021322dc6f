"""RTP is found among whatever else goes over UDP, and is described as it is."""

from collections.abc import Iterable
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu_clients.verify.capture.network import Datagram, Endpoint, Flow
from sfu_clients.verify.streams import find
from sfu_clients.verify.streams.find import MAX_CANDIDATES, MIN_PACKETS, Finder
from sfu_clients.verify.streams.stream import Stream
from tests.support.packets import rtp

FLOW = Flow(Endpoint(b"\x0a\0\0\1", 40_001), Endpoint(b"\x0a\0\0\2", 10_000))
BACK = Flow(FLOW.target, FLOW.source)


def sent(  # noqa: PLR0913 - by name
    count: int,
    *,
    ssrc: int = 7,
    rate: int = 90_000,
    first: int = 65_530,
    step: float = 0.02,
    flow: Flow = FLOW,
    lost: frozenset[int] = frozenset(),
) -> list[Datagram]:
    """A stream whose numbers and timestamps wrap around."""
    return [
        Datagram(
            place * step,
            flow,
            rtp(
                bytes(20 + place % 9),
                sequence_number=(first + place) & 0xFFFF,
                timestamp=(0xFFFFFF00 + int(place * step * rate)) & 0xFFFFFFFF,
                ssrc=ssrc,
                payload_type=96,
            ),
        )
        for place in range(count)
        if place not in lost
    ]


def found(datagrams: Iterable[Datagram]) -> list[Stream]:
    """The streams among these."""
    return Finder().take(datagrams)


@pytest.mark.parametrize(
    ("rate", "kind"), [(8000, "audio"), (16_000, "audio"), (48_000, "audio"), (90_000, "video")]
)
def test_a_stream_is_described(rate: int, kind: str) -> None:
    """By its clock, its numbers and its time."""
    (stream,) = found(sent(200, rate=rate, lost=frozenset({50, 51})))
    assert (stream.ssrc, stream.flow, stream.packets) == (7, FLOW, 198)
    assert (stream.clock_rate, stream.kind) == (rate, kind)
    assert stream.loss == pytest.approx(0.01)
    assert stream.seconds == pytest.approx(199 * 0.02)
    assert list(stream.numbers)[:8] == list(range(65_530, 65_538))
    assert stream.payload_types == {96: 198}


def test_streams_are_told_apart() -> None:
    """By SSRC and by direction; the largest first."""
    datagrams = sent(50) + sent(90, ssrc=8) + sent(70, flow=BACK)
    assert [(one.ssrc, one.packets) for one in found(datagrams)] == [(8, 90), (7, 70), (7, 50)]


@pytest.mark.parametrize(
    "head",
    [
        pytest.param(b"\x00\x01", id="STUN"),
        pytest.param(b"\x16\xfe\xfd", id="DTLS"),
        pytest.param(b"\x81\xc9", id="RTCP"),
        pytest.param(b"\x40", id="TURN channels"),
        pytest.param(b"\xc0", id="QUIC"),
        pytest.param(b"\x80", id="what begins like RTP"),
        pytest.param(b"\xb1", id="or with options"),
        pytest.param(b"", id="anything"),
    ],
)
def test_other_datagrams_are_no_streams(head: bytes) -> None:
    """Random bytes behind the first ones of other protocols."""
    chance = Random(3)  # noqa: S311 - noise
    noise = [
        Datagram(place * 0.01, FLOW, head + chance.randbytes(chance.randrange(1, 200)))
        for place in range(3000)
    ]
    assert found(noise) == []
    assert [one.packets for one in found(noise + sent(60))] == [60]


def test_a_few_packets_are_no_stream() -> None:
    """Nor are numbers that jump about under one SSRC."""
    assert found(sent(MIN_PACKETS - 1)) == []
    assert len(found(sent(MIN_PACKETS))) == 1
    chance = Random(4)  # noqa: S311 - noise
    jumping = [one for place in range(200) for one in sent(1, first=chance.randrange(65_536))]
    assert found(jumping) == []


def test_what_was_captured_twice_counts_once() -> None:
    """As on `-i any`, where a packet passes two interfaces."""
    (stream,) = found(one for one in sent(100) for _ in range(2))
    assert (stream.packets, stream.repeated, stream.loss) == (100, 100, 0)


def test_a_flood_of_sources_is_bounded() -> None:
    """And does not push out a stream that is one."""
    flood = [one for ssrc in range(3 * MAX_CANDIDATES) for one in sent(1, ssrc=1000 + ssrc)]
    finder = Finder()
    (stream,) = finder.take(sent(60) + flood)
    assert stream.packets == 60
    assert len(finder._candidates) <= MAX_CANDIDATES  # noqa: SLF001 - what is kept


def test_what_is_kept_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Further packets are counted only, and fewer are kept whole."""
    monkeypatch.setattr(find, "MAX_KEPT", 50)
    monkeypatch.setattr(find, "MAX_SAMPLED_BYTES", 500)
    finder = Finder()
    (stream,) = finder.take(sent(80))
    assert (stream.packets, stream.kept, finder.unkept) == (80, 50, 30)
    assert 500 <= sum(len(sample.payload) for sample in stream.samples) < 600


@given(st.lists(st.binary(max_size=60), max_size=20), st.sampled_from([b"", b"\x80\x60", b"\xb2"]))
def test_any_datagrams_are_taken(contents: list[bytes], head: bytes) -> None:
    """Whatever is in them."""
    assert found(Datagram(0.0, FLOW, head + data) for data in contents) == []
