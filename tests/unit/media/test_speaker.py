"""The active speaker: quick for the first, steady afterwards."""

from collections.abc import Mapping

from sfu.media.speaker import HOLD, QUIET, ActiveSpeaker

LOUD, LOW, SILENT = 20, 45, 127


class Room:
    """Levels of some people, heard ten times a second."""

    def __init__(self) -> None:
        self.speaker = ActiveSpeaker()
        self.now = 0.0
        self.history: list[object] = []

    def hear(self, seconds: float, *, voice: bool = True, **levels: int) -> object:
        """Let these levels be for so long; who is the speaker afterwards?"""
        return self.hear_levels(seconds, levels, voice=voice)

    def hear_levels(self, seconds: float, levels: Mapping[str, int], *, voice: bool) -> object:
        for _ in range(round(seconds * 10)):
            self.now += 0.1
            for name, level in levels.items():
                self.speaker.note(name, level, voice=voice, now=self.now)
            self.history.append(self.speaker.current(now=self.now))
        return self.speaker.current(now=self.now)


def test_nobody_speaks_in_silence() -> None:
    """Quiet rooms have no speaker, whatever the voice bit says."""
    room = Room()
    assert room.speaker.current(now=0) is None
    assert room.hear(3, ana=SILENT, ben=SILENT) is None
    assert room.hear(3, voice=False, ana=QUIET, ben=SILENT) is None


def test_the_first_voice_is_taken_at_once() -> None:
    """There is nobody to disturb."""
    assert Room().hear(0.1, ana=LOUD, ben=SILENT) == "ana"


def test_silence_keeps_the_last_speaker() -> None:
    """A pause does not empty the stage."""
    room = Room()
    room.hear(2, ana=LOUD, ben=SILENT)
    assert room.hear(30, ana=SILENT, ben=SILENT) == "ana"


def test_another_speaker_takes_over_after_a_while() -> None:
    """Whoever goes on speaking gets the stage, once."""
    room = Room()
    room.hear(2, ana=LOUD, ben=SILENT)
    assert room.hear(HOLD * 0.8, ana=SILENT, ben=LOUD) == "ana"
    assert room.hear(HOLD, ana=SILENT, ben=LOUD) == "ben"
    assert room.history.index("ben") - room.history.index("ana") <= 35


def test_a_cough_changes_nothing() -> None:
    """Less than a second is no speech."""
    room = Room()
    room.hear(2, ana=LOUD, ben=SILENT)
    assert room.hear(0.3, ana=LOW, ben=5) == "ana"
    assert room.hear(2, ana=LOUD, ben=SILENT) == "ana"


def test_echo_does_not_compete() -> None:
    """Somebody about as loud as the speaker does not take the stage."""
    room = Room()
    room.hear(2, ana=LOUD, ben=SILENT)
    assert room.hear(10, ana=LOUD, ben=LOUD - 2) == "ana"


def test_taking_turns_does_not_flicker() -> None:
    """Two people who interrupt each other every half second change the stage rarely."""
    room = Room()
    for _ in range(20):
        room.hear(0.5, ana=LOUD, ben=SILENT)
        room.hear(0.5, ana=SILENT, ben=LOUD)
    changes = sum(a != b for a, b in zip(room.history, room.history[1:], strict=False))
    assert changes <= 1


def test_levels_that_stop_coming_are_silence() -> None:
    """A muted microphone sends nothing; its last level does not hold the stage."""
    room = Room()
    room.hear(2, ana=LOUD, ben=SILENT)
    assert room.hear(2 + HOLD, ben=LOW) == "ben"


def test_who_leaves_is_forgotten() -> None:
    """The stage is free when its speaker or the next one leaves."""
    room = Room()
    room.hear(2, ana=LOUD, ben=SILENT)
    room.hear(0.5, ana=SILENT, ben=LOUD)
    room.speaker.forget("ben")
    assert room.hear(2, ana=SILENT) == "ana"
    room.speaker.forget("ana")
    assert room.speaker.current(now=room.now) is None
    room.speaker.forget("nobody")
    assert room.hear(0.1, chi=LOUD) == "chi"
