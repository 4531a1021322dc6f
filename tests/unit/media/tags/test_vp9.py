"""VP9 without dependency descriptor: full SVC, K-SVC and single layers by their own bits."""

from dataclasses import dataclass

import pytest

from sfu.errors import MalformedPacket
from sfu.media.codec import Codec
from sfu.media.layers import Target
from sfu.media.tags.vp9 import SILENT_PICTURES, crosses
from sfu.wire.payload.tag import SPATIAL_LAYERS
from sfu.wire.payload.vp9 import GroupPicture
from tests.support.packets import vp9, vp9_scalability_structure
from tests.support.tagging import Feed, Tagged

ALL = {(s, t) for s in range(3) for t in range(3)}
S0, S1, S2 = ({(s, t) for t in range(3)} for s in range(3))
T1, T2 = {(1, 1), (1, 2)}, {(0, 2), (1, 2), (2, 2)}
SIZES = ((320, 180), (640, 360), (1280, 720))
THREE_LAYERS = vp9_scalability_structure(3, SIZES)


@dataclass(frozen=True)
class Bits:
    """What a descriptor says."""

    layers: Target
    diffs: tuple[int, ...] = ()
    alone: bool = False  # Z
    up: bool = False  # U


def frame(  # noqa: PLR0913 - the fields that matter
    feed: Feed,
    picture: int,
    layers: Target = (0, 0),
    diffs: tuple[int, ...] = (),
    *,
    inter_layer: bool = False,
    alone: bool = False,
    up: bool = False,
    structure: bytes = b"",
) -> Tagged:
    """Send a layer frame of one packet, in flexible mode."""
    payload = vp9(
        picture_id=picture & 0x7FFF,
        layers=layers,
        inter_predicted=bool(diffs),
        picture_diffs=diffs,
        inter_layer_dependent=inter_layer,
        not_inter_layer_reference=alone,
        switching_up=up,
        scalability_structure=structure,
    )
    return feed.send(payload, picture=picture)


@pytest.mark.parametrize(
    ("how", "needed_by", "switch_to"),
    [
        pytest.param(Bits((0, 0)), ALL, ALL, id="key frame"),
        pytest.param(Bits((0, 0), alone=True), S0, S0, id="key frame that no layer refers to"),
        pytest.param(Bits((1, 0)), S1 | S2, S1 | S2, id="S1 of a key picture"),
        pytest.param(Bits((0, 0), (1,)), ALL, S0, id="full SVC: T0 of S0"),
        pytest.param(Bits((1, 0), (1,)), S1 | S2, S1, id="full SVC: T0 of S1"),
        pytest.param(Bits((1, 0), (1,), alone=True), S1, S1, id="K-SVC: T0 of S1"),
        pytest.param(Bits((1, 1), (1,), alone=True, up=True), T1, T1, id="T1 with U"),
        pytest.param(Bits((1, 1), (1,), alone=True), T1, set(), id="T1 without"),
        pytest.param(Bits((0, 2), (1,), up=True), T2, {(0, 2)}, id="T2 with U"),
    ],
)
def test_tells_who_needs_a_frame_and_who_may_begin_at_it(
    how: Bits, needed_by: set[Target], switch_to: set[Target]
) -> None:
    """Z says if higher layers refer to it; P, U and the layer who may switch (RFC 9628, 4.2)."""
    feed = Feed(Codec.VP9)
    for spatial in range(3):
        frame(feed, 1, (spatial, 0), inter_layer=spatial > 0)
    tag = frame(feed, 2, how.layers, how.diffs, alone=how.alone, up=how.up)
    assert tag.layer == how.layers
    assert (tag.needed_by, tag.switch_to) == (needed_by, switch_to)
    assert tag.discardable_for == set()
    assert tag.key_frame is (how.layers[0] == 0 and not how.diffs)


def test_names_what_a_frame_refers_to() -> None:
    """Pictures back in its own layer, and the next lower layer of its own picture."""
    feed = Feed(Codec.VP9)
    base = frame(feed, 0x7FFF, (0, 0))
    upper = frame(feed, 0x7FFF, (1, 0), inter_layer=True)
    assert (upper.frame, upper.references) == (base.frame + 1, (base.frame,))
    assert upper.references_arrived
    frame(feed, 0x8000, (0, 0), (1,))
    both = frame(feed, 0x8000, (1, 0), (1,), inter_layer=True)
    assert both.references == (upper.frame, both.frame - 1)
    assert both.references_arrived
    assert frame(feed, 0x8001, (1, 0), (1, 2)).references == (both.frame, upper.frame)
    assert not frame(feed, 0x8003, (1, 0), (1,)).references_arrived


def test_without_flexible_mode_references_follow_from_layers() -> None:
    """TL0PICIDX and the temporal layer tell, in each spatial layer for itself."""
    feed = Feed(Codec.VP9)

    def send(picture: int, layers: Target, tl0: int, *, key: bool = False) -> Tagged:
        return feed.send(
            vp9(
                picture_id=picture,
                flexible=False,
                layers=layers,
                tl0picidx=tl0,
                inter_predicted=not key,
                switching_up=layers[1] > 0,
                inter_layer_dependent=key and layers[0] > 0,
            ),
            picture=picture,
        )

    bases = [send(1, (spatial, 0), 255, key=True) for spatial in range(2)]
    assert [send(2, (spatial, 2), 255).references for spatial in range(2)] == [
        (base.frame,) for base in bases
    ]
    middle = [send(3, (spatial, 1), 255) for spatial in range(2)]
    upper = send(4, (1, 2), 255)
    assert upper.references == (bases[1].frame, middle[1].frame)
    following = [send(5, (spatial, 0), 0) for spatial in range(2)]
    assert [tag.references for tag in following] == [(base.frame,) for base in bases]
    feed.lose()
    assert not send(6, (1, 2), 0).references_arrived
    assert send(7, (1, 0), 1).references_arrived
    assert not send(7, (0, 0), 2).references_arrived


@pytest.mark.parametrize(
    ("switch_to", "diffs"),
    [
        pytest.param(S0, (1,), id="nothing refers across T0: all temporal layers begin there"),
        pytest.param({(0, 0)}, (3,), id="a T1 frame referred across a T0 frame: none does"),
    ],
)
def test_t0_frames_are_points_to_switch_up_until_shown_otherwise(
    switch_to: set[Target], diffs: tuple[int, ...]
) -> None:
    """Nothing obliges an encoder: the first reference across a T0 frame ends the belief."""
    feed = Feed(Codec.VP9)
    frame(feed, 1)
    frame(feed, 2, (0, 1), (1,))
    frame(feed, 4, (0, 0), (3,))
    frame(feed, 5, (0, 1), diffs)
    assert frame(feed, 6, (0, 0), (2,)).switch_to == switch_to
    frame(feed, 7)
    assert frame(feed, 8, (0, 0), (1,)).switch_to == S0, "a key frame restores it"


@pytest.mark.parametrize(
    ("group", "crossing"),
    [
        pytest.param([(0, False, [1])], False, id="one layer"),
        pytest.param([(0, False, [2]), (1, True, [1])], False, id="two layers"),
        pytest.param([(0, False, [2]), (1, False, [2])], True, id="T1 after T1"),
        pytest.param([(1, False, [1]), (0, False, [2])], False, id="a group that begins with T1"),
        pytest.param([(0, False, []), (1, False, [])], False, id="nothing refers to anything"),
    ],
)
def test_a_picture_group_tells_beforehand(
    group: list[tuple[int, bool, list[int]]],
    crossing: bool,  # noqa: FBT001
) -> None:
    """It repeats for ever, so what is before its first picture is its end (section 4.2.1)."""
    pictures = tuple(GroupPicture(t, up, tuple(diffs)) for t, up, diffs in group)
    assert crosses(pictures) is crossing
    feed = Feed(Codec.VP9)
    frame(feed, 1, structure=vp9_scalability_structure(1, (), group))
    assert frame(feed, 2, (0, 0), (1,)).switch_to == ({(0, 0)} if crossing else S0)


def layers(feed: Feed) -> list[tuple[int, int, bool]]:
    """What the ladder knows: temporal layers, height, and whether it is being sent."""
    return [(layer.temporal_layers, layer.height, layer.active) for layer in feed.ladder.layers()]


def test_the_structure_describes_the_ladder() -> None:
    """Sizes and layers, before frames of all of them came; temporal ones if it has a group."""
    feed = Feed(Codec.VP9)
    frame(feed, 1, structure=THREE_LAYERS)
    assert layers(feed) == [(1, 180, True), (1, 360, True), (1, 720, True)]
    group = [(0, False, [2]), (1, True, [1])]
    frame(feed, 2, structure=vp9_scalability_structure(2, SIZES[:2], group))
    assert layers(feed) == [(2, 180, True), (2, 360, True)]
    frame(feed, 3, (1, 2), (1,))
    assert layers(feed) == [(2, 180, True), (3, 360, True)]


def test_layers_without_a_structure_are_discovered() -> None:
    """Frame by frame, sizes unknown."""
    feed = Feed(Codec.VP9)
    frame(feed, 1)
    frame(feed, 1, (2, 1))
    assert layers(feed) == [(1, 0, True), (1, 0, True), (2, 0, True)]


def test_a_layer_that_falls_silent_is_noticed() -> None:
    """After some pictures without it; the first frame that comes again brings it back."""
    feed = Feed(Codec.VP9)
    frame(feed, 1, structure=THREE_LAYERS)
    frame(feed, 1, (1, 0), inter_layer=True)
    frame(feed, 1, (2, 0), inter_layer=True)
    for picture in range(2, 1 + SILENT_PICTURES):
        frame(feed, picture, (0, 0), (1,))
        assert all(active for *_, active in layers(feed))
    frame(feed, 1 + SILENT_PICTURES, (0, 0), (1,))
    assert [active for *_, active in layers(feed)] == [True, False, False]
    frame(feed, 1 + SILENT_PICTURES, (2, 0), (1,))
    assert [active for *_, active in layers(feed)] == [True, False, True]
    frame(feed, 2 + SILENT_PICTURES, structure=THREE_LAYERS)
    assert [active for *_, active in layers(feed)] == [True, False, True], "S1 is only announced"
    frame(feed, 3 + SILENT_PICTURES, structure=vp9_scalability_structure(1))
    frame(feed, 4 + SILENT_PICTURES, structure=THREE_LAYERS)
    assert [active for *_, active in layers(feed)] == [True, True, True], "both are new"


@pytest.mark.parametrize("wide", [True, False])
def test_picture_ids_of_either_width_number_pictures(*, wide: bool) -> None:
    """Also when a sender changes the width: numbers go on rising."""
    feed = Feed(Codec.VP9)
    frames = [
        feed.send(vp9(picture_id=number, wide=width)).frame
        for number, width in ((126, wide), (127, wide), (5, not wide), (6, not wide))
    ]
    assert frames[1] - frames[0] == frames[3] - frames[2] == SPATIAL_LAYERS
    assert frames == sorted(frames)


def test_without_picture_ids_timestamps_number_pictures() -> None:
    """All layers of one instant share one."""
    feed = Feed(Codec.VP9)
    numbers = [
        feed.send(vp9(picture_id=None, layers=(spatial, 0)), picture=picture).frame
        for picture in (1, 2)
        for spatial in (0, 1)
    ]
    assert [number - numbers[0] for number in numbers] == [0, 1, 4, 5]


def test_packets_of_a_frame_belong_together() -> None:
    """B and E are its borders; late ones find it, and have no references of their own."""
    feed = Feed(Codec.VP9)
    frame(feed, 1)
    first = feed.send(vp9(picture_id=2, inter_predicted=True, picture_diffs=[1], ends=False))
    feed.lose()
    last = feed.send(vp9(picture_id=2, inter_predicted=True, picture_diffs=[1], starts=False))
    late = feed.send(
        vp9(picture_id=2, inter_predicted=True, picture_diffs=[1], starts=False, ends=False),
        number=feed.highest - 1,
    )
    tags = (first, late, last)
    assert len({tag.frame for tag in tags}) == 1
    assert [(tag.starts_frame, tag.ends_frame) for tag in tags] == [
        (True, False),
        (False, False),
        (False, True),
    ]
    assert first.references == last.references != ()
    assert late.references == ()
    assert frame(feed, 3, (0, 0), (1,)).references_arrived


def test_what_is_cut_off_is_refused() -> None:
    """A descriptor without media."""
    with pytest.raises(MalformedPacket):
        Feed(Codec.VP9).send(vp9(b""))
