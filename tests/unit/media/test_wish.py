"""A wish follows the ladder, and says why another target is wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sfu.media.layers import Ladder
from sfu.media.selector import Selector, SwitchReason
from sfu.media.wish import Wish
from sfu.wire.payload.tag import target_bit

if TYPE_CHECKING:
    from collections.abc import Callable

SIZES = [(320, 180), (640, 360), (1280, 720)]
ALL = sum(target_bit(spatial, temporal) for spatial in range(3) for temporal in range(3))
S2 = sum(target_bit(2, temporal) for temporal in range(3))


class Noting(Selector):
    """A selector that keeps why something was wanted last."""

    why: SwitchReason | None = None

    def want(self, target: tuple[int, int] | None, reason: SwitchReason, *, now: float) -> None:
        self.why = reason
        super().want(target, reason, now=now)


@pytest.fixture
def ladder() -> Ladder:
    ladder = Ladder()
    ladder.describe([3, 3, 3], SIZES)
    return ladder


def test_it_wants_what_fits(ladder: Ladder) -> None:
    """At most so many lines; nothing for 0."""
    selector = Selector()
    wish = Wish(ladder, selector)
    for lines, wanted in ((720, (2, 2)), (719, (1, 2)), (0, None), (1, (0, 2))):
        wish.set(lines, SwitchReason.WISH, now=0)
        assert selector.wanted == wanted


def test_what_was_wished_before_the_layers_were_known_is_wanted_once_they_are() -> None:
    """For the reason that it was wished for."""
    ladder, selector = Ladder(), Noting()
    wish = Wish(ladder, selector)
    wish.set(360, SwitchReason.START, now=0)
    ladder.describe([3, 3, 3], SIZES)
    wish.follow_ladder(now=0)
    assert (selector.wanted, selector.why) == ((1, 2), SwitchReason.START)


def test_the_reasons_of_layers_that_come_and_go(ladder: Ladder) -> None:
    """A layer falls silent, is sent again, and gets another size."""
    selector = Noting()
    wish = Wish(ladder, selector)
    wish.set(720, SwitchReason.WISH, now=0)
    selector.current = selector.wanted  # the packets that show it have passed
    wish.follow_ladder(now=0)
    changes: list[Callable[[], None]] = [
        lambda: ladder.activate(ALL & ~S2),
        lambda: ladder.activate(ALL),
        lambda: ladder.describe([3, 3], [(480, 270), (960, 540)]),
    ]
    seen = []
    for change in changes:
        change()
        wish.follow_ladder(now=0)
        seen.append((selector.wanted, selector.why))
    assert seen == [
        ((1, 2), SwitchReason.LAYER_SILENT),
        ((2, 2), SwitchReason.LAYER_RESUMED),
        ((1, 2), SwitchReason.LAYERS_CHANGED),
    ]


def test_what_is_not_shown_yet_keeps_its_reason(ladder: Ladder) -> None:
    """Whoever waits for a first picture waits for what they wished, whatever layer it will be."""
    selector = Noting()
    wish = Wish(ladder, selector)
    wish.set(720, SwitchReason.WISH, now=0)
    ladder.activate(ALL & ~S2)
    wish.follow_ladder(now=0)
    assert (selector.wanted, selector.why) == ((1, 2), SwitchReason.WISH)


def test_it_knows_when_there_is_something_new(ladder: Ladder) -> None:
    """The media path compares two numbers for every packet, no more."""
    wish = Wish(ladder, Selector())
    wish.set(720, SwitchReason.WISH, now=0)
    assert wish.version != ladder.version
    wish.follow_ladder(now=0)
    assert wish.version == ladder.version
    ladder.activate(ALL & ~S2)
    assert wish.version != ladder.version
