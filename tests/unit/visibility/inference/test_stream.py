"""All that is inferred of a stream, each where it makes sense."""

from sfu.visibility.inference.stream import StreamGuess
from sfu.visibility.inference.window import WINDOW_SECONDS, Window
from tests.support.observed import Labelled, labelled


def watched(one: Labelled) -> StreamGuess:
    guess = StreamGuess()
    for window in one.fed():
        guess.feed(window)
    return guess


def test_sound_speaks_and_has_no_key_frames() -> None:
    """Nor changes of layers."""
    for one in labelled("audio"):
        guess = watched(one)
        assert (guess.kind, guess.key_frames, guess.changes) == ("audio", 0, 0)
        assert guess.speaking is not None


def test_pictures_have_key_frames_and_changes_and_do_not_speak() -> None:
    """Counted from the beginning."""
    for one in labelled("video"):
        guess = watched(one)
        assert (guess.kind, guess.speaking) == ("video", None)
        assert guess.changes > 0
        assert guess.key_frames > 0 or not one.key_frames


def test_nothing_is_known_at_first() -> None:
    """Of a stream that has sent nothing."""
    guess = StreamGuess()
    guess.feed(Window(WINDOW_SECONDS, 0, 0))
    assert (guess.kind, guess.speaking, guess.key_frames, guess.changes) == (None, None, 0, 0)
