"""One stream as a stranger sees it: all that is inferred of it, kept up to date."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfu.visibility.inference.bursts import Bursts
from sfu.visibility.inference.changes import Changes
from sfu.visibility.inference.kind import Kind, KindGuess
from sfu.visibility.inference.speech import Speech

if TYPE_CHECKING:
    from sfu.visibility.inference.window import Window


class StreamGuess:
    """Takes windows one after the other; keeps a minute of numbers."""

    def __init__(self) -> None:
        self._kind = KindGuess()
        self._speech = Speech()
        self._bursts = Bursts()
        self._changes = Changes()

    def feed(self, window: Window) -> None:
        """Take the next window."""
        self._kind.feed(window)
        self._speech.feed(window)
        if self.kind == "video":
            self._bursts.feed(window)
            self._changes.feed(window)

    @property
    def kind(self) -> Kind | None:
        """None before there is enough to guess by."""
        return self._kind.kind

    @property
    def speaking(self) -> bool | None:
        """Whether there is speech now; None of pictures, and while it cannot be told."""
        return self._speech.speaking if self.kind == "audio" else None

    @property
    def key_frames(self) -> int:
        """Bursts so far."""
        return self._bursts.count

    @property
    def changes(self) -> int:
        """Lasting changes of the rate so far."""
        return self._changes.count
