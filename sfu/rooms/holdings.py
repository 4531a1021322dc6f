"""Holdings: what of people's words and media has been in a room's hands, by function."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from sfu.media.depth import Depth
from sfu.rooms.tally import tally_chat

if TYPE_CHECKING:
    from sfu.rooms.publication import Publication
    from sfu.rooms.tally import Tally

FUNCTIONS: Final = {
    "microphone": "audio",
    "camera": "video",
    "screen": "screen",
    "screen_audio": "screen",
}
"""By what a publication shows."""


class Holdings:
    """Counts in whole numbers, and never forgets what has ended while the room lasts."""

    def __init__(self, *, sealed: bool) -> None:
        self.lines = 0  # of chat
        self.line_bytes = 0
        self._sealed = sealed
        self._bytes: Counter[str] = Counter()  # of publications that have ended
        self._depths: dict[str, Depth] = {}

    def note_line(self, size: int, tally: Tally) -> None:
        """A line of chat of so many bytes was passed on."""
        self.lines += 1
        self.line_bytes += size
        tally_chat(tally, size, sealed=self._sealed)

    def note_end(self, publication: Publication) -> None:
        """A publication is over: keep what it came to."""
        function = FUNCTIONS[publication.origin]
        self._bytes[function] += publication.bytes
        self._depths[function] = max(self._depths.get(function, Depth.NOTHING), publication.depth)

    def media(self, function: str, publications: list[Publication]) -> tuple[int, Depth]:
        """Bytes of audio, video or screen, and the deepest read, with these that are not over."""
        now = [one for one in publications if FUNCTIONS[one.origin] == function]
        depths = [self._depths.get(function, Depth.NOTHING), *(one.depth for one in now)]
        return self._bytes[function] + sum(one.bytes for one in now), max(depths)
