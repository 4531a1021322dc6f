"""Sizes of packets of test calls, in windows, with what is true of them (tests/data/inference)."""

from pathlib import Path
from typing import Final, Literal

import msgspec

from sfu.visibility.inference.window import WINDOW_SECONDS, Window

FILE: Final = Path(__file__).parents[1] / "data" / "inference" / "windows.json"


class Labelled(msgspec.Struct, frozen=True, kw_only=True):
    """One stream."""

    mode: str
    mitigation: str
    kind: Literal["audio", "video"]
    windows: list[tuple[int, int]]
    speech: str
    """1 for each window with speech, 0 for each without; empty for pictures."""
    key_frames: list[int]
    changes: list[int]

    def fed(self, *, factor: float = 1.0) -> list[Window]:
        """Its windows; packets `factor` times as large."""
        return [Window(WINDOW_SECONDS, count, round(size * factor)) for count, size in self.windows]


def labelled(kind: str, mitigation: str = "none") -> list[Labelled]:
    """The streams of a kind."""
    found = msgspec.json.decode(FILE.read_bytes(), type=list[Labelled])
    return [one for one in found if (one.kind, one.mitigation) == (kind, mitigation)]
