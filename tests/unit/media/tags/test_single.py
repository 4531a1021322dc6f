"""Streams in which everybody needs every frame: who may begin where."""

import pytest

from sfu.errors import MalformedPacket
from sfu.media.codec import Codec
from sfu.media.layers import Ladder
from sfu.media.tags.single import Av1Reader, H264Reader, OpusReader
from tests.support.tagging import Feed

IDR, SLICE, SPS = b"\x65idr", b"\x41slice", b"\x67sps"
DELIMITER, SEI = b"\x09\xf0", b"\x06sei"
FU_START, FU_MIDDLE, FU_END = (bytes([0x7C, flags | 5]) + b"idr" for flags in (0x80, 0, 0x40))
AV1_KEY, AV1_FRAME, AV1_REST = b"\x18\x30key", b"\x10\x30frame", b"\x90rest"


def test_each_opus_packet_is_a_frame() -> None:
    """It depends on nothing, nothing depends on it, and it ends no picture: no marker is ours."""
    feed = Feed(Codec.OPUS)
    first, second = feed.send(b"a", marker=True), feed.send(b"b")
    assert second.frame == first.frame + 1
    for tag in (first, second):
        assert (tag.references, tag.references_arrived) == ((), True)
        assert (tag.starts_frame, tag.ends_frame, tag.key_frame) == (True, False, False)
        assert (0, 0) in tag.switch_to & tag.discardable_for & tag.needed_by


def test_a_late_opus_packet_has_its_own_number() -> None:
    """Numbers of frames are those of packets."""
    feed = Feed(Codec.OPUS)
    first = feed.send(b"a", number=7)
    feed.send(b"c", number=9)
    assert feed.send(b"b", number=8).frame == first.frame + 1


@pytest.mark.parametrize("reader", [OpusReader, H264Reader, Av1Reader])
def test_there_is_one_layer(reader: type[OpusReader | H264Reader | Av1Reader]) -> None:
    """Known before the first packet, so that a wish finds it."""
    ladder = Ladder()
    reader(ladder)
    assert ladder.target_for(720) == (0, 0)


@pytest.mark.parametrize(
    ("codec", "key", "inter"),
    [
        pytest.param(Codec.H264, IDR, SLICE, id="H.264"),
        pytest.param(Codec.H264, SPS, SLICE, id="H.264, parameters first"),
        pytest.param(Codec.AV1, AV1_KEY, AV1_FRAME, id="AV1"),
    ],
)
def test_each_frame_is_needed_by_the_next(codec: Codec, key: bytes, inter: bytes) -> None:
    """Whoever watches needs all; a key frame is where they may begin."""
    feed = Feed(codec)
    first = feed.send(key, marker=True)
    assert (first.key_frame, first.starts_frame, first.ends_frame) == (True, True, True)
    assert first.switch_to == first.needed_by >= {(0, 0)}
    assert first.references == ()
    second = feed.send(inter, marker=True)
    assert (second.frame, second.key_frame) == (first.frame + 1, False)
    assert (second.references, second.references_arrived) == ((first.frame,), True)
    assert (second.switch_to, second.discardable_for) == (set(), set())
    assert feed.send(key, marker=True).references == ()


@pytest.mark.parametrize(
    ("codec", "payloads"),
    [
        pytest.param(Codec.H264, (FU_START, FU_MIDDLE, FU_END), id="H.264, fragments"),
        pytest.param(Codec.H264, (SPS, FU_START, FU_END), id="H.264, parameters first"),
        pytest.param(Codec.AV1, (AV1_KEY, AV1_REST, AV1_REST), id="AV1"),
    ],
)
def test_packets_of_a_key_frame_belong_together(codec: Codec, payloads: tuple[bytes, ...]) -> None:
    """One timestamp, one frame; only its first packet starts it, only its last ends it."""
    feed = Feed(codec)
    ends = (False, False, True)
    tags = [feed.send(p, picture=1, marker=end) for p, end in zip(payloads, ends, strict=True)]
    assert len({tag.frame for tag in tags}) == 1
    assert [tag.starts_frame for tag in tags] == [True, False, False]
    assert [tag.ends_frame for tag in tags] == [False, False, True]
    assert all(tag.key_frame for tag in tags)
    after = feed.send(SLICE if codec is Codec.H264 else AV1_FRAME, marker=True)
    assert (after.references, after.references_arrived) == ((tags[0].frame,), True)


@pytest.mark.parametrize(
    ("codec", "key", "starts"),
    [
        pytest.param(Codec.H264, FU_MIDDLE, False, id="H.264 does not tell: it may be the second"),
        pytest.param(Codec.AV1, AV1_KEY, True, id="AV1 tells"),
        pytest.param(Codec.AV1, AV1_REST, False, id="an AV1 frame that goes on"),
    ],
)
def test_after_a_loss_the_first_packet_of_a_frame_must_be_told(
    codec: Codec,
    key: bytes,
    starts: bool,  # noqa: FBT001
) -> None:
    """What is missing may have been the first packet of this very frame."""
    feed = Feed(codec)
    feed.send(IDR if codec is Codec.H264 else AV1_KEY, marker=True)
    feed.lose()
    assert feed.send(key).starts_frame is starts


@pytest.mark.parametrize("before", [(DELIMITER,), (SEI,), (DELIMITER, SEI)])
def test_a_key_frame_may_have_something_in_front(before: tuple[bytes, ...]) -> None:
    """Encoders put delimiters and SEI there: who waits begins with what follows them."""
    feed = Feed(Codec.H264)
    last = feed.send(SLICE, marker=True)
    apart = [feed.send(payload, picture=9) for payload in before]
    key, sei, end = feed.send(SPS, picture=9), feed.send(SEI, picture=9), feed.send(IDR, picture=9)
    frames = [tag.frame for tag in (last, *apart, key)]
    assert frames == sorted(set(frames))
    assert not any(tag.key_frame or tag.switch_to for tag in apart)
    assert (key.key_frame, key.starts_frame) == (True, True)
    assert key.frame == sei.frame == end.frame


def test_what_is_in_front_of_a_picture_is_no_reference() -> None:
    """The next picture refers to the one before."""
    feed = Feed(Codec.H264)
    first = feed.send(IDR, picture=1, marker=True)
    feed.send(DELIMITER, picture=2)
    second = feed.send(SLICE, picture=2, marker=True)
    assert (second.references, second.references_arrived) == ((first.frame,), True)
    late = feed.send(DELIMITER, number=feed.highest - 5, picture=0)
    assert late.frame not in (first.frame, second.frame)


def test_padding_hides_no_key_frame() -> None:
    """Senders probe before and after key frames: nothing is missing."""
    feed = Feed(Codec.H264)
    feed.send(SLICE, marker=True)
    feed.pad()
    feed.pad()
    assert feed.send(IDR, marker=True).starts_frame
    feed.lose()
    feed.pad()
    assert not feed.send(IDR, marker=True).starts_frame


def test_late_packets_find_their_frame_but_no_references() -> None:
    """They are read for their frame's sake: nobody enters a stream at one."""
    feed = Feed(Codec.H264)
    start = feed.send(FU_START, number=100_000, picture=1)
    feed.send(FU_END, number=100_002, picture=1, marker=True)
    late = feed.send(FU_MIDDLE, number=100_001, picture=1)
    assert (late.frame, late.starts_frame, late.key_frame) == (start.frame, False, True)
    assert late.references == ()
    after = feed.send(SLICE, number=100_003, picture=2, marker=True)
    assert after.references_arrived


@pytest.mark.parametrize(("codec", "payload"), [(Codec.H264, b"\x1e"), (Codec.AV1, b"\x10\x36")])
def test_what_is_no_payload_is_refused(codec: Codec, payload: bytes) -> None:
    """A NAL unit type that was not negotiated; an OBU cut off in its header."""
    with pytest.raises(MalformedPacket):
        Feed(codec).send(payload)
