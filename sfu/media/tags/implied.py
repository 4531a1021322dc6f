"""Which frames a frame refers to where its codec does not say, but its temporal layer implies."""

from typing import Final

from sfu.media.tags.reader import UNKNOWN_FRAME
from sfu.wire.payload.tag import TEMPORAL_LAYERS

_INDICES: Final = 256
"""TL0PICIDX has eight bits."""


class ImpliedReferences:
    """The last frames of one spatial layer, by temporal layer.

    A T0 frame refers to the T0 frame before it, any other to the last frames of the layers below
    its own, and to the last of its own layer too unless it says that it does not. TL0PICIDX, where
    there is one, tells whether the T0 frame that is meant has arrived; of the other layers nothing
    tells, so any packet that is missing may have been what they refer to.
    """

    __slots__ = ("_last", "_missing", "_tl0picidx", "crossing")

    def __init__(self, *, crossing: bool) -> None:
        """`crossing`: a frame may refer to what came before the last T0 frame."""
        self.crossing = crossing
        self._last = [UNKNOWN_FRAME] * TEMPORAL_LAYERS
        self._missing = [False] * TEMPORAL_LAYERS  # a frame of that layer may be
        self._tl0picidx = -1

    def begin(self, frame: int, tl0picidx: int) -> None:
        """A key frame: nothing after it refers to anything before it."""
        self._last = [UNKNOWN_FRAME] * TEMPORAL_LAYERS
        self._last[0] = frame
        self._missing = [False] * TEMPORAL_LAYERS
        self._tl0picidx = tl0picidx

    def interrupt(self) -> None:
        """Packets are missing, perhaps whole frames."""
        self._missing = [True] * TEMPORAL_LAYERS

    def follow(self, frame: int, temporal: int, tl0picidx: int, *, sync: bool) -> tuple[int, ...]:
        """Return the references of the next frame in order; -1 among them: one did not arrive.

        `sync`: it refers to no frame of its own temporal layer.
        """
        if temporal == 0:
            return (self._follow_base(frame, tl0picidx),)
        last, missing = self._last, self._missing
        layers = slice(1, temporal if sync else temporal + 1)
        lost = tl0picidx != self._tl0picidx or any(missing[layers])
        above = [number for number in last[layers] if number != UNKNOWN_FRAME]
        last[temporal] = frame
        if sync:
            missing[temporal] = False
        return (UNKNOWN_FRAME,) if lost else (last[0], *above)

    def _follow_base(self, frame: int, tl0picidx: int) -> int:
        known, base = self._tl0picidx, self._last[0]
        if self.crossing:
            self._last[0] = frame
            self._tl0picidx = tl0picidx
        else:
            self.begin(frame, tl0picidx)
        if tl0picidx >= 0 and known >= 0 and (known + 1) % _INDICES != tl0picidx:
            return UNKNOWN_FRAME
        return base
