"""Continuity: a picture is admitted if, and only if, all that it refers to was decoded."""

import contextlib
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.errors import MalformedPacket
from sfu.wire.extensions import Extension
from sfu.wire.packet import Packet
from sfu.wire.pictures import Picture
from sfu_clients.payload import EncodedFrame, packetizer
from sfu_clients.recordings.recording import RecordedPacket, load_recording
from sfu_clients.rtp.continuity import continuity

CODECS = ("VP8", "VP9", "H264", "AV1", "opus")
H264_KEY, H264_OTHER = b"\0\0\0\1\x65abc", b"\0\0\0\1\x41abc"
AV1_KEY, AV1_OTHER = b"\x0a\x01\x00\x32\x02ab", b"\x32\x02ab"


def pictures(codec: str, frames: Iterable[EncodedFrame]) -> list[Picture]:
    """Each frame as a picture that follows the one before it."""
    cutter = packetizer(codec)
    return [
        Picture(
            tuple(
                Packet(payload, 96, 0, frame.timestamp, 1, marker=False)
                for payload in cutter.packetize(frame)
            ),
            frame.timestamp,
            follows=True,
        )
        for frame in frames
    ]


def broken(picture: Picture) -> Picture:
    """The same after a hole."""
    return Picture(picture.packets, picture.timestamp, follows=False)


def vp8(temporal: str, key_frames: tuple[int, ...] = (0,)) -> list[Picture]:
    """Pictures of these temporal layers; `y` is one of layer 1 with layer sync."""
    return pictures(
        "VP8",
        (
            EncodedFrame(
                (b"\x00" if place in key_frames else b"\x01") + b"\x00\x00\x9d\x01\x2a" + bytes(8),
                3000 * place,
                temporal=1 if letter == "y" else int(letter),
                layer_sync=letter == "y",
            )
            for place, letter in enumerate(temporal)
        ),
    )


@pytest.mark.parametrize(
    ("temporal", "lost", "admitted"),
    [
        pytest.param("0000", [], "0123", id="everything"),
        pytest.param("0000", [1], "0", id="a base frame lost: nothing more"),
        pytest.param("0202", [1], "023", id="a T2 lost: the base goes on"),
        pytest.param("0y10", [1], "03", id="T1 lost: T1 waits for layer sync"),
        pytest.param("0y2y0", [1], "034", id="layer sync helps back"),
    ],
)
def test_vp8_by_tl0picidx(temporal: str, lost: list[int], admitted: str) -> None:
    """What the indices of RFC 7741 say."""
    judge = continuity("VP8", described=False)
    got = ""
    hole = False
    for place, picture in enumerate(vp8(temporal)):
        if place in lost:
            hole = True
            continue
        got += str(place) if judge.admit(broken(picture) if hole else picture) else ""
        hole = False
    assert got == admitted


@pytest.mark.parametrize(
    ("codec", "key", "other"),
    [
        ("VP8", b"\x10\x00\x00\x9d\x01\x2a" + bytes(8), b"\x11\x00\x00" + bytes(8)),
        ("VP9", b"k" * 9, b"o" * 9),
        ("H264", H264_KEY, H264_OTHER),
        ("AV1", AV1_KEY, AV1_OTHER),
    ],
)
def test_without_a_key_frame_nothing(codec: str, key: bytes, other: bytes) -> None:
    """Before the first, and after a hole until the next; and it is known which ones are such."""
    frames = [
        EncodedFrame(key if place in {2, 6} else other, 3000 * place, key_frame=place in {2, 6})
        for place in range(8)
    ]
    judge = continuity(codec, described=False)
    admitted, keys = [], []
    for place, picture in enumerate(pictures(codec, frames)):
        if place == 4:
            continue
        if judge.admit(broken(picture) if place == 5 else picture):
            admitted.append(place)
            keys += [place] if judge.key_frame else []
    assert admitted == [2, 3, 6, 7]
    assert keys == [2, 6]


def recorded(name: str) -> list[Picture]:
    """The pictures of a recording."""
    by_timestamp: dict[int, list[RecordedPacket]] = {}
    for packet in load_recording(name).streams[0].packets:
        by_timestamp.setdefault(packet.timestamp, []).append(packet)
    return [
        Picture(
            tuple(
                Packet(one.payload, 98, 0, timestamp & 0xFFFFFFFF, 1, one.marker, one.extensions)
                for one in packets
            ),
            timestamp,
            follows=True,
        )
        for timestamp, packets in by_timestamp.items()
    ]


@pytest.mark.parametrize("name", ["vp9-l3t3", "vp9-l3t3-key", "av1-l3t3", "av1-l3t3-key"])
def test_by_the_dependency_descriptor(name: str) -> None:
    """All of a browser's pictures are admitted; after a lost one, none that refers to it is."""
    everything = recorded(name)
    judge = continuity(name[:3].upper(), described=True)
    assert all(judge.admit(picture) for picture in everything)
    judge = continuity(name[:3].upper(), described=True)
    judge.admit(everything[0])
    assert judge.key_frame
    assert not any(judge.admit(picture) for picture in everything[5:8]), "4 was a base picture"


def test_vp9_by_picture_differences() -> None:
    """Without the descriptor, the payload's own references tell the same."""
    everything = recorded("vp9-l3t3-key")
    bare = [
        Picture(
            tuple(
                Packet(p.payload, 98, 0, p.timestamp, 1, p.marker, extensions={})
                for p in picture.packets
            ),
            picture.timestamp,
            follows=True,
        )
        for picture in everything
    ]
    judge = continuity("VP9", described=False)
    assert all(judge.admit(picture) for picture in bare)
    judge = continuity("VP9", described=False)
    judge.admit(bare[0])
    assert not judge.admit(broken(bare[5]))


def test_sound_always_goes_on() -> None:
    """Each packet stands alone."""
    judge = continuity("opus", described=False)
    (picture,) = pictures("opus", [EncodedFrame(b"x", 0)])
    assert judge.admit(broken(picture))
    assert judge.key_frame


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("described", [False, True])
@given(
    parts=st.lists(st.lists(st.binary(min_size=1, max_size=40), min_size=1, max_size=3), max_size=5)
)
def test_any_bytes_are_judged_or_refused(
    *, codec: str, described: bool, parts: list[list[bytes]]
) -> None:
    """MalformedPacket, and nothing else."""
    judge = continuity(codec, described=described)
    for payloads in parts:
        packets = tuple(
            Packet(
                payload, 96, 0, 0, 1, marker=True,
                extensions={Extension.DEPENDENCY_DESCRIPTOR: payload} if described else {},
            )
            for payload in payloads
        )  # fmt: skip
        with contextlib.suppress(MalformedPacket):
            judge.admit(Picture(packets, 0, follows=True))


def test_memory_of_decoded_frames_is_bounded() -> None:
    """A stream that lasts for ever is remembered for its last frames only."""
    judge = continuity("VP9", described=False)
    frames = [EncodedFrame(b"v" * 9, 3000 * n, key_frame=n == 0) for n in range(40_000)]
    assert all(judge.admit(picture) for picture in pictures("VP9", frames))
