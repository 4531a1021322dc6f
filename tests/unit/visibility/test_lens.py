"""A lens sees what is kept of a stream, and the media path does nothing for it."""

from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from sfu.media.key_frames import KeyFrameCause
from sfu.visibility.lens import (
    ASKED_AGAIN,
    ASKED_BY_VIEWERS,
    FEW_PICTURES,
    PATIENCE,
    PICTURES,
    REST,
    SILENT,
    SLOW,
    SOUNDS,
    Lens,
)
from sfu.visibility.samples import MAX_BYTES, MAX_PACKETS, Excerpt, Finding
from sfu.visibility.testimony import Witness
from tests.support.hall import Guest, Hall
from tests.support.media import AUDIO_SSRC, OPUS, VIDEO_SSRC, VP8, audio_track, video_track
from tests.support.packets import rtp, vp8


def picture(number: int, *, key_frame: bool = False, ssrc: int = VIDEO_SSRC) -> bytes:
    return rtp(
        vp8(key_frame=key_frame, picture_id=number),
        sequence_number=number,
        timestamp=6000 * number,
        ssrc=ssrc,
        payload_type=VP8,
        marker=True,
    )


def sound(number: int) -> bytes:
    return rtp(
        b"\x78abc",
        sequence_number=number,
        timestamp=960 * number,
        ssrc=AUDIO_SSRC,
        payload_type=OPUS,
    )


class Scene:
    """A camera or a microphone, and a lens on it."""

    def __init__(self, *, video: bool) -> None:
        self.hall = Hall()
        self.ana: Guest
        track = video_track() if video else audio_track()
        self.ana, (self.publication,) = self.hall.publisher(track)
        self.lens = Lens(self.publication, now=self.hall.now)

    def look(self, *, watched: bool = False) -> Excerpt | None:
        """Look, and take what there is."""
        self.lens.look(watched=watched, now=self.hall.now)
        return self.lens.take(5, now=self.hall.now) if self.lens.full else None

    @property
    def asked(self) -> int:
        return self.publication.source.key_frames.asked.get(KeyFrameCause.WITNESS, 0)


@pytest.fixture
def camera() -> Scene:
    return Scene(video=True)


@pytest.fixture
def microphone() -> Scene:
    return Scene(video=False)


def test_a_sample_of_video_begins_with_a_key_frame(camera: Scene) -> None:
    """And has so many pictures, of which the last shows that those before are whole."""
    assert camera.look() is None
    camera.ana.send([picture(number) for number in range(3)])
    camera.ana.send([picture(3, key_frame=True)])
    camera.ana.send([picture(number) for number in range(4, 3 + PICTURES)])
    assert camera.look() is None
    camera.ana.send([picture(number) for number in range(3 + PICTURES, 30)])
    sample = camera.look()
    assert sample is not None
    assert (sample.number, sample.codec) == (5, "VP8")
    first = picture(3, key_frame=True)
    assert list(sample.packets) == [first, *map(picture, range(4, 4 + PICTURES))]


def test_a_sample_of_sound_is_its_last_second(microphone: Scene) -> None:
    """All of it new, each time."""
    assert microphone.look() is None
    microphone.ana.send([sound(number) for number in range(SOUNDS - 1)])
    assert microphone.look() is None
    microphone.ana.send([sound(number) for number in range(SOUNDS - 1, SOUNDS + 9)])
    sample = microphone.look()
    assert sample is not None
    assert list(sample.packets) == list(map(sound, range(9, SOUNDS + 9)))
    microphone.ana.send([sound(number) for number in range(SOUNDS + 9, 2 * SOUNDS)])
    microphone.hall.now += REST
    assert microphone.look() is None


@pytest.mark.parametrize("video", [True, False])
def test_nobody_subscribes(video: bool) -> None:  # noqa: FBT001
    """While it looks and while it rests, the media path knows nothing of it."""
    scene = Scene(video=video)
    for number in range(3 * SOUNDS):
        scene.ana.send([picture(number, key_frame=number == 0) if video else sound(number)])
        scene.hall.now += 0.02
        scene.look()
        assert scene.publication.source.outbounds == []


def test_between_samples_it_rests(camera: Scene) -> None:
    """A key frame of that time is looked at afterwards."""
    camera.ana.send([picture(number, key_frame=number % 20 == 0) for number in range(40)])
    assert camera.look() is not None
    assert camera.look() is None
    camera.ana.send([picture(number, key_frame=number == 40) for number in range(40, 60)])
    camera.hall.now += REST - 0.1
    assert camera.look() is None
    camera.hall.now += 0.2
    sample = camera.look()
    assert sample is not None
    assert sample.packets[0] == picture(40, key_frame=True)


def test_what_nobody_takes_is_kept_and_nothing_else(camera: Scene) -> None:
    """A witness that hangs costs one sample of each stream, however long it hangs."""
    camera.ana.send([picture(number, key_frame=number % 20 == 0) for number in range(20)])
    camera.lens.look(watched=False, now=camera.hall.now)
    for start in range(20, 2000, 20):
        camera.ana.send(
            [picture(number, key_frame=number == start) for number in range(start, start + 20)]
        )
        camera.hall.now += REST
        camera.lens.look(watched=False, now=camera.hall.now)
    sample = camera.lens.take(1, now=camera.hall.now)
    assert sample.packets[0] == picture(0, key_frame=True)
    assert len(sample.packets) == PICTURES + 1


def test_what_comes_late_has_its_place(camera: Scene) -> None:
    """What does not come leaves it empty."""
    order = [0, 1, 3, 4, 6, 2, *range(7, 20)]
    camera.ana.send([picture(number, key_frame=number == 0) for number in order])
    sample = camera.look()
    assert sample is not None
    assert [packet and packet[3] for packet in sample.packets] == [0, 1, 2, 3, 4, None, 6, 7, 8, 9]


@pytest.mark.parametrize(
    ("size", "kept"),
    [
        pytest.param(1200, MAX_BYTES // 1200, id="bytes"),
        pytest.param(100, MAX_PACKETS, id="packets"),
    ],
)
def test_a_huge_picture_is_cut(camera: Scene, size: int, kept: int) -> None:
    """So that no message is too long."""
    for number in range(MAX_PACKETS + 9):
        head = vp8(key_frame=True, picture_id=1) if number == 0 else vp8(starts_frame=False)
        data = rtp(
            head.ljust(size - 12, b"x"),
            sequence_number=number,
            timestamp=7,
            ssrc=VIDEO_SSRC,
            payload_type=VP8,
        )
        assert len(data) == size
        camera.ana.send([data])
    sample = camera.look()
    assert sample is not None
    assert len(sample.packets) == kept


def test_it_asks_for_a_key_frame_only_where_none_comes(camera: Scene) -> None:
    """Not of a camera that sends nothing, and seldom."""
    camera.look()
    camera.hall.now += PATIENCE
    camera.look()
    assert camera.asked == 0
    camera.ana.send([picture(number) for number in range(3)])
    camera.hall.now += SILENT
    camera.look()
    assert camera.asked == 0
    for wait, asked in ((0.0, 1), (ASKED_AGAIN - 0.1, 1), (0.2, 2)):
        camera.hall.now += wait
        camera.ana.send([picture(round(camera.hall.now * 10) % 60_000)])
        camera.look()
        assert camera.asked == asked


def test_it_asks_more_often_while_people_look(camera: Scene) -> None:
    """They are shown pictures, and each begins with a key frame."""
    camera.look()
    camera.hall.now += PATIENCE
    camera.ana.send([picture(number) for number in range(3)])
    camera.look(watched=True)
    assert camera.asked == 1
    waits = ((ASKED_BY_VIEWERS - 0.1, True, 1), (0.2, False, 1), (0.0, True, 2))
    for number, (wait, watched, asked) in enumerate(waits, start=3):
        camera.hall.now += wait
        camera.ana.send([picture(number)])
        camera.look(watched=watched)
        assert camera.asked == asked


def test_of_a_picture_that_hardly_changes_few_do(camera: Scene) -> None:
    """A shared screen that stands still is judged in time, too."""
    camera.ana.send([picture(number, key_frame=number == 0) for number in range(FEW_PICTURES)])
    assert camera.look() is None
    camera.hall.now += SLOW
    assert camera.look() is None
    camera.ana.send([picture(FEW_PICTURES)])
    sample = camera.look()
    assert sample is not None
    assert len(sample.packets) == FEW_PICTURES + 1


def test_a_first_sample_that_decided_nothing_is_followed_at_once(camera: Scene) -> None:
    """By two more at most; and none hurries once something is known."""
    for start in range(0, 100, 20):
        camera.ana.send([picture(start + at, key_frame=at == 0) for at in range(20)])
        taken = camera.look()
        assert (taken is not None) is (start < 60)
        camera.lens.learn(decided=False)


def test_what_begins_anew_is_another_sample(camera: Scene) -> None:
    """Its numbers say nothing of those before."""
    camera.ana.send([picture(number, key_frame=number == 0) for number in range(5)])
    source = camera.publication.source
    camera.ana.participant.router.update(source, video_track(ssrcs=(77,)))
    camera.ana.send([picture(number, ssrc=77) for number in range(5, 30)])
    assert camera.look() is None
    camera.ana.send([picture(number, key_frame=number == 30, ssrc=77) for number in range(30, 50)])
    sample = camera.look()
    assert sample is not None
    assert sample.packets[0] == picture(30, key_frame=True, ssrc=77)


def test_a_codec_that_is_not_negotiated_any_more_has_no_name(microphone: Scene) -> None:
    """Then there is no sample, and no mistake."""
    microphone.ana.send([sound(number) for number in range(SOUNDS)])
    track = replace(audio_track(), codecs={})
    microphone.ana.participant.router.update(microphone.publication.source, track)
    assert microphone.look() is None


def test_a_bug_of_the_witness_ends_the_witness_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """It looks at nothing more, and media goes on."""
    microphone = Scene(video=False)
    witness = Witness(microphone.hall.directory, clock=lambda: 1000.0)

    def follow_up(*, now: float) -> list[Finding]:
        raise ZeroDivisionError(now)

    monkeypatch.setattr(witness.channel, "follow_up", lambda **_: [])
    witness.follow_up(now=microphone.hall.now)
    monkeypatch.setattr(witness.channel, "follow_up", follow_up)
    with capture_logs() as logs:
        for seconds in range(1, 4):
            witness.follow_up(now=microphone.hall.now + seconds)
    assert [entry["event"] for entry in logs] == ["witness.failed"]
    microphone.ana.send([sound(1)])
    assert microphone.publication.bytes > 0
