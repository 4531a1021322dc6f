"""Sealed recordings: other media in the same packets, and those who have the keys get it back."""

from dataclasses import replace
from itertools import groupby

import pytest

from sfu_clients.errors import ClientError
from sfu_clients.media.decoders import Decoder
from sfu_clients.media.recorded import RecordedSource
from sfu_clients.payload import EncodedFrame, frames, unwrap
from sfu_clients.payload.layers import join_layers
from sfu_clients.recordings.recording import Recording, load_recording
from sfu_clients.rtp.outgoing import MediaPacket
from sfu_clients.sealing.frames import FrameInfo, Opener, Sealer, Sender, Stream
from tests.support.recorded import tagged

ANA = Sender(b"a" * 32, 0x01020304, b"c" * 16)
LAYERED = ["vp9-l3t3-key", "vp9-l3t3", "av1-l3t3-key", "av1-l3t3"]
OTHERS = ["vp8-simulcast", "opus"]


def sent(recording: Recording, *, sealed: bool) -> list[MediaPacket]:
    """A lap and a half, with a key frame that somebody asks for."""
    source = RecordedSource(recording)
    if sealed:
        sealer = Sealer(ANA, Stream.CAMERA)

        def seal(frame: EncodedFrame) -> bytes:
            info = FrameInfo(frame.key_frame, frame.spatial, frame.temporal)
            return sealer.seal(recording.codec, frame.data, info)

        source.seal(seal)
    packets = []
    asked = False
    while source.due() < 1.5 * recording.seconds:
        packets += source.produce(now=0.0)
        if source.due() > 1 and not asked:
            source.ask_key_frame()
            asked = True
    return packets


def pictures(packets: list[MediaPacket]) -> list[list[bytes]]:
    """The payloads of each picture."""
    return [
        [packet.payload for packet in group]
        for _, group in groupby(packets, lambda packet: packet.timestamp)
    ]


@pytest.mark.parametrize("name", LAYERED + OTHERS)
def test_a_server_reads_the_same(name: str) -> None:
    """As many packets, at the same times, with the same layers, key frames and references."""
    recording = load_recording(name)
    clear, sealed = sent(recording, sealed=False), sent(recording, sealed=True)
    count = min(len(clear), len(sealed))
    assert count > 200
    for one, other in zip(clear[:count], sealed[:count], strict=True):
        assert (one.timestamp, one.marker, one.extensions) == (
            other.timestamp, other.marker, other.extensions,
        )  # fmt: skip
        assert abs(len(other.payload) - len(one.payload)) < 100
    assert tagged(recording.codec, clear[:count]) == tagged(recording.codec, sealed[:count])


@pytest.mark.parametrize("name", LAYERED + OTHERS)
def test_those_with_the_keys_get_the_pictures(name: str) -> None:
    """Every frame opens, and together they are what the recording holds, and decode."""
    recording = load_recording(name)
    opener, decoder = Opener(ANA, Stream.CAMERA), Decoder(recording.codec)
    clear = pictures(sent(recording, sealed=False))
    sealed = pictures(sent(recording, sealed=True))
    count = min(len(clear), len(sealed)) - 1
    for one, other in zip(clear[:count], sealed[:count], strict=True):
        opened = [opener.open(recording.codec, part) for part in frames(recording.codec, other)]
        parts = [media for found in opened if found is not None for media in [found[0]]]
        data = join_layers(recording.codec, parts)
        assert len(parts) == len(opened)
        assert data == unwrap(recording.codec, one)
        assert decoder.decode(data)
    assert opener.refusals() == {}


@pytest.mark.parametrize("name", LAYERED)
def test_key_pictures_have_all_layers(name: str) -> None:
    """Each is a frame of its own, sealed by itself."""
    recording = load_recording(name)
    first, *_ = pictures(sent(recording, sealed=True))
    opener = Opener(ANA, Stream.CAMERA)
    opened = [opener.open(recording.codec, part) for part in frames(recording.codec, first)]
    told = [found[1] for found in opened if found is not None]
    assert [info.spatial for info in told] == [0, 1, 2]
    assert [info.key_frame for info in told] == [True, False, False]


def without_descriptors() -> Recording:
    """Pictures whose frames only their media would tell."""
    recording = load_recording("vp8-simulcast")
    stream = recording.streams[-1]
    packets = tuple(replace(packet, extensions={}) for packet in stream.packets)
    return replace(recording, streams=(replace(stream, packets=packets),))


@pytest.mark.parametrize(
    "recording",
    [
        pytest.param(load_recording("h264-l1t3"), id="H.264"),
        pytest.param(without_descriptors(), id="no descriptors"),
    ],
)
def test_what_cannot_be_sealed_is_refused(recording: Recording) -> None:
    """In words; never sent in clear."""
    with pytest.raises(ClientError, match="cannot be sealed"):
        RecordedSource(recording).seal(lambda frame: frame.data)


def test_a_frame_without_keys_stays_here() -> None:
    """Nothing of it leaves, and what follows is not held up."""
    source = RecordedSource(load_recording("vp9-l3t3-key"))
    source.seal(lambda frame: None if frame.spatial < 2 else bytes(100))
    packets = source.produce(now=0.0) + [p for _ in range(10) for p in source.produce(now=0.0)]
    assert packets
    assert {bytes(packet.payload[-5:]) for packet in packets} == {bytes(5)}
