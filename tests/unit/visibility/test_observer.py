"""The sheet says what happened, since when, and does not forget it when somebody leaves."""

from collections.abc import Callable

import pytest

from sfu.rooms.publication import Publication
from sfu.rooms.room import HOP, Room
from sfu.visibility.observer import INTERVAL, Observer
from sfu.visibility.sheet import Line, Sheet, Witnessed
from sfu.visibility.testimony import Impression
from tests.support.hall import Guest, Hall
from tests.support.media import VIDEO_SSRC, VP8, audio_track, video_track
from tests.support.packets import rtp, vp8

SEALED = "e2ee-passphrase"


def picture(number: int) -> bytes:
    return rtp(
        vp8(key_frame=number == 0, picture_id=number),
        sequence_number=number,
        timestamp=6000 * number,
        ssrc=VIDEO_SSRC,
        payload_type=VP8,
        marker=True,
    )


class Witness:
    """Says what a test has it say."""

    def __init__(self) -> None:
        self.found = Witnessed()

    def of_room(self, room: Room) -> dict[str, Witnessed]:
        assert room.name == "hall"
        return {"video": self.found}

    def of_stream(self, publication: Publication) -> Impression | None:
        return Impression("opaque", f"figures of a {publication.kind}", 1, None, 1000.0)

    def watch(self, room: Room) -> None:
        raise NotImplementedError


class Scene:
    """A room of one mode, with somebody in it."""

    def __init__(self, mode: str, witness: Witness | None = None) -> None:
        self.hall = Hall()
        self.observer = Observer(self.hall.directory, witness, clock=lambda: self.hall.now)
        self.ana: Guest = self.hall.enter(mode=mode)
        self.ana.connect()

    def film(self) -> None:
        self.ana.publish(video_track(), audio_track())
        self.ana.send([picture(number) for number in range(5)])

    @property
    def sheet(self) -> Sheet:
        return self.observer.describe(self.hall.directory.rooms["hall"])

    def line(self, function: str) -> Line:
        (found,) = [line for line in self.sheet.functions if line.function == function]
        return found


@pytest.mark.parametrize(
    ("mode", "verdict", "depth"),
    [
        pytest.param(HOP, "readable", "media", id="hop"),
        pytest.param(SEALED, "opaque", "shim", id="sealed"),
    ],
)
def test_video_is_what_the_mode_makes_it(mode: str, verdict: str, depth: str) -> None:
    """With its counters; a camera that was switched off was there nevertheless."""
    scene = Scene(mode)
    assert (scene.line("video").verdict, scene.line("video").since) == ("none", None)
    scene.film()
    began = scene.hall.now
    ends: tuple[Callable[[], object], ...] = (lambda: None, scene.ana.publish)
    for end in ends:
        end()
        line = scene.line("video")
        scene.hall.now += 5
        assert (line.verdict, line.since) == (verdict, began)
        assert (line.evidence.depth, line.evidence.bytes) == (depth, 5 * len(picture(0)))
        assert (line.evidence.srtp_sessions, line.evidence.frame_keys) == (2, 0)
    assert scene.line("audio").verdict == "none"


@pytest.mark.parametrize(
    ("mode", "found", "verdict"),
    [
        pytest.param(SEALED, Witnessed(undecided=3), "opaque", id="sealed, undecided"),
        pytest.param(SEALED, Witnessed(opaque=9, readable=1), "readable", id="sealed, a liar"),
        pytest.param(HOP, Witnessed(undecided=3), "readable", id="hop, undecided"),
        pytest.param(HOP, Witnessed(opaque=3), "opaque", id="hop, nothing readable"),
    ],
)
def test_what_the_witness_found_outweighs_the_mode(
    mode: str, found: Witnessed, verdict: str
) -> None:
    """Once readable is readable for good; without a decision the mode's word stands."""
    witness = Witness()
    scene = Scene(mode, witness)
    scene.film()
    witness.found = found
    line = scene.line("video")
    assert (line.verdict, line.evidence.witness) == (verdict, found)
    assert [stream.figures for stream in scene.sheet.streams] == [
        "figures of a video",
        "figures of a audio",
    ]


def act_nothing(scene: Scene) -> None:
    assert scene.ana


def record(scene: Scene) -> None:
    scene.ana.participant.room.recording = object()  # type: ignore[assignment]


def film(scene: Scene) -> None:
    scene.film()


@pytest.mark.parametrize(
    ("act", "function", "verdict"),
    [
        pytest.param(act_nothing, "roster", "readable", id="who is there"),
        pytest.param(act_nothing, "addresses", "readable", id="from where"),
        pytest.param(act_nothing, "activity", "none", id="nobody does anything"),
        pytest.param(film, "activity", "readable", id="somebody does"),
        pytest.param(act_nothing, "recording", "none", id="no recording"),
        pytest.param(record, "recording", "opaque", id="a sealed recording"),
    ],
)
def test_what_no_seal_hides_is_said(
    act: Callable[[Scene], None], function: str, verdict: str
) -> None:
    """In an end-to-end mode, too."""
    scene = Scene(SEALED)
    act(scene)
    assert scene.line(function).verdict == verdict


def test_the_time_is_that_of_the_change_not_of_the_question() -> None:
    """Rooms are looked at once a second, whoever asks."""
    scene = Scene(HOP)
    scene.film()
    scene.observer.follow_up(now=scene.hall.now)
    began = scene.hall.now
    scene.hall.now += INTERVAL * 60
    assert scene.line("video").since == began


def test_nobody_is_guessed_about_unannounced() -> None:
    """Only where people are told of a witness; and then before there is enough to guess by, too."""
    for witness, told in ((None, False), (Witness(), True)):
        scene = Scene(SEALED, witness)
        scene.film()
        scene.observer.follow_up(now=scene.hall.now)
        assert all((stream.inferred is not None) is told for stream in scene.sheet.streams)
