"""Wish: how large a picture one subscriber wants, and what comes closest to it as layers change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfu.media.selector import SwitchReason

if TYPE_CHECKING:
    from sfu.media.layers import Ladder, Target
    from sfu.media.selector import Selector


class Wish:
    """Tells a selector what to want."""

    __slots__ = ("_ladder", "_lines", "_reason", "_selector", "_sizes", "version")

    def __init__(self, ladder: Ladder, selector: Selector) -> None:
        """Nothing is wished before `set`."""
        self.version = -1  # of the ladder, when it was last followed
        self._ladder = ladder
        self._selector = selector
        self._lines = 0
        self._reason = SwitchReason.START
        self._sizes: tuple[tuple[int, int], ...] = ()

    def set(self, lines: int, reason: SwitchReason, *, now: float) -> None:
        """Wish for at most so many lines, 0 for nothing."""
        self._lines = lines
        self._reason = reason
        self._selector.want(self._ladder.target_for(lines), reason, now=now)

    def follow_ladder(self, *, now: float) -> None:
        """The source offers other layers than before: want what now comes closest."""
        ladder = self._ladder
        sizes = tuple((layer.width, layer.height) for layer in ladder.layers())
        target = ladder.target_for(self._lines)
        reason = self._reason_for(target, sizes)
        self._sizes = sizes
        self.version = ladder.version
        self._selector.want(target, reason, now=now)

    def _reason_for(
        self, target: Target | None, sizes: tuple[tuple[int, int], ...]
    ) -> SwitchReason:
        wanted = self._selector.wanted
        if wanted is None or target is None:
            return self._reason
        if self._selector.current is None:
            return self._selector.reason  # nothing is shown yet: that reason still holds
        if sizes != self._sizes:
            return SwitchReason.LAYERS_CHANGED
        return SwitchReason.LAYER_SILENT if target < wanted else SwitchReason.LAYER_RESUMED
