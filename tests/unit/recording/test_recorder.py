"""Recorder: what is published while it runs is in its files, and it ends when it has to."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from sfu.errors import Refused
from sfu.media.key_frames import KeyFrameCause, KeyFrameRequest
from sfu.recording.disk import MAX_WAITING_BYTES
from sfu.recording.recorder import Bounds
from sfu.rooms.events import RecordingStarted, RecordingStopped
from sfu.rooms.trace import RECORDING, Place
from sfu.wire import journal
from sfu.wire.frames import unwrap
from tests.support.hall import Hall
from tests.support.media import AUDIO_SSRC, VIDEO_SSRC, audio_track, video_track
from tests.support.recording import watch
from tests.support.studio import Actor, Studio

KEY = bytes(range(32))


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Studio]:
    """A recorder over rooms in memory, and a disk that is real."""
    studio = Studio(Hall(), tmp_path)
    yield studio
    studio.stop()


def actor(studio: Studio) -> Actor:
    """Somebody who publishes a camera and a microphone."""
    guest, _ = studio.hall.publisher()
    return Actor(studio, guest)


def records(studio: Studio) -> list[journal.Record]:
    """All of the sealed recording."""
    (stored,) = studio.stored()
    with studio.path(stored, "sealed").open("rb") as file:
        return list(journal.read(file))


def sealed(studio: Studio) -> Actor:
    """Somebody in a sealed room: what they send could as well be noise."""
    hall = studio.hall
    participant = hall.directory.enter(
        "hall", "Ana", hall.enter("other").participant.permissions,
        mode="e2ee-passphrase", hello="QW5h",
    )  # fmt: skip
    guest = hall.enter("other")
    guest.participant = participant
    participant.listen(guest.heard.append)
    guest.connect()
    guest.publish(video_track(), audio_track())
    return Actor(studio, guest)


class TestInClear:
    """One file for each publication."""

    def test_it_plays(self, studio: Studio) -> None:
        """From the first key frame after the beginning, in pictures and sound."""
        ana = actor(studio)
        ana.act(0.5)
        studio.start()
        ana.act(2.0)
        studio.stop()
        (stored,) = studio.stored()
        assert (stored.mode, stored.by, stored.reason) == ("hop", "Mo", "stopped")
        assert stored.ended is not None
        assert stored.ended - stored.started == pytest.approx(2.0)
        (camera,) = watch(studio.path(stored, "camera")).values()
        (microphone,) = watch(studio.path(stored, "microphone")).values()
        assert set(camera.sizes) == {(320, 180)}
        assert camera.sizes[320, 180] > 50
        assert microphone.seconds == pytest.approx(2.0, abs=0.2)

    def test_who_comes_later_is_recorded_too(self, studio: Studio) -> None:
        """And everybody is told: those who are here, and those who come."""
        first = studio.hall.enter()
        ident = studio.start()
        (started,) = first.told(RecordingStarted)
        assert started == RecordingStarted(ident, None, "Mo")
        recorder = first.participant.room.recording
        assert recorder is not None
        assert recorder.notice == started
        ana = actor(studio)
        ana.act(1.0)
        studio.stop()
        (stopped,) = first.told(RecordingStopped)
        assert stopped == RecordingStopped(ident, "stopped")
        assert first.participant.room.recording is None
        (stored,) = studio.stored()
        assert len(stored.files) == 2

    def test_after_a_loss_it_waits_for_a_key_frame(self, studio: Studio) -> None:
        """Which it asks for; what came between is left out, since nobody could decode it."""
        ana = actor(studio)
        studio.start()
        ana.act(1.0)
        (publication, _) = studio.hall.directory.rooms["hall"].publications.values()
        ana.deaf = True
        ana.act(2.0, lost=frozenset(range(40, 44)))
        assert publication.source.key_frames.asked[KeyFrameCause.LOSS]
        trace = dict(publication.owner.room.trace)[Place(RECORDING, publication.id)]
        causes = [entry.cause for entry in trace if isinstance(entry, KeyFrameRequest)]
        assert KeyFrameCause.LOSS in causes
        assert len(trace) > len(causes)
        ana.deaf = False
        ana.act(1.0)
        studio.stop()
        (stored,) = studio.stored()
        (camera,) = watch(studio.path(stored, "camera")).values()
        assert 40 < camera.sizes[320, 180] < 100
        assert camera.seconds == pytest.approx(4.0, abs=0.3)

    def test_a_publication_may_end_before(self, studio: Studio) -> None:
        """Its file is closed, and nothing of the recording is left at its source."""
        ana = actor(studio)
        studio.start()
        ana.act(1.0)
        room = studio.hall.directory.rooms["hall"]
        sources = [publication.source for publication in room.publications.values()]
        (participant,) = room.participants.values()
        participant.publish([], {}, anew=False)
        studio.pass_time(0.2)
        assert [source.outbounds for source in sources] == [[], []]
        studio.stop()
        (stored,) = studio.stored()
        (camera,) = watch(studio.path(stored, "camera")).values()
        assert camera.sizes[320, 180] > 25

    def test_nonsense_costs_itself(self, studio: Studio) -> None:
        """What is no media of its codec is left out; there is no file of it."""
        guest, (publication, _) = studio.hall.publisher()
        studio.start()
        for number in range(1, 40):
            noise = b"\x10" + bytes([number]) * 30
            packet = b"\x80\xe0" + number.to_bytes(2, "big") + bytes(4) + b"\x00\x00\x11\x11"
            guest.send([packet + noise])
            studio.pass_time(0.1)
        assert publication.source.inbound is not None
        studio.stop()
        (stored,) = studio.stored()
        assert (stored.reason, stored.files) == ("stopped", ())


class TestSealed:
    """One file of what cannot be read here."""

    def test_frames_and_keys_lie_in_it_as_they_came(self, studio: Studio) -> None:
        """Whole frames, byte for byte, with who sent them, and keys that only the key opens."""
        ana = sealed(studio)
        ident = studio.start(KEY)
        sent = ana.act(1.0)
        room = studio.hall.directory.rooms["hall"]
        (participant,) = room.participants.values()
        assert room.recording is not None
        room.recording.keep_keys(participant, b"sealed keys")
        sent += ana.act(0.5)
        studio.stop()
        begun, *rest = records(studio)
        assert begun == journal.Begun(
            ident, "hall", "e2ee-passphrase", round(1_000_100.0 * 1000), KEY
        )
        assert journal.Person(participant.id, "Ana", "QW5h") in rest
        assert journal.SealedKeys(participant.id, b"sealed keys") in rest
        assert rest[-1] == journal.Ended("stopped")
        tracks = {one.number: one for one in rest if isinstance(one, journal.Track)}
        assert {track.source for track in tracks.values()} == {"camera", "microphone"}
        assert {track.participant for track in tracks.values()} == {participant.id}
        pictures = [one for one in rest if isinstance(one, journal.SealedPicture)]
        stored = {
            kind: [one.frames[0] for one in pictures if tracks[one.track].codec == kind]
            for kind in ("opus", "VP8")
        }
        assert len(stored["opus"]) > 60
        assert len(stored["VP8"]) > 30
        assert set(stored["opus"]) <= {payload for ssrc, payload in sent if ssrc == AUDIO_SSRC}
        video = unwrap("VP8", [payload for ssrc, payload in sent if ssrc == VIDEO_SSRC])
        assert all(frame in video for frame in stored["VP8"])

    @pytest.mark.parametrize(
        ("mode", "key", "code"),
        [
            pytest.param("hop", KEY, "not-sealed", id="a key for a clear room"),
            pytest.param("e2ee-passphrase", None, "key-missing", id="a sealed room without one"),
        ],
    )
    def test_the_key_has_to_fit_the_mode(
        self, studio: Studio, mode: str, key: bytes | None, code: str
    ) -> None:
        """Nobody records in another way than they think."""
        if mode == "hop":
            studio.hall.enter()
        else:
            sealed(studio)
        with pytest.raises(Refused) as refusal:
            studio.start(key)
        assert refusal.value.code == code

    def test_keys_in_a_clear_room(self, studio: Studio) -> None:
        """There is nothing to open with them."""
        guest = studio.hall.enter()
        studio.start()
        recorder = guest.participant.room.recording
        assert recorder is not None
        with pytest.raises(Refused, match="not-sealed"):
            recorder.keep_keys(guest.participant, b"keys")


class TestEnds:
    """It ends by itself, and says why."""

    @pytest.mark.parametrize(
        ("bounds", "reason"),
        [
            pytest.param(Bounds(60_000, 60.0), "full", id="the room's share of the disk"),
            pytest.param(Bounds(10_000_000, 1.0), "time", id="its time"),
        ],
    )
    def test_bounds(self, tmp_path: Path, bounds: Bounds, reason: str) -> None:
        """What the operator allows."""
        studio = Studio(Hall(), tmp_path, bounds)
        ana = sealed(studio)
        studio.start(KEY)
        ana.act(3.0)
        assert not studio.recorder.running
        studio.stop()
        (stored,) = studio.stored()
        assert stored.reason == reason
        assert records(studio)[-1] == journal.Ended(reason)
        if reason == "full":
            with pytest.raises(Refused, match="recordings-full"):
                studio.start(KEY)

    def test_with_its_room(self, studio: Studio) -> None:
        """When everybody has left."""
        guest = studio.hall.enter()
        studio.start()
        guest.participant.room.remove(guest.participant, "left")
        studio.pass_time(0.2)
        studio.stop()
        assert [one.reason for one in studio.stored()] == ["room_ended"]

    def test_with_its_server(self, studio: Studio) -> None:
        """When the server ends."""
        guest = studio.hall.enter()
        studio.start()
        studio.recorder.stop_all(now=studio.hall.now)
        (stopped,) = guest.told(RecordingStopped)
        assert stopped.reason == "drained"

    def test_with_its_disk(self, studio: Studio, tmp_path: Path) -> None:
        """When it takes nothing any more; the call goes on."""
        ana = sealed(studio)
        ident = studio.start(KEY)
        studio.disk.close()
        (tmp_path / "hall" / ident / "recording.sealed").unlink()
        (tmp_path / "hall" / ident / "recording.json").unlink()
        (tmp_path / "hall" / ident).rmdir()
        studio.recorder.running["hall"].files[0].failed = True
        ana.act(0.5)
        assert not studio.recorder.running

    def test_a_bug_ends_it_and_nothing_else(
        self, studio: Studio, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The call goes on."""
        ana = actor(studio)
        studio.start()

        def fail(**_: float) -> str:
            raise ZeroDivisionError

        monkeypatch.setattr(studio.recorder.running["hall"], "follow_up", fail)
        ana.act(0.2)
        studio.stop()
        assert [one.reason for one in studio.stored()] == ["failed"]


def test_a_slow_disk_costs_pieces_and_keeps_the_order(studio: Studio) -> None:
    """What it does not take is left out and marked as a gap; nobody waits for it."""
    ana = sealed(studio)
    studio.start(KEY)
    ana.act(0.5)
    studio.disk.close()
    studio.disk.put(MAX_WAITING_BYTES, lambda: None)
    ana.act(0.5)
    studio.disk.close()
    ana.act(0.5)
    studio.stop()
    found = [one for one in records(studio) if isinstance(one, journal.SealedPicture)]
    assert found
    assert records(studio)[-1] == journal.Ended("stopped")


@pytest.mark.parametrize(
    ("case", "code"),
    [
        pytest.param("nobody", "no-room", id="nobody is there"),
        pytest.param("twice", "already-recording", id="it runs already"),
    ],
)
def test_refusals(studio: Studio, case: str, code: str) -> None:
    """With a code for programs."""
    if case == "twice":
        studio.hall.enter()
        studio.start()
    with pytest.raises(Refused) as refusal:
        studio.start()
    assert refusal.value.code == code


def test_two_requests_at_once(studio: Studio) -> None:
    """Both were allowed before either had begun: one of them records."""
    studio.hall.enter()
    found, order = studio.recorder.order("hall", None, None)
    _, other = studio.recorder.order("hall", None, None)
    folder, left = studio.recorder.prepare(found, order)
    second, _ = studio.recorder.prepare(found, other)
    studio.recorder.start(found, order, folder, left, now=studio.hall.now)
    with pytest.raises(Refused, match="already-recording"):
        studio.recorder.start(found, other, second, left, now=studio.hall.now)
    studio.stop()
    assert sorted(str(one.reason) for one in studio.stored()) == ["refused", "stopped"]
    assert json.loads((folder / "recording.json").read_bytes())["reason"] == "stopped"


def test_stopping_what_does_not_run(studio: Studio) -> None:
    """It is refused."""
    with pytest.raises(Refused, match="not-recording"):
        studio.recorder.stop("hall", now=0.0)
