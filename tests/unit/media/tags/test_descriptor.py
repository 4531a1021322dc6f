"""Tags from the dependency descriptor: its structure, its numbers, its active targets."""

import pytest

from sfu.errors import MalformedPacket, StructureMissing
from sfu.media.layers import Ladder, Target
from sfu.media.packet import Packet
from sfu.media.tags.descriptor import DescriptorReader
from tests.support.encoders import DESCRIPTOR_ID
from tests.support.media import fill
from tests.support.packets import (
    L1T2,
    L1T3,
    L3T3,
    L3T3_KEY,
    DdStructure,
    DdTemplate,
    descriptor,
    rtp,
    vp9,
)
from tests.support.tagging import targets

ALL = {(s, t) for s in range(3) for t in range(3)}


class Stream:
    """A reader on its own."""

    def __init__(self, *, after: int = -1) -> None:
        self.ladder = Ladder()
        self.reader = DescriptorReader(self.ladder, after=after)
        self.packet = Packet()
        self.tag = self.packet.tag
        self.highest = 1000

    def read(self, described: bytes, *, number: int | None = None) -> int:
        """Read one, in order unless told otherwise; return its frame's number."""
        packet = fill(self.packet, rtp(vp9(), extensions={DESCRIPTOR_ID: described}))
        packet.sequence = self.highest + 1 if number is None else number
        packet.in_order = packet.sequence > self.highest
        self.highest = max(self.highest, packet.sequence)
        self.reader.read(packet)
        return self.tag.frame

    def begin(self, structure: DdStructure, frame_number: int = 1) -> int:
        """Read the beginning of a key frame."""
        described = descriptor(
            template_id=structure.cycle[0][0] + structure.template_id_offset,
            frame_number=frame_number,
            structure=structure,
        )
        return self.read(described)

    def layers(self) -> list[tuple[int, int, bool]]:
        """What the ladder knows."""
        known = self.ladder.layers()
        return [(layer.temporal_layers, layer.height, layer.active) for layer in known]


@pytest.mark.parametrize(
    ("structure", "template", "needed_by", "switch_to", "discardable_for"),
    [
        pytest.param(L3T3, 0, ALL, {(0, 0), (0, 1), (0, 2)}, set(), id="L3T3: S0T0"),
        pytest.param(L3T3_KEY, 0, ALL, ALL, set(), id="L3T3_KEY: key picture"),
        pytest.param(
            L3T3_KEY, 7, {(1, 1), (1, 2)}, {(1, 2)}, {(1, 1)}, id="L3T3_KEY: S1T1"
        ),
        pytest.param(L3T3_KEY, 13, {(2, 2)}, set(), {(2, 2)}, id="L3T3_KEY: S2T2"),
        pytest.param(L1T3, 2, {(0, 1), (0, 2)}, {(0, 2)}, {(0, 1)}, id="L1T3: T1"),
    ],
)  # fmt: skip
def test_indications_become_masks(
    structure: DdStructure,
    template: int,
    needed_by: set[Target],
    switch_to: set[Target],
    discardable_for: set[Target],
) -> None:
    """Whose frame it is, who may begin at it, and who can do without."""
    stream = Stream()
    stream.begin(structure)
    stream.read(descriptor(template_id=template, frame_number=50))
    tag, described = stream.tag, structure.templates[template]
    assert (tag.spatial, tag.temporal) == (described.spatial, described.temporal)
    assert targets(tag.needed_by) == needed_by
    assert targets(tag.switch_to) == switch_to
    assert targets(tag.discardable_for) == discardable_for
    assert tag.references == tuple(tag.frame - diff for diff in described.frame_diffs)
    assert not tag.key_frame


def test_frames_may_replace_what_their_template_says() -> None:
    """Custom indications and references (section A.8.3)."""
    stream = Stream()
    stream.begin(L1T3)
    stream.read(descriptor(template_id=3, frame_number=9, dtis="SDR", frame_diffs=[5, 2]))
    tag = stream.tag
    assert targets(tag.switch_to) == {(0, 0)}
    assert targets(tag.discardable_for) == {(0, 1)}
    assert targets(tag.needed_by) == {(0, 0), (0, 1), (0, 2)}
    assert tag.references == (tag.frame - 5, tag.frame - 2)


def test_frame_numbers_go_on_over_their_wrap() -> None:
    """References, too."""
    stream = Stream(after=70_000)
    key = stream.begin(L1T2, 65535)
    assert key > 70_000
    assert stream.read(descriptor(template_id=2, frame_number=0)) == key + 1
    assert stream.tag.references == (key,)


@pytest.mark.parametrize(("starts", "ends"), [(True, False), (False, False), (False, True)])
def test_borders_of_frames_are_told(*, starts: bool, ends: bool) -> None:
    """By two bits of each packet; a key frame is one in all its packets."""
    stream = Stream()
    key = stream.begin(L1T2, 7)
    assert stream.tag.key_frame
    assert stream.read(descriptor(frame_number=7, starts=starts, ends=ends)) == key
    assert (stream.tag.starts_frame, stream.tag.ends_frame) == (starts, ends)
    assert stream.tag.key_frame


@pytest.mark.parametrize(
    ("structure", "layers"),
    [
        pytest.param(L1T2, [(2, 0, True)], id="sizes not told"),
        pytest.param(L3T3, [(3, 180, True), (3, 360, True), (3, 720, True)], id="sizes told"),
        pytest.param(
            DdStructure(
                templates=(DdTemplate(0, 0, "S"), DdTemplate(1, 0, "S", (), (1,))),
                protected_by=(),
                cycle=((0, 1),),
                resolutions=((10, 10), (20, 20)),
            ),
            [(0, 10, False), (1, 20, True)],
            id="nobody can be shown the lower layer alone",
        ),
    ],
)
def test_the_structure_describes_the_ladder(
    structure: DdStructure, layers: list[tuple[int, int, bool]]
) -> None:
    """Layers, sizes, and that all that can be shown are being sent."""
    stream = Stream()
    stream.begin(structure)
    assert stream.layers() == layers


def active(stream: Stream) -> list[bool]:
    """Which layers are being sent."""
    return [known for *_, known in stream.layers()]


def test_active_targets_are_told_in_any_packet() -> None:
    """They stay until told otherwise, or until the next structure (section A.4)."""
    stream = Stream()
    stream.begin(L3T3)
    stream.read(descriptor(template_id=3, frame_number=4, active="111111000"))
    assert active(stream) == [True, True, False]
    stream.read(descriptor(template_id=3, frame_number=7))
    assert active(stream) == [True, True, False]
    stream.read(descriptor(template_id=3, frame_number=10, active="100000000"))
    assert active(stream) == [True, False, False]
    assert stream.ladder.target_for(720) == (0, 0)
    stream.begin(L3T3, 13)
    assert active(stream) == [True, True, True]


def test_late_news_of_active_targets_is_no_news() -> None:
    """A later frame has told otherwise."""
    stream = Stream()
    stream.begin(L3T3)
    stream.read(descriptor(template_id=3, frame_number=7, active="111000000"), number=1009)
    late = descriptor(template_id=3, frame_number=4, active="111111111")
    stream.read(late, number=1005)
    assert active(stream) == [True, False, False]


def test_late_packets_are_read_with_the_structure_of_their_time() -> None:
    """A key frame has replaced it since."""
    stream = Stream()
    stream.begin(L1T3, 1)
    stream.highest += 1
    stream.begin(L3T3, 5)
    stream.read(descriptor(template_id=2, frame_number=3), number=stream.highest - 1)
    assert (stream.tag.spatial, stream.tag.temporal) == (0, 1)
    assert targets(stream.tag.needed_by) == {(0, 1), (0, 2)}
    stream.read(descriptor(template_id=7, frame_number=6))
    assert stream.tag.spatial == 1


def test_a_late_structure_does_not_replace_a_later_one() -> None:
    """Its own frame is read with it, others are not."""
    stream = Stream()
    stream.begin(L1T2, 1)
    stream.highest += 1
    stream.begin(L3T3, 9)
    late = descriptor(frame_number=5, structure=L1T3)
    stream.read(late, number=stream.highest - 1)
    assert not stream.tag.key_frame
    stream.read(descriptor(template_id=14, frame_number=10))
    assert (stream.tag.spatial, stream.tag.temporal) == (2, 2)
    assert len(stream.layers()) == 3


def test_a_late_structure_counts_if_it_is_the_newest() -> None:
    """The packets behind it were unreadable; those that follow are not."""
    stream = Stream()
    with pytest.raises(StructureMissing):
        stream.read(descriptor(template_id=1, frame_number=2), number=1005)
    late = descriptor(frame_number=1, structure=L1T2)
    stream.read(late, number=1004)
    assert stream.tag.key_frame
    stream.read(descriptor(template_id=1, frame_number=3))
    assert not stream.tag.key_frame


def test_a_template_that_the_structure_lacks_is_missing() -> None:
    """It belongs to another structure, which was lost."""
    stream = Stream()
    stream.begin(L1T2)
    with pytest.raises(StructureMissing):
        stream.read(descriptor(template_id=3, frame_number=2))


def test_a_broken_descriptor_is_refused() -> None:
    """Shorter than its mandatory fields."""
    with pytest.raises(MalformedPacket):
        Stream().read(b"\\x80\\x00")
