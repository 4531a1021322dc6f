"""Matroska: what FFmpeg finds in a file, whole, growing or broken off."""

from pathlib import Path

import av
import pytest

from sfu.errors import MalformedPacket
from sfu.wire.matroska import Muxer, Track, superframe
from sfu_clients.media.encoders import OpusEncoder, VideoEncoder
from sfu_clients.media.pattern import Pattern
from sfu_clients.media.tone import PIECE, Tone

PICTURES = 90
TRACKS = [Track("VP8", "Ana, camera", 320, 180), Track("opus", "Ana, microphone")]


def film(*, ended: bool = True) -> bytes:
    """Three seconds of pattern and tone, with a key frame each second."""
    muxer, pattern, tone = Muxer(TRACKS), Pattern(320, 180), Tone()
    video, audio = VideoEncoder("VP8", 320, 180, rate=30, bitrate=200_000), OpusEncoder()
    data = bytearray(muxer.head())
    for number in range(PICTURES):
        if number % 30 == 0:
            video.ask_key_frame()
        picture = pattern.draw(number, number / 30)
        for frame in video.encode(picture, number * 3000):
            data += muxer.add(0, number * 100 // 3, frame.data, key_frame=frame.key_frame)
    for number in range(PICTURES * 5 // 3):
        for frame in audio.encode(tone.piece(number), number * PIECE, level=10):
            data += muxer.add(1, number * 20, frame.data, key_frame=True)
    if ended:
        rest, patches = muxer.end()
        data += rest
        for position, patch in patches:
            data[position : position + len(patch)] = patch
    return bytes(data)


def played(path: Path) -> dict[str, list[float]]:
    """The times at which frames are shown or heard, by title."""
    with av.open(str(path)) as container:
        titles = [stream.metadata["title"] for stream in container.streams]
        found: dict[str, list[float]] = {title: [] for title in titles}
        for packet in container.demux(video=0, audio=0):
            for frame in packet.decode():
                assert isinstance(frame, av.VideoFrame | av.AudioFrame)
                found[titles[packet.stream.index]].append(frame.time or 0)
        return found


def test_a_file_plays(tmp_path: Path) -> None:
    """Every frame at its time, with titles, duration and size."""
    path = tmp_path / "film.webm"
    path.write_bytes(film())
    found = played(path)
    assert len(found["Ana, camera"]) == PICTURES
    assert found["Ana, camera"][-1] == pytest.approx((PICTURES - 1) / 30, abs=0.002)
    assert len(found["Ana, microphone"]) == PICTURES * 5 // 3
    with av.open(str(path)) as container:
        assert container.duration == pytest.approx(2_980_000, abs=20_000)
        assert container.format.name == "matroska,webm"
        assert (container.streams.video[0].width, container.streams.video[0].height) == (320, 180)


def test_a_player_finds_places_by_the_index(tmp_path: Path) -> None:
    """The index names the key frames."""
    path = tmp_path / "film.webm"
    path.write_bytes(film())
    with av.open(str(path)) as container:
        container.seek(2_500_000, backward=True)
        first = next(container.demux(video=0))
        assert first.is_keyframe
        assert first.pts == 2000


def test_what_was_broken_off_plays(tmp_path: Path) -> None:
    """A file that nobody closed lacks its last clusters only."""
    path = tmp_path / "film.webm"
    path.write_bytes(film(ended=False)[:-100])
    assert len(played(path)["Ana, camera"]) > PICTURES // 3


def test_what_could_not_be_written_leaves_the_rest_in_order(tmp_path: Path) -> None:
    """A cluster that is taken back is missing, and the index knows nothing of it."""
    encoder, pattern = VideoEncoder("VP8", 320, 180, rate=30, bitrate=200_000), Pattern(320, 180)
    muxer = Muxer(TRACKS[:1])
    data = bytearray(muxer.head())
    for number in range(PICTURES):
        if number % 30 == 0:
            encoder.ask_key_frame()
        for frame in encoder.encode(pattern.draw(number, 0), number * 3000):
            ready = muxer.add(0, number * 100 // 3, frame.data, key_frame=frame.key_frame)
            if ready and number < PICTURES // 2:
                muxer.lose(len(ready))
            else:
                data += ready
    rest, patches = muxer.end()
    data += rest
    for position, patch in patches:
        data[position : position + len(patch)] = patch
    path = tmp_path / "film.webm"
    path.write_bytes(data)
    with av.open(str(path)) as container:
        times = [frame.time or 0 for frame in container.decode(video=0)]
        assert times[0] == pytest.approx(1.0, abs=0.2)
        container.seek(2_500_000, backward=True)
        assert next(container.demux(video=0)).is_keyframe


@pytest.mark.parametrize(
    "sizes",
    [
        pytest.param([5], id="one frame has no index"),
        pytest.param([5, 300, 70_000], id="three"),
        pytest.param([1] * 8, id="eight"),
    ],
)
def test_superframes(sizes: list[int]) -> None:
    """FFmpeg takes them apart again at the same places (VP9, annex B)."""
    frames = [b"\x82" + bytes(size - 1) for size in sizes]
    packet = av.Packet(superframe(frames))
    context = av.bitstream.BitStreamFilterContext("vp9_superframe_split", in_stream=vp9_stream())
    assert [bytes(part) for part in context.filter(packet)] == frames


def vp9_stream() -> av.VideoStream:
    """A stream for a filter to be about."""
    stream = av.open("/dev/null", "w", format="webm").add_stream("libvpx-vp9", rate=30)
    assert isinstance(stream, av.VideoStream)
    return stream


@pytest.mark.parametrize("frames", [[], [b"x"] * 9])
def test_no_superframe_of_too_many(frames: list[bytes]) -> None:
    """A publisher may send anything."""
    with pytest.raises(MalformedPacket):
        superframe(frames)
