"""What the witness makes of recorded streams, as they are and as bytes that mean nothing."""

import time
from collections.abc import Callable
from random import Random

import pytest

from sfu.visibility.samples import Piece, Sample
from sfu.visibility.witness.judge import judge
from sfu_clients.recordings.recording import load_recording

PICTURES, SOUNDS = 9, 50
JUDGING_SECONDS = 1.5
"""Half a second where nothing else runs; busy neighbours slow a core down."""


def dice(seed: int = 1) -> Random:
    return Random(seed)  # noqa: S311 - noise


CODECS = [
    pytest.param("vp8-simulcast", id="VP8"),
    pytest.param("vp9-l3t3", id="VP9 L3T3"),
    pytest.param("vp9-l3t3-key", id="VP9 L3T3_KEY"),
    pytest.param("av1-l3t3", id="AV1 L3T3"),
    pytest.param("h264-l1t3", id="H.264"),
    pytest.param("opus", id="Opus"),
]


def sample(name: str, change: Callable[[int, bytes], bytes] = lambda _, payload: payload) -> Sample:
    """The beginning of a recorded stream, which is a key frame."""
    recording = load_recording(name)
    pieces: list[Piece] = []
    timestamps: set[int] = set()
    for place, packet in enumerate(recording.streams[-1].packets):
        timestamps.add(packet.timestamp)
        if len(timestamps) > (SOUNDS if recording.kind == "audio" else PICTURES):
            break
        pieces.append(Piece(place, packet.timestamp, change(place, packet.payload)))
    return Sample(1, recording.codec, tuple(pieces))  # type: ignore[arg-type]


@pytest.mark.parametrize("name", CODECS)
def test_what_is_clear_is_readable(name: str) -> None:
    """In every codec that is forwarded."""
    finding = judge(sample(name), dice())
    assert finding.seen == "readable", finding.figures


@pytest.mark.parametrize("name", CODECS)
def test_a_sample_is_judged_in_no_time(name: str) -> None:
    """Of CPU: so that several streams are judged within five seconds of their beginning."""
    began = time.process_time()
    judge(sample(name), dice())
    assert time.process_time() - began < JUDGING_SECONDS


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", CODECS)
def test_noise_is_opaque(name: str, seed: int) -> None:
    """Behind a header that stays or counts on, as a seal has; with payload descriptors intact."""
    random = dice(seed)
    keep = {"opus": 0, "VP8": 6, "VP9": 12, "AV1": 2, "H264": 2}[load_recording(name).codec]

    def seal(place: int, payload: bytes) -> bytes:
        header = bytes((0x99, 1, 2, 3, 4, place & 0xFF)) if keep == 0 else payload[:keep]
        return header + random.randbytes(len(payload) + 16 - keep)

    finding = judge(sample(name, seal), dice(seed))
    assert finding.seen == "opaque", finding.figures


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        pytest.param("vp8-simulcast", range(3), id="too few pictures"),
        pytest.param("opus", range(20), id="too little sound"),
        pytest.param("opus", [*range(10), *range(11, 50)], id="sound with a hole"),
        pytest.param("vp9-l3t3", [], id="nothing"),
    ],
)
def test_too_little_decides_nothing(name: str, kept: list[int]) -> None:
    """What lies behind a hole does not count."""
    whole = sample(name)
    pieces = tuple(whole.pieces[place] for place in kept)
    assert judge(Sample(1, whole.codec, pieces), dice()).seen == "undecided"


@pytest.mark.parametrize("name", CODECS)
def test_nothing_is_extracted_from_noise(name: str) -> None:
    """Whatever a decoder makes of it."""
    random = dice()
    finding = judge(sample(name, lambda _, payload: random.randbytes(len(payload))), dice())
    assert finding.seen != "readable"
    assert finding.glimpse is None


@pytest.mark.parametrize("seed", [163, 166, 208])
def test_noise_that_decodes_into_lines_and_points_is_noise(seed: int) -> None:
    """After the header of an AV1 sequence it says any size, also 1x34 and 1x1."""
    assert judge(sample("av1-l3t3"), dice(seed)).seen == "readable"


def test_order_of_arrival_does_not_matter() -> None:
    """What was sent again comes late."""
    whole = sample("vp8-simulcast")
    mixed = tuple(dice().sample(whole.pieces, len(whole.pieces)))
    assert judge(Sample(1, whole.codec, mixed), dice()).seen == "readable"
