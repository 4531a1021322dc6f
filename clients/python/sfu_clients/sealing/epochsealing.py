"""Under which epoch of a group we seal, and how far we have come in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sfu_clients.sealing.frames import Sealer, Stream

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sfu_clients.sealing.epochs import Epoch

LAG_SECONDS: Final = 0.5
"""For so long others may lack new keys; only a removal is more urgent."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far we have come in an epoch."""

    epoch: int
    counters: Mapping[str, int]
    """Frames sealed so far by `stream.spatial`."""


class _EpochSealers:
    """The sealers of one epoch, one for each stream."""

    def __init__(self, epoch: Epoch) -> None:
        self.epoch = epoch
        self._sealers: dict[Stream, Sealer] = {}

    def get(self, stream: Stream) -> Sealer | None:
        """None if our leaf has no keys."""
        sender = self.epoch.senders.get(self.epoch.own_leaf)
        if sender is None:
            return None
        return self._sealers.setdefault(stream, Sealer(sender, stream))

    @property
    def progress(self) -> Progress:
        counters = {
            f"{int(stream)}.{spatial}": count
            for stream, sealer in self._sealers.items()
            for spatial, count in sealer.counters.items()
        }
        return Progress(self.epoch.number, counters)


class EpochSealing:
    """Times are in seconds."""

    def __init__(self) -> None:
        self._now: _EpochSealers | None = None
        self._next: tuple[Epoch, float] | None = None  # and when it is due
        self._before: Progress | None = None

    def install(self, epoch: Epoch, *, now: float) -> None:
        """Whoever calls this sees to it that no epoch comes twice."""
        urgent = epoch.cause in {"removed", "joined"} or self._now is None
        if self._next is not None and not urgent:
            # Many changes after each other must not keep us under old keys.
            self._begin(self._next[0])
        self._next = epoch, now if urgent else now + LAG_SECONDS
        self._advance(now)

    def hear(self, epoch: int) -> None:
        """Somebody else's authentic frame of this epoch has come: all may have its keys."""
        if self._next is not None and self._next[0].number == epoch:
            self._begin(self._next[0])

    def leave(self) -> None:
        """Seal nothing."""
        self._now = self._next = self._before = None

    def sealer(self, stream: Stream, *, now: float) -> Sealer | None:
        """What seals a stream now; None while we have no keys."""
        self._advance(now)
        return None if self._now is None else self._now.get(stream)

    def progress(self, *, now: float) -> tuple[Progress | None, Progress | None]:
        """In the epoch that we seal under, and our last word of the one before."""
        self._advance(now)
        return None if self._now is None else self._now.progress, self._before

    def _advance(self, now: float) -> None:
        if self._next is not None and now >= self._next[1]:
            self._begin(self._next[0])

    def _begin(self, epoch: Epoch) -> None:
        self._before = None if self._now is None else self._now.progress
        self._now = _EpochSealers(epoch)
        self._next = None
