"""Sealed frames: what goes in comes out, and nothing else is taken for a frame."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu_clients.sealing import frames
from sfu_clients.sealing.frames import (
    MAX_COUNTER,
    FrameInfo,
    Opener,
    Refusal,
    Sealer,
    Sender,
    Stream,
)
from sfu_clients.sealing.sframe import SFrameKey
from sfu_clients.sealing.shims import VP8_DELTA, VP8_KEY

ANA = Sender(b"a" * 32, 0x01020304, b"c" * 16)
KEY = FrameInfo(key_frame=True, width=320, height=180, time=5000)
CODECS = ("opus", "VP8", "VP9", "AV1")


def sealed(codec: str = "VP9", info: FrameInfo = KEY, media: bytes = b"media" * 30) -> bytes:
    return Sealer(ANA, Stream.CAMERA).seal(codec, media, info)


def opener(sender: Sender = ANA, stream: Stream = Stream.CAMERA) -> Opener:
    return Opener(sender, stream)


@st.composite
def pictures(draw: st.DrawFn) -> FrameInfo:
    """What a sender may say of a picture."""
    key_frame = draw(st.booleans())
    return FrameInfo(
        key_frame=key_frame,
        spatial=draw(st.integers(0, 3)),
        temporal=draw(st.integers(0, 7)),
        width=draw(st.integers(1, 0xFFFF)) if key_frame else 0,
        height=draw(st.integers(1, 0xFFFF)) if key_frame else 0,
        time=draw(st.integers(0, 0xFFFFFFFF)),
    )


@pytest.mark.parametrize("codec", ["VP8", "VP9", "AV1"])
@given(st.binary(max_size=300), pictures())
def test_pictures_come_back(codec: str, media: bytes, info: FrameInfo) -> None:
    """Bytes, layer, size and time, with a count of their layer."""
    sealer, receiver = Sealer(ANA, Stream.CAMERA), opener()
    for count in range(3):
        told = replace(info, count=count)
        assert receiver.open(codec, sealer.seal(codec, media, info)) == (media, told)
    assert (receiver.opened, receiver.refused.total()) == (3, 0)


@given(st.binary(max_size=300))
def test_sound_comes_back(media: bytes) -> None:
    """Bytes, and the time in tenths of a second."""
    sealer, receiver = Sealer(ANA, Stream.MICROPHONE), opener(stream=Stream.MICROPHONE)
    opened = receiver.open("opus", sealer.seal("opus", media, FrameInfo(time=12_345)))
    assert opened == (media, FrameInfo(time=12_300))


def test_layers_have_keys_and_counters_of_their_own() -> None:
    """So a receiver can miss a layer on purpose and still notice what was replayed."""
    sealer, receiver = Sealer(ANA, Stream.CAMERA), opener()
    pictures = [
        [sealer.seal("VP9", b"x", FrameInfo(spatial=s)) for s in range(3)] for _ in range(4)
    ]
    assert len({frame[1:6] for picture in pictures for frame in picture}) == 3
    for base, *_ in pictures:
        assert receiver.open("VP9", base) is not None
    for *_, top in pictures:
        assert receiver.open("VP9", top) is not None


def test_the_shim_of_vp8_tells_key_frames() -> None:
    """And nothing else: no size of the picture."""
    assert sealed("VP8").startswith(VP8_KEY)
    assert sealed("VP8", FrameInfo()).startswith(VP8_DELTA)


def test_av1_may_get_a_size_on_the_way() -> None:
    """Browsers write the size of an OBU when they put the frame together again."""
    wire = sealed("AV1")
    assert len(wire) - 1 > 0x80
    size = len(wire) - 1
    arrived = bytes((0x32, size & 0x7F | 0x80, size >> 7)) + wire[1:]
    assert opener().open("AV1", arrived) == opener().open("AV1", wire)


@pytest.mark.parametrize("codec", CODECS)
def test_every_changed_bit_is_refused(codec: str) -> None:
    """Adversarial test 1: shim, header, ciphertext, tag; and the genuine frame still opens."""
    wire, receiver = sealed(codec), opener()
    for place in range(len(wire)):
        for bit in range(8):
            changed = bytearray(wire)
            changed[place] ^= 1 << bit
            assert receiver.open(codec, bytes(changed)) is None
    assert receiver.opened == 0
    assert receiver.refused.total() == 8 * len(wire)
    assert receiver.open(codec, wire) is not None


def _with_counter(counter: int) -> bytes:
    key = SFrameKey(ANA.base_key, ANA.kid(Stream.CAMERA, 0))
    return key.seal(counter, ANA.metadata("VP9", b""), bytes(20))


@pytest.mark.parametrize(
    ("codec", "wire", "reason"),
    [
        pytest.param("VP9", b"", Refusal.EMPTY, id="nothing"),
        *(
            pytest.param("VP9", sealed()[:cut], None, id=f"2: cut to {cut} bytes")
            for cut in range(1, 41)
        ),
        pytest.param("VP9", b"\x5a" * 64_000, None, id="2: garbage"),
        pytest.param("VP9", b"\xff" * 40, Refusal.MALFORMED, id="2: the largest numbers"),
        pytest.param("VP9", b"\xf0" + b"\xff" * 40, Refusal.UNKNOWN_KEY, id="2: the largest KID"),
        pytest.param("VP9", _with_counter(1 << 40), Refusal.MALFORMED, id="6: a great leap"),
        pytest.param("VP8", b"\x00media", Refusal.MALFORMED, id="7: a clear frame of VP8"),
        pytest.param("VP9", bytes.fromhex("8249834200"), None, id="7: a clear frame of VP9"),
        pytest.param("opus", bytes.fromhex("f8fffe"), None, id="7: silence made by a server"),
        pytest.param("AV1", b"\x12\x00\x0a\x0b", Refusal.MALFORMED, id="7: a clear frame of AV1"),
        pytest.param("AV1", b"\x32\x85", Refusal.MALFORMED, id="a size without an end"),
        pytest.param("AV1", b"\x32\x05abc", Refusal.MALFORMED, id="a wrong size"),
        pytest.param("H264", sealed(), Refusal.MALFORMED, id="a codec that is never sealed"),
        pytest.param("VP8", sealed("VP9"), Refusal.MALFORMED, id="another codec's frame"),
        pytest.param("opus", sealed("VP9"), Refusal.NOT_AUTHENTIC, id="the codec is authentic"),
    ],
)
def test_what_is_no_frame_is_refused(codec: str, wire: bytes, reason: Refusal | None) -> None:
    """With its reason; nothing that fails is ever passed on."""
    receiver = opener()
    assert receiver.open(codec, wire) is None
    assert reason is None or receiver.refused[reason] == 1
    assert receiver.refused.total() == 1


@pytest.mark.parametrize(
    ("receiver", "reason"),
    [
        pytest.param(opener(stream=Stream.MICROPHONE), Refusal.UNKNOWN_KEY, id="another stream"),
        pytest.param(
            opener(Sender(b"b" * 32, 0x05060708, b"c" * 16)), Refusal.UNKNOWN_KEY, id="a sender"
        ),
        pytest.param(
            opener(Sender(b"b" * 32, ANA.ident, b"c" * 16)), Refusal.NOT_AUTHENTIC, id="a key"
        ),
        pytest.param(
            opener(Sender(ANA.base_key, ANA.ident, b"d" * 16)), Refusal.NOT_AUTHENTIC, id="a room"
        ),
        pytest.param(
            opener(Sender(ANA.base_key, ANA.ident, b"c" * 16, epoch=256)),
            Refusal.NOT_AUTHENTIC,
            id="an epoch of the same low bits",
        ),
    ],
)
def test_nothing_is_spliced(receiver: Opener, reason: Refusal) -> None:
    """Adversarial test 4: a frame opens for its own sender, stream, room and epoch alone."""
    assert receiver.open("VP9", sealed()) is None
    assert receiver.refused[reason] == 1


def test_layers_cannot_be_exchanged() -> None:
    """Adversarial test 4: a KID rewritten to another layer's is not authentic."""
    wire = bytearray(sealed())
    assert wire[1:7] == ANA.kid(Stream.CAMERA, 0).to_bytes(5, "big") + wire[6:7]
    wire[1:6] = ANA.kid(Stream.CAMERA, 2).to_bytes(5, "big")
    receiver = opener()
    assert receiver.open("VP9", bytes(wire)) is None
    assert receiver.refused[Refusal.NOT_AUTHENTIC] == 1


def test_a_sender_who_mislabels_is_refused() -> None:
    """A layer inside the seal that is not the one of its key."""
    key = SFrameKey(ANA.base_key, ANA.kid(Stream.CAMERA, 1))
    wire = key.seal(0, ANA.metadata("VP9", b""), bytes((0, 0x20, 0, 0, 0, 0, 0, 0)) + b"media")
    receiver = opener()
    assert receiver.open("VP9", wire) is None
    assert receiver.refused[Refusal.MISLABELLED] == 1


def test_a_replayed_frame_is_refused() -> None:
    """Adversarial test 3: at once, ten thousand times, and after the window has gone by."""
    sealer, receiver = Sealer(ANA, Stream.CAMERA), opener()
    first = sealer.seal("VP9", b"first", KEY)
    assert receiver.open("VP9", first) is not None
    assert all(receiver.open("VP9", first) is None for _ in range(10_000))
    for _ in range(1100):
        assert receiver.open("VP9", sealer.seal("VP9", b"next", FrameInfo())) is not None
    assert receiver.open("VP9", first) is None
    assert receiver.refused == {Refusal.REPLAYED: 10_001}


def test_garbage_at_a_valid_key_disables_nothing() -> None:
    """Adversarial test 5: a thousand forged frames, also with counters far ahead."""
    receiver = opener()
    kid = ANA.kid(Stream.CAMERA, 0).to_bytes(5, "big")
    for number in range(1000):
        forged = b"\xcb" + kid + (number << 20).to_bytes(4, "big") + b"garbage" * 10
        assert receiver.open("VP9", forged) is None
    assert receiver.open("VP9", sealed()) is not None


def test_no_counter_is_used_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """Adversarial test 9: a sender whose counters are used up stops instead."""
    monkeypatch.setattr(frames, "MAX_COUNTER", 2)
    sealer = Sealer(ANA, Stream.CAMERA)
    assert len({sealer.seal("VP9", b"same", KEY) for _ in range(3)}) == 3
    with pytest.raises(OverflowError):
        sealer.seal("VP9", b"same", KEY)
    assert MAX_COUNTER == 1 << 32


@pytest.mark.parametrize("codec", CODECS)
@given(data=st.binary(max_size=120))
def test_any_bytes_are_refused_and_counted(codec: str, data: bytes) -> None:
    """Nothing that was not sealed opens, and nothing else is raised."""
    receiver = opener()
    assert receiver.open(codec, data) is None
    assert receiver.refused.total() == 1


def _sound(plain: bytes) -> bytes:
    key = SFrameKey(ANA.base_key, ANA.kid(Stream.CAMERA, 0))
    return key.seal(0, ANA.metadata("opus", b""), plain)


def _picture(plain: bytes) -> bytes:
    key = SFrameKey(ANA.base_key, ANA.kid(Stream.CAMERA, 0))
    return key.seal(0, ANA.metadata("VP9", b""), plain)


@pytest.mark.parametrize(
    ("codec", "seal", "least"),
    [("opus", _sound, 2), ("VP9", _picture, 8)],
    ids=["sound", "pictures"],
)
def test_too_little_inside_is_refused(
    codec: str, seal: Callable[[bytes], bytes], least: int
) -> None:
    """A sender without the inner header is no client of ours."""
    for length in range(least):
        receiver = opener()
        assert receiver.open(codec, seal(bytes(length))) is None
        assert receiver.refused[Refusal.MALFORMED] == 1
    assert opener().open(codec, seal(bytes(least))) is not None
