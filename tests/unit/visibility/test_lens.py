"""A lens sees what is forwarded, and neither the publisher nor anybody else notices."""

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
    SLOW,
    SOUNDS,
    Lens,
)
from sfu.visibility.samples import Finding, Sample
from sfu.visibility.testimony import Witness
from tests.support.hall import Guest, Hall
from tests.support.media import AUDIO_SSRC, OPUS, VIDEO_SSRC, VP8, audio_track, video_track
from tests.support.packets import rtp, vp8


def picture(number: int, *, key_frame: bool = False) -> bytes:
    return rtp(
        vp8(key_frame=key_frame, picture_id=number),
        sequence_number=number,
        timestamp=6000 * number,
        ssrc=VIDEO_SSRC,
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

    def look(self, *, watched: bool = False) -> Sample | None:
        return self.lens.follow_up(5, watched=watched, now=self.hall.now)

    @property
    def attached(self) -> bool:
        return self.lens in self.publication.source.outbounds

    @property
    def asked(self) -> int:
        return self.publication.source.key_frames.asked.get(KeyFrameCause.WITNESS, 0)


@pytest.fixture
def camera() -> Scene:
    return Scene(video=True)


def test_a_sample_of_video_begins_with_a_key_frame(camera: Scene) -> None:
    """And has so many pictures, of which the last shows that those before are whole."""
    assert camera.look() is None
    camera.ana.send([picture(number) for number in range(3)])
    camera.ana.send([picture(3, key_frame=True)])
    camera.ana.send([picture(number) for number in range(4, 20)])
    sample = camera.look()
    assert sample is not None
    assert (sample.number, sample.codec) == (5, "VP8")
    stamps = [piece.timestamp // 6000 for piece in sample.pieces]
    assert stamps == list(range(3, 3 + PICTURES + 1))
    assert sample.pieces[0].payload == vp8(key_frame=True, picture_id=3)


def test_a_sample_of_sound_is_a_second_of_it() -> None:
    """From any packet on."""
    microphone = Scene(video=False)
    microphone.look()
    microphone.ana.send([sound(number) for number in range(SOUNDS + 9)])
    sample = microphone.look()
    assert sample is not None
    assert len(sample.pieces) == SOUNDS
    assert sample.pieces[0].payload == b"\x78abc"


def test_between_samples_it_costs_nothing(camera: Scene) -> None:
    """It is no subscriber then."""
    camera.look()
    assert camera.attached
    camera.ana.send([picture(number, key_frame=number == 0) for number in range(20)])
    assert camera.look() is not None
    assert not camera.attached
    camera.hall.now += REST - 0.1
    assert camera.look() is None
    assert not camera.attached
    camera.hall.now += 0.2
    assert camera.look() is None
    assert camera.attached


def test_it_asks_for_a_key_frame_only_where_none_comes(camera: Scene) -> None:
    """Not of a camera that sends nothing, and seldom."""
    camera.look()
    camera.hall.now += PATIENCE
    camera.look()
    assert camera.asked == 0
    camera.ana.send([picture(number) for number in range(3)])
    camera.look()
    camera.hall.now += ASKED_AGAIN - 0.1
    camera.look()
    assert camera.asked == 1
    camera.hall.now += 0.2
    camera.look()
    assert camera.asked == 2


def test_it_asks_more_often_while_people_look(camera: Scene) -> None:
    """They are shown pictures, and each begins with a key frame."""
    camera.look()
    camera.hall.now += PATIENCE
    camera.ana.send([picture(number) for number in range(3)])
    camera.look(watched=True)
    camera.hall.now += ASKED_BY_VIEWERS - 0.1
    camera.look(watched=True)
    assert camera.asked == 1
    camera.hall.now += 0.2
    camera.look(watched=False)
    assert camera.asked == 1
    camera.look(watched=True)
    assert camera.asked == 2


def test_of_a_picture_that_hardly_changes_few_do(camera: Scene) -> None:
    """A shared screen that stands still is judged in time, too."""
    camera.look()
    camera.ana.send([picture(number, key_frame=number == 0) for number in range(FEW_PICTURES)])
    camera.look()
    camera.hall.now += SLOW
    assert camera.look() is None
    camera.ana.send([picture(FEW_PICTURES)])
    sample = camera.look()
    assert sample is not None
    assert len(sample.pieces) == FEW_PICTURES + 1


def test_what_begins_anew_is_another_sample(camera: Scene) -> None:
    """Its numbers say nothing of those before."""
    camera.look()
    camera.ana.send([picture(number, key_frame=number == 0) for number in range(5)])
    camera.lens.rebase(0, 0, now=camera.hall.now)
    camera.ana.send([picture(number) for number in range(5, 30)])
    assert camera.look() is None


def test_a_closed_lens_is_gone(camera: Scene) -> None:
    """The publication goes on without it."""
    camera.look()
    camera.lens.close()
    assert not camera.attached


def test_a_bug_of_the_witness_ends_the_witness_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """It looks at nothing more, and media goes on."""
    microphone = Scene(video=False)
    witness = Witness(microphone.hall.directory, clock=lambda: 1000.0)
    outbounds = microphone.publication.source.outbounds

    def follow_up(*, now: float) -> list[Finding]:
        raise ZeroDivisionError(now)

    monkeypatch.setattr(witness.channel, "follow_up", lambda **_: [])
    witness.follow_up(now=microphone.hall.now)
    assert len(outbounds) == 1
    monkeypatch.setattr(witness.channel, "follow_up", follow_up)
    with capture_logs() as logs:
        for _ in range(3):
            witness.follow_up(now=microphone.hall.now)
    assert [entry["event"] for entry in logs] == ["witness.failed"]
    assert outbounds == []
    microphone.ana.send([sound(1)])
    assert microphone.publication.bytes > 0
