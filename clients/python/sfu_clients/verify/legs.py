"""One leg of a call: its capture read, and what there is to say of that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sfu_clients.verify.capture.files import Capture
from sfu_clients.verify.streams.find import Finder

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Sequence

    from sfu_clients.verify.capture.network import Skip
    from sfu_clients.verify.keys.srtp import SrtpKey
    from sfu_clients.verify.streams.stream import Stream


@dataclass(frozen=True, slots=True)
class Leg:
    """What one capture has."""

    path: str
    packets: int
    streams: Sequence[Stream]
    skipped: Counter[Skip]
    unkept: int
    """Packets of RTP that were too many to compare."""


def read_leg(path: str, keys: Sequence[SrtpKey]) -> Leg:
    """Read a capture once; raises ClientError."""
    capture, finder = Capture(path), Finder(keys)
    streams = finder.take(capture.datagrams())
    return Leg(path, capture.packets, streams, capture.skipped, finder.unkept)
