"""What people are shown of a readable sample is what was sent: the picture, and how it sounds."""

import io
from itertools import pairwise
from math import pi, sin

import av
import pytest

from sfu.visibility.samples import BANDS, MAX_PICTURE, SILENCE
from sfu.visibility.witness.decoding import thumbnail
from sfu.visibility.witness.glimpsing import EDGES, POINTS, column, loudness
from sfu.visibility.witness.judge import judge
from sfu.wire.frames import unwrap
from tests.unit.visibility.test_judge import CODECS, dice, sample

RATE = 48_000


def tone(hertz: float, loud: float = 1.0, size: int = 960) -> list[float]:
    return [loud * sin(2 * pi * hertz * place / RATE) for place in range(size)]


@pytest.mark.parametrize("name", [name for name in CODECS if name.id != "Opus"])
def test_the_thumbnail_is_of_the_best_layer(name: str) -> None:
    """A small JPEG of the same shape, of the last picture that was decoded."""
    finding = judge(sample(name), dice())
    assert finding.glimpse is not None
    assert finding.glimpse.picture is not None
    assert "(1280x720)" in finding.figures
    assert len(finding.glimpse.picture) <= MAX_PICTURE
    with av.open(io.BytesIO(finding.glimpse.picture), "r", format="mjpeg") as container:
        frame = next(container.decode(video=0))
    assert (frame.width, frame.height) == (160, 90)
    luma = bytes(frame.planes[0])
    assert max(luma) - min(luma) > 100


def test_a_thumbnail_that_would_be_too_large_is_coarser() -> None:
    """Or there is none at all, as of bytes that no decoder takes."""
    whole = sample("vp9-l3t3-key")
    first = [one.payload for one in whole.pieces if one.timestamp == whole.pieces[0].timestamp]
    frames = [unwrap("VP9", first)]
    fine = thumbnail("VP9", frames, most=MAX_PICTURE)
    assert fine is not None
    coarse = thumbnail("VP9", frames, most=len(fine) - 1)
    assert coarse is not None
    assert len(coarse) < len(fine)
    assert thumbnail("VP9", frames, most=100) is None
    assert thumbnail("VP9", [b"no picture"], most=MAX_PICTURE) is None


def test_loudness_is_in_decibels() -> None:
    """Of a full square wave, of tones, and of nothing."""
    assert loudness([1.0, -1.0] * 480) == 0
    assert loudness(tone(440)) == -3
    assert loudness(tone(440, 0.01)) == -43
    assert loudness([0.0] * 960) == loudness([]) == SILENCE


@pytest.mark.parametrize(
    ("hertz", "band"),
    [
        pytest.param(hertz, band, id=f"{hertz:.0f} Hz")
        for band, hertz in enumerate(
            (low + high - 1) / 2 * RATE / 2 / POINTS for low, high in pairwise(EDGES)
        )
    ],
)
def test_a_tone_is_in_its_band(hertz: float, band: int) -> None:
    """Louder there than anywhere else; a tone ten times as faint is four levels lower."""
    loud, faint = column(tone(hertz)), column(tone(hertz, 0.1))
    assert len(loud) == BANDS
    assert max(range(BANDS), key=loud.__getitem__) == band
    assert loud[band] - faint[band] == 4


def test_silence_and_short_packets_have_columns_too() -> None:
    """Of 2.5 ms, and of nothing at all."""
    assert column([0.0] * 960) == column([]) == (0,) * BANDS
    assert max(column(tone(1000, size=120))) > 0


def test_sound_is_told_packet_by_packet() -> None:
    """As the recording's beeps come and go."""
    glimpse = judge(sample("opus"), dice()).glimpse
    assert glimpse is not None
    assert glimpse.loudness is not None
    assert glimpse.spectrogram is not None
    assert len(glimpse.loudness) == len(glimpse.spectrogram) == 50
    assert max(glimpse.loudness) > -20
    assert min(glimpse.loudness) < -80
