"""Glimpses: what the witness got out of each stream of a room, for everybody in it to see."""

from typing import Final

import msgspec

from sfu.visibility.sheet import Seen

MOST_LOOKS: Final = 32
"""Streams of one answer: those that were tried last."""


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """One publication that is there now; everything from `picture` on is the witness's word."""

    participant: str
    publication: str
    function: str
    seen: Seen | None = None
    """What was made of it last; None before, or without a witness."""
    figures: str | None = None
    tries: int = 0
    taken: float | None = None
    """Unix time of the sample that this is of."""
    picture: bytes | None = None
    """A JPEG, in JSON as base64."""
    loudness: tuple[int, ...] | None = None
    """In dB below the loudest there is, of each packet."""
    spectrogram: tuple[tuple[int, ...], ...] | None = None
    """From 0 to 15 in steps of 5 dB, of each packet, low tones first."""


class Glimpses(msgspec.Struct, frozen=True, kw_only=True):
    """One room at one moment."""

    written: float
    """Unix time."""
    streams: tuple[Look, ...]
