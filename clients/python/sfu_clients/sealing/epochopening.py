"""Which frames of members open: those of the current epoch, and of old ones for a while."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from sfu_clients.sealing.frames import (
    MLS_KIDS,
    SPATIAL_LAYERS,
    FrameInfo,
    ReadFrame,
    Refusal,
    RefusedError,
    Stream,
    StreamOpener,
    read_frame,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sfu_clients.sealing.epochs import Epoch

GRACE_SECONDS: Final = 10.0
GRACE_AFTER_REMOVAL_SECONDS: Final = 2.0
"""Old keys open for so long after the next epoch has begun."""

_LOW: Final = (1 << MLS_KIDS.epoch) - 1


class EarlyError(Exception):
    """A frame of exactly the next epoch, of the member expected: its keys may be on their way."""


class _OpenEpoch:
    """An epoch whose keys open something still."""

    def __init__(self, epoch: Epoch) -> None:
        self.number = epoch.number
        self.until = float("inf")
        self._senders = dict(epoch.senders)
        self._finals: dict[int, Mapping[str, int]] = {}
        self._openers: dict[tuple[int, Stream], StreamOpener] = {}

    def opener(self, leaf: int, stream: Stream) -> StreamOpener | None:
        """None for a leaf without keys."""
        sender = self._senders.get(leaf)
        if sender is None:
            return None
        key = leaf, stream
        if key not in self._openers:  # its keys take some deriving
            self._openers[key] = StreamOpener(sender, stream)
        return self._openers[key]

    def end(self, leaf: int, counters: Mapping[str, int]) -> None:
        """A sender's last word counts once."""
        self._finals.setdefault(leaf, counters)

    def is_within(self, leaf: int, layer: str, counter: int) -> bool:
        """Whether a sender has sealed this, as far as they have said."""
        final = self._finals.get(leaf)
        return final is None or counter < final.get(layer, 0)

    def expel(self, leaf: int) -> None:
        self._senders.pop(leaf, None)
        for key in [key for key in self._openers if key[0] == leaf]:
            del self._openers[key]


class EpochOpening:
    """Times are in seconds."""

    def __init__(self, heard: Callable[[int], None]) -> None:
        """`heard` is called with the epoch of each frame that opens."""
        self.heard = heard
        self._current: Epoch | None = None
        # By what a KID tells of them, so that of n and n + 256 there is never but one.
        self._open: dict[int, _OpenEpoch] = {}
        self._openers: dict[tuple[int, Stream], EpochOpener] = {}

    def install(self, epoch: Epoch, *, now: float) -> None:
        """The group is in this epoch now."""
        before = self._current
        if epoch.cause == "joined" or before is None or before.group != epoch.group:
            self._open.clear()
        grace = GRACE_AFTER_REMOVAL_SECONDS if epoch.cause == "removed" else GRACE_SECONDS
        for old in self._open.values():
            old.until = min(old.until, now + grace)
        self._open = {low: old for low, old in self._open.items() if now < old.until}
        self._open[epoch.number & _LOW] = _OpenEpoch(epoch)
        self._current = epoch
        for leaf in () if before is None else before.senders:
            if leaf not in epoch.senders:
                self.expel(leaf)

    def leave(self) -> None:
        """Open nothing."""
        self._open.clear()
        self._current = None

    def expel(self, leaf: int) -> None:
        """Whoever had this leaf is gone: of theirs nothing opens any more, in no old epoch."""
        for old in self._open.values():
            if self._current is None or old.number != self._current.number:
                old.expel(leaf)

    def end(self, leaf: int, epoch: int, counters: Mapping[str, int]) -> None:
        """Somebody's last counters of an epoch that is over."""
        old = self._open.get(epoch & _LOW)
        is_old = self._current is not None and epoch != self._current.number
        if is_old and old is not None and old.number == epoch:
            old.end(leaf, counters)

    def opener(self, leaf: int, stream: Stream) -> EpochOpener:
        """What opens a stream of whoever has this leaf, in whichever epoch."""
        return self._openers.setdefault((leaf, stream), EpochOpener(self, leaf, stream))

    def find(self, kid: int, *, now: float) -> _OpenEpoch | None:
        """The epoch that a KID tells of, if its keys open something still."""
        found = self._open.get(kid & _LOW)
        if found is not None and found.until <= now:
            del self._open[kid & _LOW]
            return None
        return found

    def is_next(self, kid: int, leaf: int, stream: Stream) -> bool:
        """Whether a KID is of this stream in the epoch after the current one."""
        if self._current is None or leaf not in self._current.senders:
            return False
        low = leaf << MLS_KIDS.epoch | self._current.number + 1 & _LOW
        context = kid >> MLS_KIDS.sender + MLS_KIDS.epoch
        is_stream = 0 <= context - (stream << 2) < SPATIAL_LAYERS
        return is_stream and kid & (1 << MLS_KIDS.sender + MLS_KIDS.epoch) - 1 == low


class EpochOpener:
    """Opens the frames of one stream of one leaf, each once, and counts what it refuses."""

    def __init__(self, opening: EpochOpening, leaf: int, stream: Stream) -> None:
        self.refused: Counter[Refusal] = Counter()
        self.opened = 0
        self._opening = opening
        self._leaf = leaf
        self._stream = stream

    def open(self, codec: str, data: bytes, *, now: float) -> tuple[bytes, FrameInfo] | None:
        """Return the media and what its sender says of it; None if it was refused, and counted.

        Raises EarlyError, and counts nothing, for a frame whose keys may come yet.
        """
        try:
            opened = self._open(read_frame(codec, data), now=now)
        except RefusedError as error:
            self.refused[error.reason] += 1
            return None
        self.opened += 1
        return opened

    def refusals(self) -> dict[str, int]:
        """What was refused so far, by reason; frames without a byte are usual, and left out."""
        return {why.value: n for why, n in self.refused.items() if why is not Refusal.EMPTY}

    def _open(self, read: ReadFrame, *, now: float) -> tuple[bytes, FrameInfo]:
        epoch = self._opening.find(read.kid, now=now)
        if epoch is None:
            if self._opening.is_next(read.kid, self._leaf, self._stream):
                raise EarlyError
            raise RefusedError(Refusal.UNKNOWN_KEY)
        opener = epoch.opener(self._leaf, self._stream)
        spatial = None if opener is None else opener.spatial_of(read.kid)
        layer = f"{int(self._stream)}.{spatial}"
        if (
            opener is None
            or spatial is None
            or not epoch.is_within(self._leaf, layer, read.counter)
        ):
            raise RefusedError(Refusal.UNKNOWN_KEY)
        opened = opener.open(read)
        self._opening.heard(epoch.number)
        return opened
