"""What a codec does not say about references is implied, or admitted to be unknown."""

import pytest

from sfu.media.tags.implied import ImpliedReferences
from sfu.media.tags.reader import UNKNOWN_FRAME

UNKNOWN = (UNKNOWN_FRAME,)
Step = tuple[int, int, bool, tuple[int, ...]]  # temporal layer, TL0PICIDX, sync: references


def follow(implied: ImpliedReferences, steps: list[Step]) -> None:
    """Frames 1, 2, ... after the key frame 0, whose TL0PICIDX is 254."""
    implied.begin(0, 254)
    for frame, (temporal, tl0picidx, sync, references) in enumerate(steps, 1):
        assert implied.follow(frame, temporal, tl0picidx, sync=sync) == references


@pytest.mark.parametrize(
    ("crossing", "steps"),
    [
        pytest.param(True, [(0, 255, False, (0,)), (0, 0, False, (1,))], id="T0 after T0"),
        pytest.param(True, [(0, 0, False, UNKNOWN), (0, 1, False, (1,))], id="one T0 is missing"),
        pytest.param(True, [(1, 254, False, (0,)), (1, 254, False, (0, 1))], id="T1 after T1"),
        pytest.param(True, [(1, 254, False, (0,)), (1, 254, True, (0,))], id="T1 begins anew"),
        pytest.param(True, [(1, 255, False, UNKNOWN)], id="the T0 frame of a T1 is missing"),
        pytest.param(
            True,
            [(2, 254, True, (0,)), (1, 254, True, (0,)), (2, 254, False, (0, 2, 1))],
            id="the layers below, and one's own",
        ),
        pytest.param(
            True,
            [(1, 254, True, (0,)), (0, 255, False, (0,)), (1, 255, False, (2, 1))],
            id="across a T0 frame",
        ),
        pytest.param(
            False,
            [(1, 254, True, (0,)), (0, 255, False, (0,)), (1, 255, False, (2,))],
            id="not across a T0 frame",
        ),
    ],
)
def test_implies(crossing: bool, steps: list[Step]) -> None:  # noqa: FBT001
    """T0 refers to T0, others to T0 and to what is between, over TL0PICIDX's wrap."""
    follow(ImpliedReferences(crossing=crossing), steps)


def test_without_tl0picidx_every_t0_frame_is_believed() -> None:
    """Nothing tells whether one is missing."""
    implied = ImpliedReferences(crossing=True)
    implied.begin(0, -1)
    implied.interrupt()
    assert implied.follow(1, 0, -1, sync=False) == (0,)


def test_before_a_key_frame_nothing_is_known() -> None:
    """The stream may have been joined anywhere."""
    implied = ImpliedReferences(crossing=True)
    assert implied.follow(5, 0, 9, sync=False) == UNKNOWN
    assert implied.follow(6, 1, 9, sync=True) == (5,)


def test_what_is_missing_may_have_been_of_any_layer() -> None:
    """A layer is known again when it begins anew, all of them with a key frame."""
    implied = ImpliedReferences(crossing=True)
    implied.begin(0, 5)
    implied.interrupt()
    assert implied.follow(1, 2, 5, sync=True) == UNKNOWN  # it may refer to a lost T1 frame
    assert implied.follow(2, 1, 5, sync=True) == (0,)
    assert implied.follow(3, 1, 5, sync=False) == (0, 2)
    assert implied.follow(4, 2, 5, sync=False) == (0, 3, 1)
    implied.interrupt()
    assert implied.follow(5, 0, 6, sync=False) == (0,)
    assert implied.follow(6, 1, 6, sync=False) == UNKNOWN
    implied.begin(7, 7)
    assert implied.follow(8, 1, 7, sync=False) == (7,)


def test_where_nothing_crosses_t0_frames_they_make_whole() -> None:
    """What was lost before one is not referred to after it."""
    implied = ImpliedReferences(crossing=False)
    implied.begin(0, 5)
    implied.interrupt()
    assert implied.follow(1, 1, 5, sync=False) == UNKNOWN
    assert implied.follow(2, 0, 6, sync=False) == (0,)
    assert implied.follow(3, 1, 6, sync=False) == (2,)
