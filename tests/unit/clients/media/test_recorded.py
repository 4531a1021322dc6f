"""RecordedSource: a recording leaves as it was recorded, for ever."""

import pytest

from sfu_clients.media.recorded import RecordedSource
from sfu_clients.recordings.recording import load_recording


@pytest.mark.parametrize(
    ("name", "source", "codec"),
    [
        ("vp9-l3t3-key", "camera", "VP9"),
        ("vp8-simulcast", "camera", "VP8"),
        ("opus", "microphone", "opus"),
    ],
)
def test_goes_on_for_ever(name: str, source: str, codec: str) -> None:
    """Lap after lap, in time, without a step back; of simulcast the largest stream."""
    recording = load_recording(name)
    replayed = RecordedSource(recording)
    assert (replayed.name, replayed.codec) == (source, codec)
    before, timestamp, octets = 0.0, 0, 0
    while replayed.due() < 2 * recording.seconds:
        assert replayed.due() >= before
        before = replayed.due()
        for packet in replayed.produce(now=0.0):
            assert packet.timestamp >= timestamp
            timestamp = packet.timestamp
            octets += len(packet.payload)
    largest = max(sum(len(p.payload) for p in stream.packets) for stream in recording.streams)
    assert octets == pytest.approx(2 * largest, rel=0.1)


def test_reacts_to_key_frame_requests() -> None:
    """The next picture is one, though the recording would have had none there."""
    replayed = RecordedSource(load_recording("h264-l1t3"))
    while replayed.due() < 1.0:
        replayed.produce(now=0.0)
    replayed.set_bitrate(1)
    replayed.ask_key_frame()
    payloads = []
    while replayed.due() < 1.3:
        payloads += [packet.payload for packet in replayed.produce(now=0.0)]
    kinds = {payload[0] & 0x1F for payload in payloads}
    assert kinds & {7, 24}, "a sequence parameter set, alone or in an aggregate"
