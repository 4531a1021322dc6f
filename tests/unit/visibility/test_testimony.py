"""What the witness's process says is kept for as long as it is true, and no longer."""

from base64 import b64decode

import msgspec
import pytest

from sfu.media.key_frames import KeyFrameCause
from sfu.visibility.glimpses import MOST_LOOKS, Glimpses
from sfu.visibility.lens import HURRIES
from sfu.visibility.observer import Observer
from sfu.visibility.samples import Excerpt, Finding, Glimpse
from sfu.visibility.sheet import Seen
from sfu.visibility.testimony import Witness
from tests.support.hall import Guest, Hall
from tests.support.media import AUDIO_SSRC, OPUS, VIDEO_SSRC, VP8, audio_track, video_track
from tests.support.packets import rtp, vp8

SOUND = Glimpse(loudness=(-20, -30), spectrogram=((0,) * 20, (3,) * 20))


class Scripted:
    """The process, as far as a witness notices: it says what a test has it say."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self.asked: list[int] = []
        self.starts = 0

    def is_free(self, *, first: bool, now: float) -> bool:
        return (first or now > 0) and not self.findings

    def put(self, sample: Excerpt, *, now: float) -> None:
        assert now
        self.asked.append(sample.number)

    def follow_up(self, *, now: float) -> list[Finding]:
        assert now
        self.starts += 1
        found, self.findings = self.findings, []
        return found

    def close(self) -> None:
        return


class Scene:
    """A microphone in a room, and a witness whose findings a test writes."""

    def __init__(self) -> None:
        self.hall = Hall()
        self.witness = Witness(self.hall.directory, clock=lambda: self.hall.now)
        self.process = self.witness.channel = Scripted()  # type: ignore[assignment]
        self.observer = Observer(self.hall.directory, self.witness, clock=lambda: self.hall.now)
        self.ana: Guest
        self.ana, (self.microphone,) = self.hall.publisher(audio_track())
        self._sent = 0

    def sample(self) -> float:
        """A second of sound goes to the process; return when."""
        self.hall.now += 5
        self.speak()
        return self.hall.now

    def speak(self) -> bool:
        """Another second of sound; return whether it goes to the process at once."""
        before = len(self.process.asked)
        for _ in range(50):
            self._sent += 1
            packet = rtp(
                b"\x78abc",
                sequence_number=self._sent,
                timestamp=960 * self._sent,
                ssrc=AUDIO_SSRC,
                payload_type=OPUS,
            )
            self.ana.send([packet])
        self.witness.follow_up(now=self.hall.now)
        return len(self.process.asked) > before

    def find(self, seen: Seen, glimpse: Glimpse | None, *, number: int | None = None) -> float:
        """A sample is taken and judged; return when it was taken."""
        taken = self.sample()
        asked = self.process.asked[-1] if number is None else number
        self.process.findings = [Finding(asked, seen, "figures", glimpse)]
        self.hall.now += 0.1
        self.witness.follow_up(now=self.hall.now)
        return taken

    @property
    def glimpses(self) -> Glimpses:
        return self.observer.glimpse(self.hall.directory.rooms["hall"])


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_what_was_got_out_of_a_stream_is_told(scene: Scene) -> None:
    """With what it is of, how often it was tried, and when it was taken."""
    assert [(one.seen, one.taken, one.loudness) for one in scene.glimpses.streams] == [
        (None, None, None)
    ]
    scene.find("opaque", None)
    taken = scene.find("readable", SOUND)
    (look,) = scene.glimpses.streams
    assert (look.participant, look.publication) == (scene.ana.participant.id, scene.microphone.id)
    assert (look.function, look.seen, look.tries, look.taken) == ("audio", "readable", 2, taken)
    assert (look.loudness, look.spectrogram) == (SOUND.loudness, SOUND.spectrogram)
    assert scene.glimpses.written == scene.hall.now


@pytest.mark.parametrize(
    ("seen", "kept"),
    [
        pytest.param("undecided", True, id="undecided"),
        pytest.param("opaque", False, id="opaque"),
    ],
)
def test_what_became_opaque_is_shown_no_more(scene: Scene, seen: Seen, kept: bool) -> None:  # noqa: FBT001
    """A sample that decides nothing leaves what there was, with its age."""
    taken = scene.find("readable", SOUND)
    later = scene.find(seen, SOUND)
    (look,) = scene.glimpses.streams
    assert look.seen == seen
    assert look.loudness == (SOUND.loudness if kept else None)
    assert look.taken == (taken if kept else later)


@pytest.mark.parametrize("seen", ["opaque", "undecided"])
def test_a_glimpse_without_the_verdict_is_not_believed(scene: Scene, seen: Seen) -> None:
    """Only somebody who has broken into the process would send one."""
    scene.find(seen, SOUND)
    assert scene.glimpses.streams[0].loudness is None


def test_what_decided_nothing_is_tried_again_at_once(scene: Scene) -> None:
    """Twice, for a stream of which nothing is known; then it rests like all others."""
    for attempt in range(HURRIES + 1):
        scene.find("undecided", None)
        assert scene.speak() is (attempt < HURRIES)


def test_what_is_known_rests(scene: Scene) -> None:
    """Also if a later sample decides nothing."""
    findings: tuple[Seen, ...] = ("opaque", "undecided")
    for seen in findings:
        scene.find(seen, None)
        assert not scene.speak()


def test_an_answer_to_no_question_is_passed_over(scene: Scene) -> None:
    """Whatever it says."""
    scene.find("readable", SOUND, number=999)
    assert scene.glimpses.streams[0].seen is None


def test_it_is_forgotten_with_the_stream(scene: Scene) -> None:
    """Also when its sample is judged after the end."""
    scene.find("readable", SOUND)
    scene.sample()
    gone = scene.microphone
    scene.ana.publish()
    scene.process.findings = [Finding(scene.process.asked[-1], "readable", "late", SOUND)]
    scene.witness.follow_up(now=scene.hall.now)
    assert scene.glimpses.streams == ()
    assert scene.witness.of_stream(gone) is None


def test_in_json_a_picture_is_base64(scene: Scene) -> None:
    """As the page wants it for an address of an image."""
    scene.find("readable", Glimpse(picture=b"\xff\xd8\xff\xfb"))
    (look,) = msgspec.json.decode(msgspec.json.encode(scene.glimpses))["streams"]
    assert b64decode(look["picture"]) == b"\xff\xd8\xff\xfb"
    assert look["loudness"] is None


def test_an_answer_is_bounded(scene: Scene) -> None:
    """However many there are, those that were tried last are told."""
    taken = scene.find("readable", SOUND)
    for _ in range(MOST_LOOKS):
        scene.hall.publisher(audio_track())
    streams = scene.glimpses.streams
    assert len(streams) == MOST_LOOKS
    assert streams[0].taken == taken


@pytest.mark.parametrize(
    ("looks", "asked"), [pytest.param(True, 2, id="watched"), pytest.param(False, 1, id="alone")]
)
def test_who_looks_has_young_pictures(looks: bool, asked: int) -> None:  # noqa: FBT001
    """For as long as somebody asks for glimpses, more key frames are asked for."""
    hall = Hall()
    witness = Witness(hall.directory, clock=lambda: hall.now)
    witness.channel = Scripted()  # type: ignore[assignment]
    observer = Observer(hall.directory, witness, clock=lambda: hall.now)
    ana, (camera,) = hall.publisher(video_track())
    for number in range(16):
        if looks:
            observer.glimpse(hall.directory.rooms["hall"])
        witness.follow_up(now=hall.now)
        packet = rtp(
            vp8(key_frame=False, picture_id=number),
            sequence_number=number,
            timestamp=45_000 * number,
            ssrc=VIDEO_SSRC,
            payload_type=VP8,
            marker=True,
        )
        ana.send([packet])
        hall.now += 0.5
    assert camera.source.key_frames.asked[KeyFrameCause.WITNESS] == asked


def test_the_process_is_there_before_the_first_stream() -> None:
    """To start it takes a while; without people there is none."""
    hall = Hall()
    witness = Witness(hall.directory, clock=lambda: hall.now)
    process = witness.channel = Scripted()  # type: ignore[assignment]
    witness.follow_up(now=hall.now)
    assert process.starts == 0
    hall.enter()
    witness.follow_up(now=hall.now)
    assert process.starts == 1
