"""Which frames a frame refers to where its codec does not say, but its temporal layer implies."""

from typing import Final

from sfu.media.tags.reader import UNKNOWN_FRAME
from sfu.wire.payload.tag import TEMPORAL_LAYERS

_INDICES: Final = 256
"""TL0PICIDX has eight bits."""


class ImpliedReferences:
    """The last frames of one spatial layer, by temporal layer.

    A T0 frame refers to the T0 frame before it, any other to the last frame of the layers below
    its own, and to the last of its own layer too unless it says that it does not. TL0PICIDX, where
    there is one, tells whether the T0 frame that is meant has arrived.
    """

    __slots__ = ("_last", "_tl0picidx")

    def __init__(self) -> None:
        self._last = [UNKNOWN_FRAME] * TEMPORAL_LAYERS
        self._tl0picidx = -1

    def begin(self, frame: int, tl0picidx: int) -> None:
        """A key frame: nothing after it refers to anything before it."""
        self._last = [UNKNOWN_FRAME] * TEMPORAL_LAYERS
        self._last[0] = frame
        self._tl0picidx = tl0picidx

    def follow(self, frame: int, temporal: int, tl0picidx: int, *, sync: bool) -> tuple[int, ...]:
        """Return the references of the next frame in order; -1 among them: one did not arrive.

        `sync`: it refers to no frame of its own temporal layer.
        """
        last = self._last
        if temporal == 0:
            base = self._base_before(tl0picidx)
            self.begin(frame, tl0picidx)
            return (base,)
        below = max(last[: temporal if sync else temporal + 1])
        last[temporal] = frame
        if tl0picidx != self._tl0picidx:
            return (UNKNOWN_FRAME,)
        return (last[0], below)

    def _base_before(self, tl0picidx: int) -> int:
        known = self._tl0picidx
        if tl0picidx >= 0 and known >= 0 and (known + 1) % _INDICES != tl0picidx:
            return UNKNOWN_FRAME
        return self._last[0]
