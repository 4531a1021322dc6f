"""Tags come from the descriptor or from the codec, whichever there is, and from any bytes."""

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sfu.errors import MalformedPacket, StructureMissing
from sfu.media.codec import Codec
from sfu.media.tags.frames import MAX_FRAME_PACKETS
from tests.support.packets import L1T2, L3T3_KEY, DdStructure, descriptor, vp8, vp9
from tests.support.streams import VIDEO, opus, publisher
from tests.support.tagging import EVERY_TARGET, Feed, Tagged

KEY, INTER = vp9(picture_id=None), vp9(picture_id=None, inter_predicted=True, picture_diffs=[1])


def described(
    feed: Feed, frame_number: int, template: int = 1, structure: DdStructure | None = None
) -> Tagged:
    """Send a VP9 frame of one packet with a descriptor."""
    told = descriptor(template_id=template, frame_number=frame_number, structure=structure)
    return feed.send(INTER if structure is None else KEY, descriptor=told)


def test_pictures_are_64_bit_timestamps() -> None:
    """In order they never fall, over the wrap of 32 bits."""
    feed = Feed(Codec.VP9)
    pictures = [feed.send(KEY, picture=ticks).picture for ticks in (0xFFFF_FFFE, 0xFFFF_FFFF, 0, 1)]
    assert [picture - pictures[0] for picture in pictures] == [0, 1, 2, 3]
    assert feed.send(KEY, number=1, picture=0xFFFF_FFFF).picture == pictures[1]


def test_descriptors_are_read_where_there_are_any() -> None:
    """The payload's own bits matter no more."""
    feed = Feed(Codec.VP9)
    key = described(feed, 7, 0, L1T2)
    tag = described(feed, 8, 2)
    assert (tag.layer, tag.frame, tag.references) == ((0, 1), key.frame + 1, (key.frame,))
    assert tag.references_arrived


def test_until_a_structure_comes_the_payload_is_read() -> None:
    """Chromium leaves descriptors out of key frames where it must; or the first one was lost."""
    feed = Feed(Codec.VP9)
    first = feed.send(KEY)
    second = described(feed, 8, 2)
    assert (second.frame - first.frame, second.layer) == (4, (0, 0))
    third = described(feed, 9, 0, L1T2)
    assert third.key_frame
    assert third.frame > second.frame
    assert described(feed, 10, 2).references == (third.frame,)


def test_frames_of_both_kinds_never_share_a_number() -> None:
    """Whoever remembers decisions by frame must not take one for the other."""
    feed = Feed(Codec.VP9)
    frames = [feed.send(KEY).frame]
    for _ in range(3):
        frames += [described(feed, 100, 0, L1T2).frame, described(feed, 101, 2).frame]
        frames += [feed.send(KEY).frame, feed.send(INTER).frame]
    assert frames == sorted(set(frames))


def test_a_key_frame_without_descriptor_ends_them() -> None:
    """The publisher goes on without; all layers count as being sent again."""
    feed = Feed(Codec.VP9)
    described(feed, 1, 0, L3T3_KEY)
    told = descriptor(template_id=2, frame_number=4, active="111000000")
    feed.send(INTER, descriptor=told)
    assert [layer.active for layer in feed.ladder.layers()] == [True, False, False]
    key = feed.send(KEY)
    assert key.key_frame
    assert key.switch_to == EVERY_TARGET
    assert [layer.active for layer in feed.ladder.layers()] == [True]
    assert feed.send(INTER).references == (key.frame,)


@pytest.mark.parametrize(
    "payload",
    [INTER, vp9(picture_id=None, starts=False)],
    ids=["inter frame", "middle of a key frame"],
)
def test_before_that_a_packet_without_descriptor_is_refused(payload: bytes) -> None:
    """Nobody can tell where among the frames it belongs."""
    feed = Feed(Codec.VP9)
    described(feed, 1, 0, L1T2)
    with pytest.raises(MalformedPacket):
        feed.send(payload)
    assert described(feed, 2, 2).layer == (0, 1)


def test_once_described_a_missing_structure_is_an_error() -> None:
    """A template of a structure that was lost: what is read instead would be wrong."""
    feed = Feed(Codec.VP9)
    described(feed, 1, 0, L1T2)
    with pytest.raises(StructureMissing):
        described(feed, 2, 9)


def test_a_described_vp8_stream_has_picture_ids_to_rewrite() -> None:
    """The descriptor does not tell where they are."""
    feed = Feed(Codec.VP8)
    told = descriptor(frame_number=1, structure=L1T2)
    feed.send(vp8(picture_id=0x1234, key_frame=True), descriptor=told)
    packet = feed.packet
    assert (packet.picture_id, packet.picture_id_bits, packet.picture_id_offset) == (0x1234, 15, 2)
    with pytest.raises(MalformedPacket):
        feed.send(b"\x90", descriptor=descriptor(template_id=1, frame_number=2))


def test_other_packets_have_none() -> None:
    """Whatever the packet before had, in the record that both were lent."""
    feed = Feed(Codec.VP8)
    feed.send(vp8(picture_id=5))
    feed.send(vp8(picture_id=None))
    assert feed.packet.picture_id_bits == 0


def test_copies_have_in_common() -> None:
    """The payload, and the lengths of extensions as the key to a header's layout."""
    feed = Feed(Codec.VP9)
    feed.send(KEY, descriptor=descriptor(frame_number=1, structure=L1T2))
    shape = feed.packet.shape
    assert feed.packet.payload == KEY
    described(feed, 2, 2)
    assert feed.packet.shape != shape
    feed.send(INTER, descriptor=descriptor(template_id=1, frame_number=3))
    again = feed.packet.shape
    described(feed, 4, 2)
    assert feed.packet.shape == again


def test_references_arrive_with_their_last_packet() -> None:
    """Of a frame of three packets, whatever the order."""
    feed = Feed(Codec.VP9)

    def part(number: int, *, starts: bool = False, ends: bool = False) -> None:
        told = descriptor(
            frame_number=1, starts=starts, ends=ends, structure=L1T2 if starts else None
        )
        feed.send(KEY, number=number, descriptor=told)

    part(100_000, starts=True)
    part(100_002, ends=True)
    assert not described(feed, 2, 2).references_arrived
    part(100_001)
    assert described(feed, 3, 1).references_arrived


@pytest.mark.parametrize(("lost", "starts"), [(0, True), (1, False)])
def test_padding_is_passed_over(lost: int, *, starts: bool) -> None:
    """It is part of no frame, so nothing is missing in front of the next; a loss may be."""
    feed = Feed(Codec.H264)
    feed.send(b"\x65idr", marker=True)
    feed.lose(lost)
    feed.pad()
    assert feed.send(b"\x65idr", marker=True).starts_frame is starts


def test_a_frame_without_end_is_refused() -> None:
    """At some point it is no frame any more."""
    feed = Feed(Codec.VP9)
    endless = vp9(picture_id=5, ends=False)
    for _ in range(MAX_FRAME_PACKETS):
        feed.send(endless, picture=1)
    with pytest.raises(MalformedPacket):
        feed.send(endless, picture=1)


PACKETS = st.tuples(
    st.binary(min_size=1, max_size=60),
    st.none() | st.binary(max_size=60) | st.just(descriptor(structure=L3T3_KEY)),
    st.integers(-70, 70),  # step of the sequence number
    st.integers(0, 0xFFFF_FFFF),
    st.booleans(),
)


@pytest.mark.parametrize("codec", Codec)
@settings(deadline=None)
@given(packets=st.lists(PACKETS, max_size=12))
def test_any_bytes_behind_a_valid_header_are_tagged_or_refused(
    codec: Codec, packets: list[tuple[bytes, bytes | None, int, int, bool]]
) -> None:
    """In any order, with any descriptor: MalformedPacket, or a tag that selectors can use."""
    feed = Feed(codec)
    for payload, told, step, picture, marker in packets:
        with contextlib.suppress(MalformedPacket):
            number = max(0, feed.highest + step)
            tag = feed.send(payload, number=number, picture=picture, marker=marker, descriptor=told)
            assert feed.packet.tag.frame >= 0
            assert tag.switch_to <= tag.needed_by
            assert 0 <= tag.layer[0] < 4
            assert 0 <= tag.layer[1] < 8


@pytest.mark.parametrize("name", VIDEO)
@settings(max_examples=30, deadline=None)
@given(damage=st.lists(st.tuples(st.integers(0, 40), st.integers(0, 60), st.integers(1, 255))))
def test_damaged_streams_are_tagged_or_refused(
    name: str, damage: list[tuple[int, int, int]]
) -> None:
    """Real packets with some bytes flipped in payloads and descriptors, one after the other."""
    publishing = publisher(name)
    feed = Feed(publishing.encoder.codec)
    flips = {(packet, place): mask for packet, place, mask in damage}
    for number in range(12):
        for frame in publishing.encoder.next_picture(key=number % 5 == 0):
            for packet in frame.packets:
                sent = feed.highest - 99_999
                payload = bytes(
                    byte ^ flips.get((sent, place), 0) for place, byte in enumerate(packet.payload)
                )
                told = packet.descriptor and bytes(
                    byte ^ flips.get((sent, place + 20), 0)
                    for place, byte in enumerate(packet.descriptor)
                )
                try:
                    feed.send(payload, picture=frame.picture, descriptor=told)
                except MalformedPacket:
                    feed.lose()


def test_audio_needs_no_memory_of_frames() -> None:
    """Every packet can be forwarded: what it refers to has always arrived."""
    publishing = opus()
    feed = Feed(Codec.OPUS)
    for _ in range(5):
        [frame] = publishing.encoder.next_picture()
        tag = feed.send(frame.packets[0].payload)
        assert tag.references_arrived
        feed.lose(3)
