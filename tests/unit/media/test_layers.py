"""The ladder of a stream: what it offers, and which rung a wish comes to."""

from functools import partial
from itertools import pairwise

import pytest

from sfu.media.layers import ALL_TARGETS, Ladder, Target
from sfu.wire.payload.tag import target_bit

LANDSCAPE = ((320, 180), (640, 360), (1280, 720))
PORTRAIT = tuple((height, width) for width, height in LANDSCAPE)


def ladder(
    temporal: tuple[int, ...] = (3, 3, 3), sizes: tuple[tuple[int, int], ...] = ()
) -> Ladder:
    """A ladder that was described."""
    described = Ladder()
    described.describe(temporal, sizes)
    return described


def mask(*targets: Target) -> int:
    """The targets as a mask."""
    return sum(target_bit(*target) for target in targets)


@pytest.mark.parametrize("sizes", [LANDSCAPE, PORTRAIT, ()], ids=["landscape", "portrait", "none"])
@pytest.mark.parametrize(
    ("lines", "target"),
    [
        pytest.param(0, None, id="off"),
        pytest.param(-1, None, id="less than nothing"),
        pytest.param(1, (0, 2), id="less than there is: the least"),
        pytest.param(180, (0, 2), id="base"),
        pytest.param(359, (0, 2), id="not quite SD"),
        pytest.param(360, (1, 2), id="SD"),
        pytest.param(720, (2, 2), id="HD"),
        pytest.param(2160, (2, 2), id="more than there is: the best"),
    ],
)
def test_a_wish_comes_to_the_largest_layer_that_fits(
    sizes: tuple[tuple[int, int], ...], lines: int, target: Target | None
) -> None:
    """Lines are counted on the shorter side; what is not told is assumed to begin at 180."""
    assert ladder(sizes=sizes).target_for(lines) == target


@pytest.mark.parametrize(
    ("active", "target"),
    [
        pytest.param(ALL_TARGETS, (2, 2), id="all"),
        pytest.param(mask((0, 0), (0, 1), (0, 2), (1, 0)), (1, 0), id="S1 with T0 only"),
        pytest.param(mask((0, 1)), (0, 1), id="S0T1"),
        pytest.param(mask((2, 2)), (2, 2), id="only S2: nothing smaller is offered"),
        pytest.param(0, (0, 0), id="nothing: as if the least were"),
    ],
)
def test_only_what_is_being_sent_is_offered(active: int, target: Target) -> None:
    """Whatever may come back later."""
    sent = ladder(sizes=LANDSCAPE)
    sent.activate(active)
    assert sent.target_for(720) == target
    shown = [layer.spatial for layer in sent.layers() if layer.active]
    assert shown == [s for s in range(3) if active & mask((s, 0), (s, 1), (s, 2))]


def test_before_the_first_packet_there_is_nothing() -> None:
    """Not even for those who wish."""
    assert Ladder().layers() == ()
    assert Ladder().target_for(720) is None


def test_layers_have_their_sizes_and_temporal_layers() -> None:
    """Sizes that are not told are 0, and assumed."""
    told = ladder((3, 2, 1), LANDSCAPE[:2]).layers()
    assert [(layer.spatial, layer.temporal_layers) for layer in told] == [(0, 3), (1, 2), (2, 1)]
    assert [(layer.width, layer.height) for layer in told] == [(320, 180), (640, 360), (0, 0)]
    assert [layer.lines for layer in told] == [180, 360, 720]


def test_every_change_is_noticed_and_nothing_else() -> None:
    """`version` rises if, and only if, something is different."""
    changing = ladder(sizes=LANDSCAPE)
    seen = [changing.version]
    changes = (
        partial(changing.describe, (3, 3, 3), LANDSCAPE),
        partial(changing.activate, ALL_TARGETS),
        partial(changing.describe, (3, 3), LANDSCAPE[:2]),
        partial(changing.activate, mask((0, 0), (1, 0))),
        partial(changing.activate, mask((0, 0), (1, 0))),
        partial(changing.activate, mask((0, 0), (1, 0), (1, 1))),
    )
    for change in changes:
        change()
        seen.append(changing.version)
    assert [b > a for a, b in pairwise(seen)] == [
        False,
        False,
        True,
        True,
        False,
        True,
    ]
