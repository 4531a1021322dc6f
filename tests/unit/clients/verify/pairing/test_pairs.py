"""Streams find their counterparts on the other leg, whatever a server and a network do to them."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING, NamedTuple

import pytest

from sfu_clients.media.sources import PatternSource, ToneSource
from sfu_clients.verify.keys.log import read_key_files
from sfu_clients.verify.legs import read_leg
from sfu_clients.verify.pairing.pair import How, Pair
from sfu_clients.verify.pairing.pairs import pair_streams
from sfu_clients.verify.streams.find import MIN_PACKETS
from tests.support.legs import (
    GCM,
    SHA1,
    Timed,
    captures,
    forwarded,
    from_server,
    lossy,
    published,
    to_server,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

SECONDS = 8


@pytest.fixture(scope="module")
def camera() -> list[Timed]:
    """Pictures in VP8, in three temporal layers."""
    return published(PatternSource("VP8", size=(320, 180)), SECONDS)


@pytest.fixture(scope="module")
def tone() -> list[Timed]:
    """Sound beside them."""
    return published(ToneSource(), SECONDS, ssrc=0xAA)


def paired(
    folder: Path,
    first: Sequence[Timed],
    second: Sequence[Timed],
    *,
    profiles: tuple[str | None, str | None] = (GCM, GCM),
    keys: bool = False,
) -> list[Pair]:
    """The pairs in captures of these."""
    hops = to_server(profiles[0]), from_server(profiles[1])
    paths = captures(folder, first, second, hops=hops)
    logs = [hops[0].log(folder / "a.keys"), hops[1].log(folder / "b.keys")] if keys else []
    srtp = list(read_key_files(logs).srtp)
    return pair_streams(*(read_leg(path, srtp).streams for path in paths))


def by_ssrc(pairs: Sequence[Pair]) -> dict[tuple[int, int], Pair]:
    """The same, by SSRCs of both legs."""
    return {(pair.sent.ssrc, pair.received.ssrc): pair for pair in pairs}


class Way(NamedTuple):
    """What becomes of packets between the two captures."""

    loss: float = 0.0
    clock: float = 0.0
    temporal: int = 2
    profiles: tuple[str, str] = (GCM, GCM)
    grown: int = 0


@pytest.mark.parametrize(
    "way",
    [
        pytest.param(Way(), id="a good network"),
        pytest.param(Way(loss=0.1), id="a tenth is lost, and sent again"),
        pytest.param(Way(temporal=1), id="a temporal layer dropped"),
        pytest.param(Way(temporal=0), id="two of them"),
        pytest.param(Way(0.1, 0.0, 1, (GCM, SHA1), -6), id="both, and another profile"),
        pytest.param(Way(0.05, 17.5, 2, (SHA1, GCM), 6), id="clocks that differ"),
        pytest.param(Way(clock=-17.5, temporal=1), id="by any sign"),
    ],
)
@pytest.mark.parametrize("keys", [False, True])
def test_pairs_are_found(
    camera: list[Timed], tone: list[Timed], tmp_path: Path, way: Way, *, keys: bool
) -> None:
    """By sizes without keys, by bytes with them; and the time between the legs."""
    pictures = forwarded(
        camera, clock=way.clock, begins=1, keep=lambda one: one.payload[5] >> 6 <= way.temporal
    )
    left, again = lossy(pictures, way.loss, rtx_ssrc=0xC)
    second = [*left, *again, *forwarded(tone, clock=way.clock, begins=1, ssrc=0xBB)]
    found = paired(tmp_path, camera + tone, second, profiles=way.profiles, keys=keys)
    pairs = by_ssrc(found)
    expected = {(0xA, 0xB), (0xAA, 0xBB)}
    assert expected <= pairs.keys() <= expected | {(0xA, 0xC)}
    for pair in (pairs[key] for key in expected):
        assert pair.how is (How.BYTES if keys else How.SIZES)
        assert pair.confidence > 0.9
        assert pair.share > 0.95
        assert pair.lag == pytest.approx(way.clock + 0.0046, abs=0.001)
        assert pair.grown == (0 if keys else way.grown)
        assert not pair.repeats
        assert pair.equal_on_network() == 0
        assert pair.equal_inside() == (1 if keys else 0)
    assert all(pair.repeats for key, pair in pairs.items() if key not in expected)


def test_retransmissions_are_known_by_keys(camera: list[Timed], tmp_path: Path) -> None:
    """Their packets are another stream's, behind a number; a few are enough if a key opens them."""
    left, again = lossy(forwarded(camera[:120]), 0.1, rtx_ssrc=0xC)
    assert 5 <= len(again) < MIN_PACKETS
    pairs = by_ssrc(paired(tmp_path, camera, left + again, keys=True))
    assert {key: pair.repeats for key, pair in pairs.items()} == {
        (0xA, 0xB): False,
        (0xA, 0xC): True,
    }


def test_clear_payloads_are_equal_on_the_network(camera: list[Timed], tmp_path: Path) -> None:
    """Where nothing encrypts the hops."""
    (pair,) = paired(tmp_path, camera, forwarded(camera), profiles=(None, None))
    assert pair.how is How.BYTES
    assert pair.equal_on_network() == 1


def test_a_rewritten_descriptor_is_no_other_media(camera: list[Timed], tmp_path: Path) -> None:
    """Servers number the pictures of VP8 anew when they drop some."""

    def renumbered(payload: bytes) -> bytes:
        number = (int.from_bytes(payload[2:4], "big") + 77 & 0x7FFF) | 0x8000
        return (
            payload[:2] + number.to_bytes(2, "big") + bytes([payload[4] + 9 & 0xFF]) + payload[5:]
        )

    (pair,) = paired(tmp_path, camera, forwarded(camera, media=renumbered), keys=True)
    assert pair.equal_inside() == 1
    assert not pair.equal_descriptors()


@pytest.mark.parametrize("keys", [False, True])
def test_simulcast_has_a_pair_for_each_stream_that_was_sent(
    camera: list[Timed], tmp_path: Path, *, keys: bool
) -> None:
    """With keys; without, the one that most was sent of."""
    small = published(PatternSource("VP8", size=(160, 90)), SECONDS, ssrc=0xD)
    second = forwarded(camera[:180]) + [
        replace(one, packet=replace(one.packet, sequence=187 + place))
        for place, one in enumerate(forwarded(small, begins=6))
    ]
    pairs = by_ssrc(paired(tmp_path, camera + small, second, keys=keys))
    if keys:
        assert pairs.keys() == {(0xA, 0xB), (0xD, 0xB)}
    else:
        assert len(pairs) == 1


def constant(ssrc: int, seed: int) -> list[Timed]:
    """Sound whose packets are all of one size, as with constant-rate Opus."""
    chance = Random(seed)  # noqa: S311 - a test's
    model = published(ToneSource(), SECONDS, ssrc=ssrc)
    return [replace(one, packet=replace(one.packet, payload=chance.randbytes(80))) for one in model]


def test_streams_that_look_alike_are_not_told_apart(tmp_path: Path) -> None:
    """Two senders of constant size: nothing but keys says which is which."""
    one, two = constant(0xA, 1), constant(0xD, 2)
    assert paired(tmp_path, one + two, forwarded(two)) == []
    pairs = by_ssrc(paired(tmp_path, one + two, forwarded(two), keys=True))
    assert pairs.keys() == {(0xD, 0xB)}


def test_the_only_ones_of_a_kind_may_be_a_pair(tmp_path: Path) -> None:
    """And that is not much."""
    (pair,) = paired(tmp_path, constant(0xA, 1), forwarded(constant(0xD, 2)))
    assert (pair.how, pair.matches) == (How.KIND, [])
    assert pair.confidence < 0.5


def test_strangers_are_no_pair(camera: list[Timed], tone: list[Timed], tmp_path: Path) -> None:
    """Sound is never pictures, and other pictures share no sizes at no time."""
    assert paired(tmp_path, tone, forwarded(camera)) == []
    other = published(PatternSource("VP9", size=(640, 360)), SECONDS)
    pairs = paired(tmp_path, camera, forwarded(other))
    assert all(pair.confidence < 0.5 for pair in pairs)


def test_one_stream_in_both_captures_is_no_pair(camera: list[Timed], tmp_path: Path) -> None:
    """Nobody was in between."""
    hops = to_server(), to_server()
    paths = captures(tmp_path, camera, camera, hops=hops)
    assert pair_streams(*(read_leg(path, []).streams for path in paths)) == []
