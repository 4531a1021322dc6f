"""Who publishes and who watches whom, by the name of a layout."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from sfu.signalling.messages import MAX_MEDIA_SECTIONS
from sfu_clients.errors import ClientError

MAX_PARTICIPANTS: Final = 500
MAX_SECONDS: Final = 3600.0

DEFAULT_MEETING: Final = 4
DEFAULT_WEBINAR: Final = (1, 10)
"""Participants of a meeting; publishers and subscribers of a webinar."""

LAYOUTS: Final = ("audio", "meeting", "webinar")


@dataclass(frozen=True, slots=True)
class Layout:
    """`publishers` come first; they watch each other if `mutual`; `subscribers` watch them all."""

    name: str
    publishers: int
    subscribers: int
    mutual: bool
    kinds: tuple[str, ...]

    @property
    def participants(self) -> int:
        """Everybody."""
        return self.publishers + self.subscribers

    @property
    def watchers(self) -> range:
        """The places of those who watch somebody."""
        first = 0 if self.mutual and self.publishers > 1 else self.publishers
        return range(first, self.participants)

    def watched_by(self, place: int) -> Iterator[int]:
        """The places of the publishers that a participant watches."""
        for publisher in range(self.publishers):
            if publisher != place and (self.mutual or place >= self.publishers):
                yield publisher


def layout(name: str, publishers: int | None, subscribers: int | None) -> Layout:
    """The layout with these numbers, or with usual ones; raises ClientError."""
    if name not in LAYOUTS:
        known = ", ".join(LAYOUTS)
        raise ClientError(f"There is no layout {name!r} yet; there are {known}.")
    mutual = name != "webinar"
    usual = (DEFAULT_MEETING, 0) if mutual else DEFAULT_WEBINAR
    chosen = Layout(
        name=name,
        publishers=usual[0] if publishers is None else publishers,
        subscribers=usual[1] if subscribers is None else subscribers,
        mutual=mutual,
        kinds=("audio",) if name == "audio" else ("video", "audio"),
    )
    _check(chosen)
    return chosen


def _check(chosen: Layout) -> None:
    if chosen.publishers < 1 or chosen.subscribers < 0:
        raise ClientError("A load needs at least one publisher, and no less than no subscribers.")
    if not chosen.watchers:
        raise ClientError("Nobody would watch: add subscribers, or publishers to a meeting.")
    if chosen.participants > MAX_PARTICIPANTS:
        raise ClientError(f"A load has at most {MAX_PARTICIPANTS} participants.")
    lines = len(chosen.kinds) * chosen.publishers
    if lines > MAX_MEDIA_SECTIONS:
        raise ClientError(
            f"One participant can have {MAX_MEDIA_SECTIONS} streams, not {lines}: "
            "take fewer publishers."
        )
