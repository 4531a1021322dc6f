"""Recordings, replayed through the server's media path, decode to the pictures that they hold."""

from typing import Final

import av
import pytest

from sfu_clients.media.decoders import Frame
from sfu_clients.recordings.recording import load_recording
from tests.support.relay import Relay

HEIGHTS: Final = {"q": 180, "h": 360, "f": 720}
SIMULCAST: Final = [
    (name, place) for name in ("vp8-simulcast", "h264-simulcast") for place in (0, 1, 2)
]


def heights(frames: list[Frame]) -> set[int]:
    """How many lines the pictures have."""
    return {frame.height for frame in frames if isinstance(frame, av.VideoFrame)}


@pytest.mark.parametrize("name", ["vp9-l3t3-key", "vp9-l3t3", "av1-l3t3-key", "av1-l3t3"])
def test_every_wish_is_met_by_a_layer(name: str) -> None:
    """Base, SD and HD show 180, 360 and 720 lines; no picture is lost on the way up or down.

    Upwards it takes a key frame, which comes with the next picture; so the change is at once.
    """
    recording = load_recording(name)
    relay = Relay(recording.codec, recording.streams[0], lines=180)
    assert heights(relay.run(5)) == {180}
    for lines in (360, 720, 360, 180, 720):
        relay.wish(lines)
        frames = relay.run(5)
        assert heights(frames) == {lines}
        assert 74 <= len(frames) <= 76
    assert relay.asked == (5 if name.endswith("key") else 3)
    assert relay.unfit == 0


@pytest.mark.parametrize(("name", "place"), SIMULCAST)
def test_every_simulcast_stream_has_its_size(name: str, place: int) -> None:
    """And decodes over the seam."""
    recording = load_recording(name)
    stream = recording.streams[place]
    assert stream.rid is not None
    relay = Relay(recording.codec, stream, lines=720)
    frames = relay.run(10)
    assert heights(frames) == {HEIGHTS[stream.rid]}
    assert len(frames) >= 148
    assert relay.unfit == 0


def test_one_layer_has_its_size() -> None:
    """H.264 in three temporal layers."""
    recording = load_recording("h264-l1t3")
    relay = Relay(recording.codec, recording.streams[0], lines=720)
    frames = relay.run(10)
    assert heights(frames) == {720}
    assert len(frames) >= 148
    assert relay.unfit == 0


def test_pictures_move() -> None:
    """A frozen picture would hide that frames are missing."""
    recording = load_recording("vp9-l3t3-key")
    relay = Relay(recording.codec, recording.streams[0], lines=720)
    pictures = {
        bytes(frame.planes[0]) for frame in relay.run(3) if isinstance(frame, av.VideoFrame)
    }
    assert len(pictures) >= 40


def test_sound_is_heard() -> None:
    """20 ms after 20 ms, and not silence all the time."""
    recording = load_recording("opus")
    relay = Relay(recording.codec, recording.streams[0], lines=1)
    frames = [frame for frame in relay.run(10) if isinstance(frame, av.AudioFrame)]
    assert sum(frame.samples for frame in frames) == pytest.approx(480_000, abs=2000)
    assert sum(any(bytes(frame.planes[0])) for frame in frames) > 100
