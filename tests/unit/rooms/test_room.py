"""Who is told what: coming, going, publishing, speaking."""

import pytest

from sfu.rooms import events
from sfu.rooms.room import Room
from tests.support.hall import Guest, Hall
from tests.support.media import AUDIO_SSRC, OPUS, audio_track
from tests.support.packets import rtp


@pytest.fixture
def hall() -> Hall:
    return Hall()


def speech(number: int, level: int) -> bytes:
    """An Opus packet with an audio level, in -dBov."""
    return rtp(
        b"opus",
        sequence_number=number,
        ssrc=AUDIO_SSRC,
        payload_type=OPUS,
        extensions={1: bytes([0x80 | level])},
    )


def talk(hall: Hall, guest: Guest, *, first: int = 0, level: int = 20) -> None:
    for number in range(first, first + 20):
        guest.send([speech(number, level)])
        hall.pass_time(0.1)


def room_of(guest: Guest) -> Room:
    return guest.participant.room


def test_the_others_hear_who_comes_and_goes(hall: Hall) -> None:
    """Coming, and leaving with its reason, is told to everybody else, in order."""
    ana, ben = hall.enter(), hall.enter()
    room_of(ben).remove(ben.participant, "left")
    assert ana.heard == [events.Joined(ben.participant), events.Left(ben.participant, "left")]
    assert ben.heard == []


def test_rooms_do_not_hear_of_each_other(hall: Hall) -> None:
    """What happens in a room stays there."""
    ana, _ = hall.enter("one"), hall.enter("two")
    assert ana.heard == []


def test_everybody_hears_of_a_publication_its_owner_too(hall: Hall) -> None:
    """The owner learns the identifier of the track from the same event."""
    ben = hall.enter()
    ana, (publication,) = hall.publisher(audio_track())
    assert ana.told(events.Published) == ben.told(events.Published)
    assert publication.owner is ana.participant


def test_the_reason_of_an_expulsion_is_told_to_both_sides(hall: Hall) -> None:
    """Who is expelled hears by whom, the others hear that somebody was removed."""
    ana, ben = hall.enter(), hall.enter()
    room_of(ben).expel(ben.participant, "moderator")
    assert ben.heard == [events.Expelled("moderator")]
    assert ana.told(events.Left) == [events.Left(ben.participant, "removed")]


def test_leaving_twice_is_told_once(hall: Hall) -> None:
    """A removal and a leave may cross."""
    ana, ben = hall.enter(), hall.enter()
    for _ in range(2):
        room_of(ben).remove(ben.participant, "left")
    assert len(ana.told(events.Left)) == 1


def test_the_speaker_is_who_is_loud(hall: Hall) -> None:
    """Everybody hears who speaks, and that nobody does once they have left."""
    ben = hall.enter()
    ana, _ = hall.publisher(audio_track())
    talk(hall, ana)
    assert ben.told(events.SpeakerChanged) == [events.SpeakerChanged(ana.participant)]
    room_of(ana).remove(ana.participant, "left")
    assert ben.told(events.SpeakerChanged) == [events.SpeakerChanged(None)]


def test_a_muted_microphone_does_not_speak(hall: Hall) -> None:
    """Whatever its packets say: a muted track still sends."""
    ana, (microphone,) = hall.publisher(audio_track())
    ana.participant.set_muted(microphone, muted=True)
    talk(hall, ana)
    assert room_of(ana).speaker is None


def test_a_bug_costs_only_the_participant_whom_it_concerns(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The others go on, and hear that somebody was removed because of a failure."""
    ana, ben = hall.enter(), hall.enter()

    def fail(**_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(ben.participant, "handle_timeout", fail)
    hall.pass_time(0.1)
    assert ben.heard == [events.Expelled("failed")]
    assert ana.told(events.Left) == [events.Left(ben.participant, "failed")]
