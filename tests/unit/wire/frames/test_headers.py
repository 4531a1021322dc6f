"""Headers of frames: sizes, key frames and set-up as FFmpeg reads them, from any bytes or none."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.errors import MalformedPacket
from sfu.wire.frames import frames, unwrap
from sfu.wire.frames.headers import Shape, is_key, length_prefixed, shape_of
from sfu_clients.media.encoders import VideoEncoder
from sfu_clients.media.pattern import Pattern
from sfu_clients.recordings.recording import load_recording

CODECS = ["VP8", "VP9", "AV1", "H264", "opus"]


@pytest.mark.parametrize("codec", ["VP8", "VP9", "AV1", "H264"])
def test_what_our_encoders_write(codec: str) -> None:
    """The first frame is a key frame and tells its size; the second is none."""
    encoder, pattern = VideoEncoder(codec, 322, 182, rate=30, bitrate=200_000), Pattern(322, 182)
    encoded = [
        frame
        for number in range(20)
        for frame in encoder.encode(pattern.draw(number, 0), number * 3000)
    ]
    keys = [is_key(codec, frame.data) for frame in encoded]
    assert keys == [frame.key_frame for frame in encoded]
    shape = shape_of(codec, encoded[0].data)
    assert shape.size == ((0, 0) if codec == "H264" else (322, 182))
    assert bool(shape.private) == (codec in {"AV1", "H264"})


@pytest.mark.parametrize(
    ("name", "size"),
    [
        pytest.param("vp8-simulcast", (1280, 720), id="VP8"),
        pytest.param("vp9-l3t3-key", (320, 180), id="VP9: of the lowest layer"),
        pytest.param("av1-l3t3-key", (1280, 720), id="AV1: of all layers"),
    ],
)
def test_what_browsers_write(name: str, size: tuple[int, int]) -> None:
    """The first picture of a recorded stream."""
    recording = load_recording(name)
    packets = recording.streams[-1].packets
    first = [p.payload for p in packets if p.timestamp == packets[0].timestamp]
    picture = unwrap(recording.codec, first)
    assert is_key(recording.codec, picture)
    assert shape_of(recording.codec, picture).size == size


def test_sound_has_no_shape() -> None:
    """And each piece stands for itself."""
    assert is_key("opus", b"x")
    assert shape_of("opus", b"x") == Shape()


def test_lengths_for_start_codes() -> None:
    """H.264 as files have it."""
    assert length_prefixed(b"\0\0\0\1ab\0\0\1c") == b"\0\0\0\2ab\0\0\0\1c"


@pytest.mark.parametrize("codec", CODECS)
@given(data=st.binary(max_size=120))
def test_any_bytes_are_read_or_refused(codec: str, data: bytes) -> None:
    """A publisher may send anything; it raises MalformedPacket at most."""
    with contextlib.suppress(MalformedPacket):
        is_key(codec, data)
    with contextlib.suppress(MalformedPacket):
        shape_of(codec, data)


@pytest.mark.parametrize("codec", CODECS)
@given(payloads=st.lists(st.binary(max_size=60), min_size=1, max_size=5))
def test_any_payloads_are_put_together_or_refused(codec: str, payloads: list[bytes]) -> None:
    """The same for what comes in packets."""
    with contextlib.suppress(MalformedPacket):
        frames(codec, payloads)
    with contextlib.suppress(MalformedPacket):
        unwrap(codec, payloads)
