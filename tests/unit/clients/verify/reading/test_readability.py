"""Media is told from noise, and from sealed media; where nothing tells, nothing is said."""

from collections.abc import Callable
from dataclasses import replace
from os import urandom
from pathlib import Path
from random import Random

import pytest

from sfu.wire.packet import Packet
from sfu_clients.media.sources import PatternSource, ToneSource
from sfu_clients.payload import EncodedFrame
from sfu_clients.recordings.recording import load_recording
from sfu_clients.sealing.frames import FrameInfo, Sealer, Sender, Stream
from sfu_clients.verify.keys.log import read_key_files
from sfu_clients.verify.legs import read_leg
from sfu_clients.verify.reading.frames import FrameKeys
from sfu_clients.verify.reading.readability import Answer, Reading, read
from tests.support.captures import written
from tests.support.legs import NOW, Timed, published, to_server

SENDER = Sender(b"base key of 32 bytes, of a sender", 0x12345678, b"a room's context")


def opened(folder: Path, packets: list[Timed]) -> Reading:
    """What is read of a stream of which we have the key."""
    hop = to_server()
    path = written(folder / "a.pcap", hop.carry(packets))
    (stream,) = read_leg(path, list(read_key_files([hop.log(folder / "a.keys")]).srtp)).streams
    assert stream.key is not None
    return read(stream)


def sealing(codec: str, sender: Sender = SENDER) -> Callable[[EncodedFrame], bytes]:
    """What seals frames, as a client does."""
    sealer = Sealer(sender, Stream.MICROPHONE if codec == "opus" else Stream.CAMERA)

    def seal(frame: EncodedFrame) -> bytes:
        info = FrameInfo(key_frame=frame.key_frame, temporal=frame.temporal)
        return sealer.seal(codec, frame.data, info)

    return seal


def source(codec: str) -> PatternSource | ToneSource:
    """Pictures or sound."""
    return ToneSource() if codec == "opus" else PatternSource(codec, size=(320, 180))


@pytest.mark.parametrize("codec", ["opus", "VP8", "VP9", "H264", "AV1"])
def test_media_is_readable(tmp_path: Path, codec: str) -> None:
    """Of every codec, though Opus plays anything."""
    reading = opened(tmp_path, published(source(codec), 5))
    assert (reading.answer, reading.codec) == (Answer.READABLE, codec), reading.evidence
    assert reading.frames >= 100
    assert len(reading.content) >= 100


@pytest.mark.parametrize(
    ("name", "codec"),
    [("opus", "opus"), ("vp9-l3t3-key", "VP9"), ("av1-l3t3", "AV1"), ("h264-l1t3", "H264")],
)
def test_what_browsers_send_is_readable(tmp_path: Path, name: str, codec: str) -> None:
    """With all its layers."""
    stream = load_recording(name).streams[0]
    packets = [
        Timed(
            NOW + media.at,
            Packet(media.payload, 96, n, media.timestamp, 7, marker=media.marker),
        )
        for n, media in enumerate(stream.packets)
    ]
    reading = opened(tmp_path, packets)
    assert (reading.answer, reading.codec) == (Answer.READABLE, codec), reading.evidence


@pytest.mark.parametrize("codec", ["opus", "VP8", "VP9"])
def test_sealed_media_is_opaque(tmp_path: Path, codec: str) -> None:
    """Its shims and headers are clear, and worth nothing."""
    sealed = source(codec)
    sealed.seal(sealing(codec))
    reading = opened(tmp_path, published(sealed, 5))
    assert (reading.answer, reading.codec) == (Answer.OPAQUE, codec), reading.evidence


@pytest.mark.parametrize("codec", ["opus", "VP8", "VP9"])
def test_frames_are_authentic_under_their_own_keys_only(tmp_path: Path, codec: str) -> None:
    """Each of them, once."""
    sealed = source(codec)
    sealed.seal(sealing(codec))
    reading = opened(tmp_path, published(sealed, 5))
    right = FrameKeys([replace(SENDER, ident=7), SENDER]).check(reading)
    assert right.frames == right.authentic == len(reading.payloads) >= 100
    for wrong in (
        replace(SENDER, base_key=urandom(32)),
        replace(SENDER, context=bytes(16)),
        replace(SENDER, ident=7),
    ):
        assert FrameKeys([wrong]).check(reading).authentic == 0


def test_clear_frames_are_not_authentic(tmp_path: Path) -> None:
    """Whatever keys there are."""
    reading = opened(tmp_path, published(source("VP8"), 3))
    assert FrameKeys([SENDER]).check(reading).share == 0


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("codec", ["opus", "VP8"])
def test_noise_is_never_readable(tmp_path: Path, codec: str, seed: int) -> None:
    """However lucky: what follows the descriptor is random, and the first byte may be constant."""
    chance = Random(seed)  # noqa: S311 - noise
    keep = 6 if codec == "VP8" else seed % 2

    def noise(packet: Packet) -> Packet:
        kept = packet.payload[:keep]
        return replace(packet, payload=kept + chance.randbytes(len(packet.payload) - keep))

    packets = [replace(one, packet=noise(one.packet)) for one in published(source(codec), 5)]
    assert opened(tmp_path, packets).answer is not Answer.READABLE


def test_pictures_without_a_key_frame_decide_nothing(tmp_path: Path) -> None:
    """A decoder that cannot begin says nothing about what it was given."""
    for codec in ("VP8", "VP9", "H264"):
        late = [one for one in published(source(codec), 6) if one.at > NOW + 2]
        reading = opened(tmp_path, late)
        assert reading.answer is Answer.UNDECIDED, (codec, reading.evidence)


def test_a_few_frames_decide_nothing(tmp_path: Path) -> None:
    """Nor does a format that we do not know."""
    assert opened(tmp_path, published(source("opus"), 0.9)).answer is Answer.UNDECIDED
    chance = Random(5)  # noqa: S311 - noise
    noise = [
        replace(one, packet=replace(one.packet, payload=chance.randbytes(len(one.packet.payload))))
        for one in published(source("VP8"), 5)
    ]
    reading = opened(tmp_path, noise)
    assert (reading.answer, reading.codec) == (Answer.UNDECIDED, None)
