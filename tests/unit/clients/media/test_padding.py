"""Padding: longer frames of few sizes, which decode to the same pictures and the same sound."""

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import av
import pytest
from av.audio.codeccontext import AudioCodecContext
from hypothesis import given
from hypothesis import strategies as st

from sfu.wire.matroska import superframe
from sfu_clients.media.encoders import AUDIO_CLOCK, OpusEncoder, VideoEncoder
from sfu_clients.media.padding import (
    SOUND_STEP,
    WARM_UP,
    SoundPadder,
    has_index,
    pad_opus,
    padder,
    padme,
)
from sfu_clients.media.pattern import Pattern
from sfu_clients.media.tone import PIECE, Tone
from sfu_clients.payload import EncodedFrame, packetizer, unwrap

NOW = 1_700_000_000.0
SIZE = (192, 112)
PICTURES = 24

DECODERS = [
    pytest.param("VP8", "vp8", id="VP8, FFmpeg's own"),
    pytest.param("VP8", "libvpx", id="VP8, libvpx"),
    pytest.param("VP9", "vp9", id="VP9, FFmpeg's own"),
    pytest.param("VP9", "libvpx-vp9", id="VP9, libvpx"),
    pytest.param("H264", "h264", id="H.264"),
    pytest.param("AV1", "libdav1d", id="AV1, dav1d"),
]


def film(codec: str) -> list[EncodedFrame]:
    """Pictures with two key frames."""
    encoder = VideoEncoder(codec, *SIZE, rate=30, bitrate=400_000)
    pattern = Pattern(*SIZE)
    frames = []
    for number in range(PICTURES):
        if number == PICTURES // 2:
            encoder.ask_key_frame()
        frames += encoder.encode(pattern.draw(number, NOW + number / 30), number * 3000)
    return frames


def shown(library: str, data: list[bytes]) -> list[bytes]:
    """What a decoder shows of it, dot by dot."""
    context = av.CodecContext.create(library, "r")
    context.thread_count = 1
    packets: list[av.Packet[Any] | None] = [av.Packet(one) for one in data]
    return [
        b"".join(rows(frame))
        for packet in [*packets, None]
        for frame in context.decode(packet)  # type: ignore[attr-defined]
    ]


def rows(frame: av.VideoFrame) -> Iterator[bytes]:
    """The picture without what fills its lines up."""
    for plane in frame.planes:
        dots = bytes(plane)
        for y in range(plane.height):
            yield dots[y * plane.line_size : y * plane.line_size + plane.width]


def heard(packets: list[bytes]) -> list[bytes]:
    """What libopus decodes, sample by sample."""
    context = av.CodecContext.create("libopus", "r")
    assert isinstance(context, AudioCodecContext)
    context.sample_rate, context.layout = AUDIO_CLOCK, "mono"
    return [
        bytes(frame.planes[0])[: frame.samples * frame.format.bytes]
        for packet in packets
        for frame in context.decode(av.Packet(packet))
    ]


def sound(**options: str) -> list[bytes]:
    """A second of the tone, encoded as these options of libopus say."""
    context = av.CodecContext.create("libopus", "w")
    assert isinstance(context, AudioCodecContext)
    context.sample_rate, context.format, context.layout = AUDIO_CLOCK, "s16", "mono"
    context.bit_rate = 64_000
    context.time_base = Fraction(1, AUDIO_CLOCK)
    context.options = {"frame_duration": "20", "application": "audio", **options}
    context.open()
    size = context.frame_size
    tone = b"".join(bytes(Tone().piece(number).planes[0])[: 2 * PIECE] for number in range(50))
    packets = []
    for start in range(0, len(tone) - 2 * size + 1, 2 * size):
        frame = av.AudioFrame("s16", "mono", size)
        frame.sample_rate, frame.pts = AUDIO_CLOCK, start // 2
        frame.planes[0].update(tone[start : start + 2 * size])
        packets += [bytes(packet) for packet in context.encode(frame)]
    return packets


@pytest.mark.parametrize(("codec", "library"), DECODERS)
def test_padded_pictures_are_the_same(codec: str, library: str) -> None:
    """Dot by dot, and whatever packets they travelled in."""
    frames = film(codec)
    pad, cutter = padder(codec), packetizer(codec)
    padded = [pad(frame.data) for frame in frames]
    travelled = [
        unwrap(codec, cutter.packetize(EncodedFrame(data, 0, key_frame=frame.key_frame)))
        for frame, data in zip(frames, padded, strict=True)
    ]
    pictures = shown(library, [frame.data for frame in frames])
    assert len(pictures) == PICTURES
    assert len(set(pictures)) == PICTURES
    assert shown(library, padded) == pictures
    assert shown(library, travelled) == pictures
    assert all(len(data) == padme(len(data)) for data in padded)


@pytest.mark.parametrize(
    ("codec", "longest"), [("VP8", 0.12), ("VP9", 0.12), ("H264", 0.2), ("AV1", 0.2)]
)
@given(data=st.binary(min_size=64, max_size=5000))
def test_pictures_cost_little(codec: str, longest: float, data: bytes) -> None:
    """At most 12 %, and what the padding is wrapped in, which small frames feel."""
    data = {"AV1": b"\x12\x00\x32"}.get(codec, b"") + data
    padded = padder(codec)(data)
    assert padded.startswith(data[:2])
    assert padded != data or codec.startswith("VP")
    assert len(padded) <= len(data) * (1 + longest)


@pytest.mark.parametrize("codec", ["opus", "VP8", "VP9", "H264", "AV1"])
@given(frames=st.lists(st.binary(max_size=300), max_size=5))
def test_any_bytes_are_padded_or_left(codec: str, frames: list[bytes]) -> None:
    """A source may hand over what no encoder made; nothing is ever shorter, or made of nothing."""
    pad = padder(codec)
    for frame in frames:
        padded = pad(frame)
        assert len(padded) >= len(frame)
        assert bool(padded) == bool(frame)


@pytest.mark.parametrize(
    ("size", "padded"),
    [(0, 0), (1, 1), (7, 7), (9, 10), (65, 72), (1000, 1024), (1025, 1088), (100_000, 100_352)],
)
def test_sizes_of_padme(size: int, padded: int) -> None:
    """As its authors define it."""
    assert padme(size) == padded


@given(st.integers(min_value=1, max_value=1 << 24))
def test_a_size_that_remains_stays(size: int) -> None:
    """No size grows by more than 12 %, and none twice."""
    assert size <= padme(size) <= size * 1.12
    assert padme(padme(size)) == padme(size)


def test_few_sizes_remain() -> None:
    """Sixteen and more within each doubling are too many to hide a key frame, and so it is told."""
    assert len({padme(size) for size in range(1025, 2049)}) == 16


def test_a_superframe_is_left_alone() -> None:
    """Its decoder looks for the index at the very end."""
    whole = superframe([b"\x82one", b"\x82two"])
    assert has_index(whole)
    assert padder("VP9")(whole) == whole


# Sound


@pytest.mark.parametrize(
    ("code", "options"),
    [
        pytest.param(0, {"frame_duration": "20"}, id="one frame"),
        pytest.param(1, {"vbr": "off"}, id="two frames of one size"),
        pytest.param(2, {"frame_duration": "40", "vbr": "on"}, id="two frames of two sizes"),
        pytest.param(3, {"frame_duration": "60", "vbr": "on"}, id="three frames"),
        pytest.param(3, {"frame_duration": "60", "vbr": "off"}, id="three frames of one size"),
        pytest.param(0, {"application": "voip", "vbr": "on"}, id="speech"),
    ],
)
def test_padded_sound_is_the_same(code: int, options: dict[str, str]) -> None:
    """However frames are packed (RFC 6716 section 3.2); and padded once more, the same again."""
    packets = sound(**options)
    if code == 1:  # which libopus does not write by itself
        pairs = zip(packets[::2], packets[1::2], strict=True)
        packets = [bytes((one[0] | 1,)) + one[1:] + other[1:] for one, other in pairs]
    assert code in {packet[0] & 3 for packet in packets}
    size = max(map(len, packets)) + 40
    padded = [pad_opus(packet, size) for packet in packets]
    again = [pad_opus(packet or b"", size + 300) for packet in padded]
    assert {len(packet or b"") for packet in padded} == {size}
    assert {len(packet or b"") for packet in again} == {size + 300}
    samples = heard(packets)
    assert len(samples) == len(packets)
    assert len(set(samples)) > len(packets) // 2
    assert heard([packet or b"" for packet in padded]) == samples
    assert heard([packet or b"" for packet in again]) == samples


def test_every_size_can_be_had() -> None:
    """Exactly, also where padding needs another byte to tell its length."""
    packet = sound()[10]
    (samples,) = heard([packet])
    for size in range(len(packet), len(packet) + 600):
        padded = pad_opus(packet, size) or b""
        assert len(padded) == size
        assert heard([padded]) == [samples]


@given(st.binary(min_size=1, max_size=400), st.integers(min_value=0, max_value=900))
def test_sound_is_padded_or_refused(packet: bytes, size: int) -> None:
    """What is no packet is told by None; all others have the size that was wanted."""
    padded = pad_opus(packet, size)
    assert padded is None or len(padded) == max(size, len(packet))


@pytest.mark.parametrize(
    "packet",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"\xfb", id="no count"),
        pytest.param(b"\xfb\x41", id="no length of the padding"),
        pytest.param(b"\xfb\x41\x05ab", id="more padding than bytes"),
    ],
)
def test_what_is_no_packet(packet: bytes) -> None:
    """Is sent as it is, and does not make the next one longer."""
    pad = SoundPadder()
    assert pad_opus(packet, 200) is None
    assert pad.pad(packet) == packet
    assert len(pad.pad(b"\xf8abc")) == SOUND_STEP


def test_all_sizes_of_sound_become_one() -> None:
    """Speech and silence, from the first loud packet on."""
    encoder, pad = OpusEncoder(), SoundPadder()
    sizes, before = [], []
    for number in range(150):
        (frame,) = encoder.encode(Tone().piece(number), number * PIECE, level=0)
        before.append(len(frame.data))
        sizes.append(len(pad.pad(frame.data)))
    assert len(set(before[50:])) > 10
    assert len(set(sizes[100:])) == 1
    assert sizes[WARM_UP:] == sorted(sizes[WARM_UP:])
    assert all(size % SOUND_STEP == 0 for size in sizes)


def test_what_an_encoder_begins_with_is_forgotten() -> None:
    """Else one large packet would cost as much for the rest of the call."""
    pad = SoundPadder()
    sizes = [len(pad.pad(bytes((8,)) * size)) for size in (300, *[90] * 120)]
    assert sizes == [320] * (WARM_UP - 1) + [120] * (122 - WARM_UP)


def test_a_constant_rate_needs_no_padding() -> None:
    """All packets are 20 ms of 48 kbit/s already."""
    encoder, pad = OpusEncoder(constant_rate=True), SoundPadder()
    for number in range(60):
        (frame,) = encoder.encode(Tone().piece(number), number * PIECE, level=0)
        assert len(frame.data) == 120
        assert pad.pad(frame.data) == frame.data
