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
        if self.kind != "video":
            self._speech.feed(window)
        if self.kind != "audio":
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
        """Bursts so far; of sound they are none."""
        return self._bursts.count if self.kind == "video" else 0

    @property
    def changes(self) -> int:
        """Lasting changes of the rate so far; of sound they mean nothing."""
        return self._changes.count if self.kind == "video" else 0
