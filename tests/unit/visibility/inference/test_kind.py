"""Sound is told from pictures by how large and regular packets are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.visibility.inference.kind import ENOUGH, KindGuess
from sfu.visibility.inference.window import WINDOW_SECONDS, Window
from sfu_clients.recordings.recording import RecordedStream, load_recording
from tests.support.observed import labelled

NAMES = ["opus", "vp9-l3t3-key", "av1-l3t3", "av1-l3t3-key", "h264-simulcast"]


def guessed(windows: list[Window]) -> list[str | None]:
    guess = KindGuess()
    said: list[str | None] = []
    for window in windows:
        guess.feed(window)
        said.append(guess.kind)
    return said


def cut(stream: RecordedStream) -> list[Window]:
    """What a browser sent, in windows."""
    overhead = 44  # bytes of header, extensions and SRTP
    last = stream.packets[-1].at
    windows = []
    for number in range(int(last / WINDOW_SECONDS)):
        begin = number * WINDOW_SECONDS
        sizes = [
            overhead + len(packet.payload)
            for packet in stream.packets
            if begin <= packet.at < begin + WINDOW_SECONDS
        ]
        windows.append(Window(WINDOW_SECONDS, len(sizes), sum(sizes)))
    return windows


@pytest.mark.parametrize("kind", ["audio", "video"])
def test_streams_of_test_calls_are_told_apart(kind: str) -> None:
    """Nineteen seconds of twenty, once anything is said."""
    for one in labelled(kind):
        said = [word for word in guessed(one.fed()) if word is not None]
        assert len(said) > 0.9 * len(one.windows)
        assert said.count(kind) > 0.95 * len(said)


@pytest.mark.parametrize("name", NAMES)
def test_streams_of_a_browser_are_told_apart(name: str) -> None:
    """On which nothing was fitted: Chromium's own, in every codec."""
    recording = load_recording(name)
    for stream in recording.streams:
        said = [word for word in guessed(cut(stream)) if word is not None]
        assert said
        assert said.count(recording.kind) > 0.9 * len(said)


def test_nothing_is_said_before_there_is_enough() -> None:
    """Nor of a stream that sends nothing."""
    (first, *_) = labelled("audio")
    assert set(guessed(first.fed())[: ENOUGH - 1]) == {None}
    assert set(guessed([Window(WINDOW_SECONDS, 0, 0)] * 100)) == {None}


@given(st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 3_000_000)), max_size=60))
def test_any_windows_are_taken(windows: list[tuple[int, int]]) -> None:
    """Whatever somebody sends."""
    assert set(guessed([Window(WINDOW_SECONDS, *one) for one in windows])) <= {
        None,
        "audio",
        "video",
    }
