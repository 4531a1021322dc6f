"""Sources: due in even steps, with timestamps that mean the same times."""

from itertools import pairwise

import pytest

from sfu.wire.extensions import Extension
from sfu_clients.errors import ClientError
from sfu_clients.media.encoders import VideoEncoder
from sfu_clients.media.pattern import Pattern
from sfu_clients.media.sources import PatternSource, Source, ToneSource
from sfu_clients.media.tone import PIECE, Tone, level

NOW = 1_700_000_000.0


@pytest.mark.parametrize(
    ("source", "clock_rate", "step"),
    [
        pytest.param(PatternSource(size=(96, 64), rate=10), 90_000, 0.1, id="pictures"),
        pytest.param(ToneSource(), 48_000, 0.02, id="sound"),
    ],
)
def test_timestamps_are_the_times_when_it_is_due(
    source: Source, clock_rate: int, step: float
) -> None:
    """So that reports of what was sent when are exact."""
    for number in range(20):
        due = source.due()
        assert due is not None
        assert due == pytest.approx(number * step)
        (packet, *_) = source.produce(now=NOW)
        assert packet.timestamp == round(due * clock_rate)
    source.set_bitrate(50_000)
    source.ask_key_frame()
    assert source.produce(now=NOW)


def test_sound_tells_its_loudness() -> None:
    """In the header extension of RFC 6464; silence is 127."""
    source = ToneSource()
    levels = [source.produce(now=NOW)[0].extensions[Extension.AUDIO_LEVEL][0] for _ in range(50)]
    assert all(0x80 <= value <= 0xFF for value in levels)
    assert min(levels) & 0x7F < 20
    silent = Tone().piece(0)
    silent.planes[0].update(bytes(silent.planes[0].buffer_size))
    assert level(silent) == 127


def test_the_tone_has_no_seam() -> None:
    """Second after second the same samples."""
    tone = Tone()
    assert bytes(tone.piece(3).planes[0]) == bytes(tone.piece(53).planes[0])
    assert tone.piece(0).samples == PIECE


def test_the_box_moves_and_comes_back() -> None:
    """No two pictures in a row are the same, and none is drawn outside."""
    pattern = Pattern(96, 64)
    drawn = [bytes(pattern.draw(number, NOW).planes[0]) for number in range(60)]
    assert all(one != other for one, other in pairwise(drawn))
    assert len({len(one) for one in drawn}) == 1


def test_an_impossible_size_is_told() -> None:
    """AV1 has a least size; the sentence names it."""
    encoder = VideoEncoder("AV1", 16, 16, rate=30, bitrate=100_000)
    with pytest.raises(ClientError, match="AV1 of 16x16 cannot be encoded"):
        encoder.encode(Pattern(96, 64).draw(0, NOW).reformat(16, 16), 0)


def test_live_av1_is_not_sealed() -> None:
    """No dependency descriptor would tell its receivers which frames begin a sequence."""
    with pytest.raises(ClientError, match="descriptors only"):
        PatternSource("AV1").seal(lambda frame: frame.data)
