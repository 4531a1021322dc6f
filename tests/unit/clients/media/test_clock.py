"""The burnt-in clock: read back exactly, at every size and through every codec's damage."""

from random import Random

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu_clients.media import clock
from sfu_clients.media.pattern import Pattern

SIZES = [
    (96, 64),
    (160, 90),
    (320, 180),
    (640, 360),
    (1280, 720),
    (180, 320),
    (1920, 1080),
    (1920, 64),
    (96, 1200),
]


@pytest.mark.parametrize("size", SIZES, ids=str)
@given(seconds=st.floats(0, 4e9))
def test_is_read_back(size: tuple[int, int], seconds: float) -> None:
    """To the microsecond, by whoever knows the time to a minute."""
    picture = Pattern(*size).draw(7, seconds)
    assert clock.read(picture, near=seconds + 3) == pytest.approx(seconds, abs=2e-6)


@pytest.mark.parametrize("scaled", SIZES[:-2], ids=str)
def test_survives_scaling(scaled: tuple[int, int]) -> None:
    """A layer of another size shows the same time."""
    picture = Pattern(640, 360).draw(0, 1_700_000_000.5)
    small = picture.reformat(*scaled)
    assert clock.read(small, near=1_700_000_000.0) == pytest.approx(1_700_000_000.5, abs=2e-6)


@pytest.mark.parametrize("away", [61.0, -61.0, 3600.0, 9 * 365 * 86_400.0])
def test_an_old_picture_has_no_time(away: float) -> None:
    """A recording of the pattern says nothing about now."""
    picture = Pattern(320, 180).draw(0, 1_700_000_000.0)
    assert clock.read(picture, near=1_700_000_000.0 + away) is None


def test_noise_and_other_formats_have_no_time() -> None:
    """Nor has anything that is not the pattern."""
    chance = Random(1)  # noqa: S311 - noise
    for _ in range(300):
        frame = av.VideoFrame(64, 48, "yuv420p")
        for plane in frame.planes:
            plane.update(chance.randbytes(plane.buffer_size))
        assert clock.read(frame, near=0.0) is None
    assert clock.read(av.VideoFrame(64, 48, "rgb24"), near=0.0) is None
    assert clock.read(av.VideoFrame(16, 8, "yuv420p"), near=0.0) is None
