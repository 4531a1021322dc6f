"""Wishes as people write them: a name, or the lines of the largest picture wanted."""

from typing import Final

from sfu_clients.errors import ClientError

HEIGHTS: Final = {"off": 0, "base": 180, "sd": 360, "hd": 720}
MAX_HEIGHT: Final = 8640


def read_height(text: str) -> int:
    """Lines of the short side, 0 for off; raises ClientError."""
    if text in HEIGHTS:
        return HEIGHTS[text]
    if text.isascii() and text.isdigit() and len(text) <= len(str(MAX_HEIGHT)):
        height = int(text)
        if height <= MAX_HEIGHT:
            return height
    raise ClientError(f"{text!r} is no wish: say base, sd, hd, off, or lines from 0 to 8640.")


def read_wish(line: str) -> tuple[str | None, int]:
    """The publication, None for all, and its height, of a line like `sd` or `PUBLICATION sd`.

    Raises ClientError.
    """
    match line.split():
        case [wish]:
            return None, read_height(wish)
        case [publication, wish]:
            return publication, read_height(wish)
        case _:
            raise ClientError("A wish is one word, or a publication and a word.")
