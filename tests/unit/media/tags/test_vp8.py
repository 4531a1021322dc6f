"""VP8 without dependency descriptor: layers, switching points and references by its own bits."""

import pytest

from sfu.errors import MalformedPacket
from sfu.media.codec import Codec
from sfu.media.packet import Packet
from sfu.media.tags.vp8 import locate_picture_id
from tests.support.media import fill
from tests.support.packets import rtp, vp8
from tests.support.tagging import Feed, Tagged

ABOVE_T0 = {(0, 0), (0, 1), (0, 2)}


def layer(  # noqa: PLR0913 - the fields that matter
    feed: Feed,
    picture: int,
    temporal: int = 0,
    tl0: int = 5,
    *,
    sync: bool = False,
    key: bool = False,
) -> Tagged:
    """Send a frame of one packet."""
    payload = vp8(
        picture_id=picture & 0x7FFF,
        temporal=temporal,
        tl0picidx=tl0 & 0xFF,
        layer_sync=sync,
        key_frame=key,
    )
    return feed.send(payload, picture=picture, marker=True)


@pytest.mark.parametrize(
    ("temporal", "sync", "key", "needed_by", "switch_to"),
    [
        pytest.param(0, False, True, ABOVE_T0, ABOVE_T0, id="key frame: any layer"),
        pytest.param(0, False, False, ABOVE_T0, {(0, 0)}, id="T0: that layer only"),
        pytest.param(1, True, False, {(0, 1), (0, 2)}, {(0, 1), (0, 2)}, id="T1 with Y"),
        pytest.param(2, True, False, {(0, 2)}, {(0, 2)}, id="T2 with Y"),
        pytest.param(1, False, False, {(0, 1), (0, 2)}, set(), id="T1: nobody"),
        pytest.param(2, False, False, {(0, 2)}, set(), id="T2: nobody"),
    ],
)
def test_tells_who_may_begin_at_a_frame(
    temporal: int,
    sync: bool,  # noqa: FBT001
    key: bool,  # noqa: FBT001
    needed_by: set[tuple[int, int]],
    switch_to: set[tuple[int, int]],
) -> None:
    """Key frames and layer syncs (Y, RFC 7741 section 4.2) are where layers are entered."""
    feed = Feed(Codec.VP8)
    layer(feed, 1, key=True)
    tag = layer(feed, 2, temporal, 5 + (temporal == 0), sync=sync, key=key)
    assert tag.layer == (0, temporal)
    assert (tag.needed_by, tag.switch_to) == (needed_by, switch_to)
    assert tag.key_frame is key
    assert (tag.starts_frame, tag.ends_frame) == (True, True)


def test_non_reference_frames_can_be_dropped_by_whoever_needs_them() -> None:
    """The N bit: no other frame refers to this one."""
    feed = Feed(Codec.VP8)
    assert feed.send(vp8(key_frame=True)).discardable_for == set()
    assert feed.send(vp8(picture_id=2, non_reference=True)).discardable_for == ABOVE_T0


def test_references_follow_from_layers() -> None:
    """Over the wrap of the picture id and of TL0PICIDX; lost ones are noticed."""
    feed = Feed(Codec.VP8)
    base = layer(feed, 0x7FFE, key=True, tl0=255)
    sync = layer(feed, 0x7FFF, 2, 255, sync=True)
    assert (sync.references, sync.references_arrived) == ((base.frame,), True)
    middle = layer(feed, 0x8000, 1, 255, sync=True)
    upper = layer(feed, 0x8001, 2, 255)
    assert set(upper.references) == {base.frame, sync.frame, middle.frame}
    second = layer(feed, 0x8002, 0, 256)
    assert second.references == (base.frame,)
    assert [sync.frame, middle.frame, upper.frame] == [base.frame + i for i in (1, 2, 3)]
    feed.lose()
    lost = layer(feed, 0x8004, 1, 256)
    assert not lost.references_arrived
    assert not layer(feed, 0x8005, 0, 258).references_arrived
    assert layer(feed, 0x8006, 0, 259).references_arrived


def test_references_must_have_arrived_whole() -> None:
    """A frame of which packets are missing helps nobody; when they come, it does."""
    feed = Feed(Codec.VP8)
    feed.send(vp8(key_frame=True, picture_id=1, tl0picidx=1, temporal=0), picture=1)
    feed.lose()
    assert not layer(feed, 2, tl0=2).references_arrived
    late = vp8(b"rest", picture_id=1, tl0picidx=1, temporal=0, starts_frame=False)
    feed.send(late, number=feed.highest - 1, picture=1, marker=True)
    again = vp8(picture_id=2, tl0picidx=2, temporal=0, starts_frame=False)
    assert feed.send(again, picture=2, marker=True).references_arrived


@pytest.mark.parametrize("wide", [True, False])
def test_picture_ids_of_either_width_number_frames(*, wide: bool) -> None:
    """Also when a sender changes the width: numbers go on rising."""
    feed = Feed(Codec.VP8)
    frames = [
        feed.send(vp8(picture_id=number & 0x7F, wide=width), marker=True).frame
        for number, width in ((126, wide), (127, wide), (5, not wide), (6, not wide))
    ]
    assert frames[1] - frames[0] == frames[3] - frames[2] == 1
    assert frames == sorted(frames)


def test_without_picture_ids_timestamps_number_frames() -> None:
    """Of each frame all packets share one; a lost packet may have been a frame."""
    feed = Feed(Codec.VP8)
    key = feed.send(vp8(key_frame=True, picture_id=None), picture=1)
    rest = feed.send(vp8(b"r", picture_id=None, starts_frame=False), picture=1, marker=True)
    inter = feed.send(vp8(picture_id=None), picture=2, marker=True)
    assert (rest.frame, rest.key_frame, rest.starts_frame) == (key.frame, True, False)
    assert (inter.frame, inter.references) == (key.frame + 1, (key.frame,))
    feed.lose()
    assert feed.send(vp8(picture_id=None), picture=4).frame == key.frame + 3


def test_layers_are_discovered() -> None:
    """The ladder learns of a temporal layer when its first frame comes."""
    feed = Feed(Codec.VP8)
    seen = []
    for number, temporal in enumerate((0, 2, 1, 0)):
        layer(feed, number, temporal, key=number == 0)
        seen.append([known.temporal_layers for known in feed.ladder.layers()])
    assert seen == [[1], [3], [3], [3]]


def test_late_packets_are_read_without_references() -> None:
    """They belong to their frame, and teach nothing about the ladder."""
    feed = Feed(Codec.VP8)
    key = layer(feed, 1, key=True)
    feed.lose()
    upper = layer(feed, 3, 1, sync=True)
    late = feed.send(
        vp8(picture_id=2, temporal=2, tl0picidx=5), number=feed.highest - 1, picture=2, marker=True
    )
    assert (late.frame, late.layer, late.references) == (key.frame + 1, (0, 2), ())
    assert feed.ladder.layers()[0].temporal_layers == 2
    assert upper.frame == key.frame + 2


@pytest.mark.parametrize(
    ("payload", "place"),
    [
        pytest.param(vp8(picture_id=0x1234), (0x1234, 15, 2), id="15 bits"),
        pytest.param(vp8(picture_id=0x12, wide=False), (0x12, 7, 2), id="7 bits"),
        pytest.param(vp8(picture_id=None), (-1, 0, -1), id="none"),
    ],
)
def test_locates_the_picture_id(payload: bytes, place: tuple[int, int, int]) -> None:
    """The one thing in a payload that each copy gets anew, tagged or found again later."""
    feed = Feed(Codec.VP8)
    feed.send(payload)
    stored = fill(Packet(), rtp(payload))
    stored.prepare()
    locate_picture_id(stored)
    for packet in (feed.packet, stored):
        found = (packet.picture_id, packet.picture_id_bits, packet.picture_id_offset)
        assert found == place


def test_what_is_cut_off_is_refused() -> None:
    """A descriptor without media."""
    with pytest.raises(MalformedPacket):
        Feed(Codec.VP8).send(vp8(b""))
