"""The trace tells of each switch what it was for, and of each key frame who wanted it."""

import pytest

from sfu.media.codec import Codec
from sfu.media.key_frames import KeyFrameCause, KeyFrameRequest
from sfu.media.selector import Direction, Switch, SwitchReason
from sfu.rooms.trace import KEPT, KEPT_IN_ROOM, Entry, Place, Trace
from tests.support.encoders import TYPES
from tests.support.hall import Guest, Hall
from tests.support.media import video_track
from tests.support.streams import publisher

WISH, SUBSCRIBED = KeyFrameCause.WISH, KeyFrameCause.SUBSCRIBED


def request(at: float) -> KeyFrameRequest:
    return KeyFrameRequest(at, WISH)


class Scene:
    """Ana sends three layers of VP9, in which only a key frame leads to another."""

    def __init__(self) -> None:
        self.hall = Hall()
        self._film = publisher("VP9 L3T3_KEY, in groups")
        self.ana, (self.camera,) = self.hall.publisher(
            video_track(codecs={TYPES[Codec.VP9]: Codec.VP9})
        )
        self.viewers: list[Guest] = []

    def watch(self) -> Guest:
        """Somebody more watches the largest picture."""
        self.viewers.append(self.hall.viewer(self.camera))
        return self.viewers[-1]

    def play(self, pictures: int = 8) -> None:
        """Let time pass, ten pictures a second; a key frame comes once it is asked for."""
        for _ in range(pictures):
            key_frames = self.camera.source.key_frames
            key_frames.handle_timeout(now=self.hall.now)
            for _, packet in self._film.next_picture(key=key_frames.waiting):
                self.ana.send([packet])
            self.hall.pass_time(0.1)

    def trace(self, viewer: Guest | None) -> tuple[Entry, ...]:
        """What is remembered of this viewer, or of nobody's."""
        ident = None if viewer is None else viewer.participant.id
        return dict(self.ana.participant.room.trace).get(Place(ident, self.camera.id), ())


def told(entries: tuple[Entry, ...]) -> list[object]:
    """Entries without their times."""
    return [
        (one.was, one.now, one.wanted, one.direction.value, one.reason.value)
        if isinstance(one, Switch)
        else one.cause.value
        for one in entries
    ]


def test_each_switch_has_its_cause() -> None:
    """HD, SD, base, nothing; and the key frames that two of these needed; nobody else's."""
    scene = Scene()
    scene.play()
    ben, chi = scene.watch(), scene.watch()
    scene.play()
    for lines in (360, 180, 0):
        ben.participant.wish(scene.camera, lines, now=scene.hall.now)
        scene.play()
    assert told(scene.trace(ben)) == [
        "subscribed",
        (None, (2, 2), (2, 2), "on", "start"),
        "wish",
        ((2, 2), (1, 2), (1, 2), "down", "wish"),
        "wish",
        ((1, 2), (0, 2), (0, 2), "down", "wish"),
        ((0, 2), None, None, "off", "wish"),
    ]
    assert told(scene.trace(chi)) == ["subscribed", (None, (2, 2), (2, 2), "on", "start")]
    times = [entry.at for entry in scene.trace(ben)]
    assert times == sorted(times)
    assert times[-1] - times[0] == pytest.approx(2.4, abs=0.2)


def test_what_is_asked_for_all_is_nobody_s_own() -> None:
    """As by the witness, or after losses."""
    scene = Scene()
    ben = scene.watch()
    scene.camera.source.request_key_frame(KeyFrameCause.WITNESS, now=scene.hall.now)
    scene.play()
    assert told(scene.trace(None)) == ["witness"]
    assert "witness" not in told(scene.trace(ben))


def test_what_has_ended_is_remembered() -> None:
    """Until the room ends; even what happened in the moment before."""
    scene = Scene()
    ben = scene.watch()
    scene.play()
    ben.participant.wish(scene.camera, 360, now=scene.hall.now)
    ben.participant.unsubscribe(next(iter(ben.participant.subscriptions.values())))
    assert told(scene.trace(ben))[-1] == "wish"
    scene.camera.source.request_key_frame(KeyFrameCause.LOSS, now=scene.hall.now)
    scene.ana.participant.unpublish(scene.camera)
    assert told(scene.trace(None)) == ["loss"]


def test_a_subscription_keeps_its_last_entries() -> None:
    """In the order in which they happened, whoever of selector and subscriber told first."""
    trace, place = Trace(), Place("ben", "camera")
    for start in range(0, 3 * KEPT, 4):
        switch = Switch(start, None, (0, 0), (0, 0), Direction.ON, SwitchReason.START, 0.0)
        trace.note(place, [request(start + 2), request(start + 1), switch])
    ((_, entries),) = trace
    assert len(entries) == KEPT
    assert [entry.at for entry in entries] == sorted(entry.at for entry in entries)
    assert entries[-1].at == 3 * KEPT - 2


def test_a_room_is_bounded() -> None:
    """The oldest of whatever has been quiet longest goes first; then it is gone altogether."""
    trace, full = Trace(), KEPT_IN_ROOM // KEPT
    for number in range(full + 1):
        trace.note(Place(str(number), "camera"), [request(at) for at in range(KEPT)])
        trace.note(Place("0", "screen"), [request(number)])
    kept = {place: len(entries) for place, entries in trace}
    assert sum(kept.values()) == KEPT_IN_ROOM
    assert Place("0", "camera") not in kept
    assert kept[Place("0", "screen")] == KEPT
    assert kept[Place(str(full), "camera")] == KEPT
