"""Files: live sources of any media file, and a sentence about any other."""

from itertools import pairwise
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sfu_clients.errors import ClientError
from sfu_clients.media.decoders import Decoder
from sfu_clients.media.files import fit, open_file
from sfu_clients.media.reader import Reader
from sfu_clients.media.sources import Source
from sfu_clients.payload import unwrap
from tests.support.films import RATE, write_film

SECONDS = 2.0
NOW = 0.0


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds of pictures and sound."""
    path = tmp_path_factory.mktemp("films") / "film.mp4"
    write_film(path, seconds=SECONDS)
    return path


def played(source: Source, until: float) -> list[float]:
    """When things were due, up to a time or the end; what is produced decodes."""
    times = []
    decoder = Decoder(source.codec)
    shown = 0
    while (due := source.due()) is not None and due < until:
        times.append(due)
        packets = source.produce(now=NOW)
        if packets:
            data = unwrap(source.codec, [packet.payload for packet in packets])
            shown += decoder.decode(data) is not None
    assert shown >= len(times) - 2
    return times


@pytest.mark.parametrize("codec", ["VP8", "VP9", "H264", "AV1"])
def test_plays_once(film: Path, codec: str) -> None:
    """Each picture and each 20 ms of sound at its time, then no more."""
    video, audio = open_file(str(film), codec)
    assert (video.name, video.codec, audio.name, audio.codec) == (
        "camera",
        codec,
        "microphone",
        "opus",
    )
    assert played(video, 60) == pytest.approx([n / RATE for n in range(round(SECONDS * RATE))])
    assert played(audio, 60) == pytest.approx([n / 50 for n in range(100)], abs=0.03)
    assert video.due() is None


def test_loops_without_drift(film: Path) -> None:
    """Pictures and sound begin again together, lap after lap."""
    video, audio = open_file(str(film), loop=True)
    pictures, sound = played(video, 5 * SECONDS), played(audio, 5 * SECONDS)
    assert len(pictures) == pytest.approx(5 * SECONDS * RATE, abs=2)
    assert len(sound) == pytest.approx(5 * SECONDS * 50, abs=10)
    steps = [after - before for before, after in pairwise(sound)]
    assert min(steps) > 0
    assert max(steps) < 0.1
    assert abs(pictures[-1] - sound[-1]) < 0.1


def test_reacts_to_requests(film: Path) -> None:
    """A key frame when it is asked for, and a lower bitrate."""
    (video, _) = open_file(str(film), loop=True)
    played(video, 1)
    video.ask_key_frame()
    video.set_bitrate(50_000)
    assert played(video, 3)


@pytest.mark.parametrize(
    ("kinds", "names"),
    [({"audio": False}, ["camera"]), ({"video": False}, ["microphone"])],
    ids=["pictures", "sound"],
)
def test_has_what_the_file_has(tmp_path: Path, kinds: dict[str, bool], names: list[str]) -> None:
    """A film without sound, or sound alone."""
    path = tmp_path / "film.mkv"
    write_film(path, seconds=1, **kinds)
    assert [source.name for source in open_file(str(path))] == names


@pytest.mark.parametrize(
    ("picture", "most", "expected"),
    [
        ((640, 360), (1280, 720), (640, 360)),
        ((1920, 1080), (1280, 720), (1280, 720)),
        ((1081, 1921), (1280, 720), (404, 720)),
        ((4000, 10), (1280, 720), (1280, 16)),
        ((1, 1), (1280, 720), (16, 16)),
    ],
)
def test_fits(picture: tuple[int, int], most: tuple[int, int], expected: tuple[int, int]) -> None:
    """The same shape, even sides, never larger."""
    assert fit(*picture, most) == expected


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"hello\n" * 100, id="text"),
        pytest.param(b"#EXTM3U\n#EXTINF:1,\n/etc/hostname\n", id="a list of other files"),
        pytest.param(b"ffconcat version 1.0\nfile /etc/hostname\n", id="another list"),
        pytest.param(b"\x1a\x45\xdf\xa3" + bytes(500), id="the beginning of a film"),
    ],
)
def test_what_is_no_film_is_refused(tmp_path: Path, content: bytes) -> None:
    """In one sentence that names the file; what it refers to is not opened."""
    path = tmp_path / "thing"
    path.write_bytes(content)
    with pytest.raises(ClientError, match=r"thing .*\.$"):
        open_file(str(path))


@pytest.mark.parametrize("path", ["/no/such/file", "/dev/zero", "/", "http://localhost:1/x"])
def test_only_files_are_opened(path: str) -> None:
    """No address, no device, no folder."""
    with pytest.raises(ClientError, match="There is no file"):
        open_file(path)


@given(seed=st.integers(0, 2**32), damage=st.integers(1, 400), cut=st.floats(0, 1))
@settings(max_examples=20)
def test_a_damaged_film_plays_or_is_refused(
    film: Path, tmp_path_factory: pytest.TempPathFactory, seed: int, damage: int, cut: float
) -> None:
    """ClientError, and nothing else; time goes forward, in bounded steps."""
    chance = Random(seed)  # noqa: S311 - damage
    data = bytearray(film.read_bytes())
    for _ in range(damage):
        data[chance.randrange(len(data))] = chance.randrange(256)
    path = tmp_path_factory.mktemp("damaged") / "film.mp4"
    path.write_bytes(data[: len(data) - int(cut * 1000)])
    try:
        for kind in ("video", "audio"):
            before = 0.0
            for frames, timed in enumerate(Reader(str(path), kind, loop=False).frames()):
                assert 0 <= timed.at - before <= 10.1
                before = timed.at
                assert frames < 10_000
    except ClientError as error:
        assert str(error).count("\n") == 0  # noqa: PT017 - whether it is raised is chance
