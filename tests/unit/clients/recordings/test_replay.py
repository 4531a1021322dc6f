"""Replays: endless, as the browser paced them, and with numbers that only ever go on."""

from collections.abc import Iterable, Iterator
from itertools import groupby, pairwise
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sfu.wire.extensions import Extension
from sfu.wire.payload.vp8 import Vp8Descriptor, parse_vp8
from sfu.wire.payload.vp9 import Vp9Descriptor, parse_vp9
from sfu_clients.recordings.recording import RecordedStream, Recording, load_recording
from sfu_clients.recordings.replay import Replay
from sfu_clients.rtp.outgoing import MediaPacket
from tests.support.encoders import one_two_three
from tests.support.recorded import FRAME_SECONDS, filmed, tagged
from tests.support.streams import VIDEO, opus, publisher

PICTURE: Final = 3000
"""Ticks from one picture to the next, of those made by hand."""


def hand_made(name: str, pictures: int = 11, *keys: int) -> Recording:
    """A recording of a stream with one, two and three packets for its layers."""
    return filmed(publisher(name, split=one_two_three), pictures, keys=keys)


def go_on(replay: Replay, seconds: float, *, since: float = 0.0) -> Iterator[MediaPacket]:
    """What is taken every 20 ms."""
    for tick in range(1, round(seconds * 50) + 1):
        yield from replay.take(since + tick / 50)


class Numbers:
    """The numbers of one packet, by name: those that it has."""

    def __init__(self, codec: str, packet: MediaPacket) -> None:
        self.timestamp = packet.timestamp
        self.told: dict[str, tuple[int, int]] = {}  # value and bits
        self.base = False  # counts in TL0PICIDX
        read = Vp8Descriptor() if codec == "VP8" else Vp9Descriptor()
        if isinstance(read, Vp8Descriptor):
            parse_vp8(packet.payload, 0, len(packet.payload), read)
        elif codec == "VP9":
            parse_vp9(packet.payload, 0, len(packet.payload), read)
        if read.picture_id >= 0:
            self.told["picture id"] = read.picture_id, read.picture_id_bits
        if read.tl0picidx >= 0:
            self.told["TL0PICIDX"] = read.tl0picidx, 8
            self.base = read.temporal == 0
        descriptor = packet.extensions.get(Extension.DEPENDENCY_DESCRIPTOR)
        if descriptor is not None:
            self.told["frame number"] = int.from_bytes(descriptor[1:3], "big"), 16
            self.starts = descriptor[0] >= 0x80


def breaks(codec: str, packets: Iterable[MediaPacket]) -> list[str]:
    """Where numbers do not follow each other as an encoder counts."""
    found = []
    for before, after in pairwise(Numbers(codec, packet) for packet in packets):
        steps = {
            "picture id": after.timestamp != before.timestamp,
            "TL0PICIDX": after.timestamp != before.timestamp and after.base,
            "frame number": "frame number" in after.told and after.starts,
        }
        for name, (value, bits) in after.told.items():
            if value - before.told[name][0] & (1 << bits) - 1 != steps[name]:
                found.append(f"{name} {before.told[name][0]} then {value} at {after.timestamp}")
    return found


def timestamps(packets: Iterable[MediaPacket]) -> list[int]:
    """Each once, in their order."""
    return list(dict.fromkeys(packet.timestamp for packet in packets))


@pytest.mark.parametrize("name", VIDEO)
def test_numbers_go_on_past_their_ends(name: str) -> None:
    """In twenty seconds all have wrapped, some often, and no picture was late."""
    recording = hand_made(name)
    sent = list(go_on(Replay(recording.streams[0]), 20))
    assert breaks(recording.codec, sent) == []
    assert timestamps(sent)[:600] == list(range(0, 600 * PICTURE, PICTURE))


@pytest.mark.parametrize("name", ["vp9-l3t3-key", "opus"])
def test_numbers_go_on_for_an_hour(name: str) -> None:
    """Of real streams: nothing drifts, neither numbers nor time."""
    recording = load_recording(name)
    (stream,) = recording.streams
    replay = Replay(stream)
    packets = go_on(replay, 3600)
    laps = 3600 / recording.seconds
    assert breaks(recording.codec, _counted(packets, laps * len(stream.packets))) == []
    shift = int(laps) * recording.seconds
    assert replay.due() - shift == pytest.approx(
        next(one.at for one in stream.packets if one.at + shift > 3600), abs=1e-6
    )


def _counted(packets: Iterator[MediaPacket], expected: float) -> Iterator[MediaPacket]:
    count = 0
    for packet in packets:
        count += 1
        yield packet
    assert count == pytest.approx(expected, rel=0.001)


@pytest.mark.parametrize("name", ["VP9 L3T3_KEY, described", "VP8 L1T3", "H.264"])
def test_everything_but_numbers_is_as_recorded(name: str) -> None:
    """Media, markers and extensions, and the time between packets, lap after lap."""
    recording = hand_made(name)
    (stream,) = recording.streams
    replay = Replay(stream)
    first = replay.take(recording.seconds - 0.001)
    assert [packet.payload for packet in first] == [one.payload for one in stream.packets]
    assert [packet.timestamp for packet in first] == [one.timestamp for one in stream.packets]
    assert [packet.extensions for packet in first] == [one.extensions for one in stream.packets]
    again = replay.take(2 * recording.seconds - 0.001)
    assert [packet.marker for packet in again] == [one.marker for one in stream.packets]
    assert [len(packet.payload) for packet in again] == [len(one.payload) for one in stream.packets]
    assert [packet.payload[-6:] for packet in again] == [one.payload[-6:] for one in stream.packets]
    assert [packet.timestamp - stream.duration for packet in again] == [
        one.timestamp for one in stream.packets
    ]


def test_packets_leave_when_they_came() -> None:
    """Not before, and none twice; a picture's packets may be spread over time."""
    stream = load_recording("vp9-l3t3-key").streams[0]
    replay = Replay(stream)
    for lap in range(3):
        for recorded_at, together in groupby(stream.packets, key=lambda one: one.at):
            at = recorded_at + lap * stream.duration / stream.clock_rate
            assert replay.due() == pytest.approx(at)
            assert replay.take(replay.due() - 0.0001) == []
            assert len(replay.take(replay.due())) == len(list(together))
    spread = {one.at for one in stream.packets if one.timestamp == 0}
    assert len(spread) > 5


@pytest.mark.parametrize("name", VIDEO)
def test_a_key_frame_comes_when_the_next_picture_would_have(name: str) -> None:
    """It takes that one's place: its time and its timestamp, and all numbers go on from there."""
    recording = hand_made(name, 11, 8)
    (stream,) = recording.streams
    replay = Replay(stream)
    sent = replay.take(3.5 * FRAME_SECONDS)
    due = replay.due()
    replay.ask_key_frame()
    assert replay.due() == pytest.approx(due, abs=0.001)
    rest = replay.take(5.5 * FRAME_SECONDS)
    tags = tagged(recording.codec, [*sent, *rest])
    assert tags[len(sent)].key_frame
    assert rest[0].payload[-6:] == stream.packets[stream.key_frames[1]].payload[-6:]
    assert timestamps([*sent, *rest]) == [place * PICTURE for place in range(6)]
    assert breaks(recording.codec, [*sent, *rest]) == []
    assert all(tag.references_arrived for tag in tags)


def test_after_the_last_key_picture_comes_the_first() -> None:
    """The recording has no more, and begins again."""
    (stream,) = hand_made("VP8 L1T3", 11, 8).streams
    replay = Replay(stream)
    replay.take(9.5 * FRAME_SECONDS)
    replay.ask_key_frame()
    (packet, *_) = replay.take(replay.due())
    assert packet.payload[-6:] == stream.packets[0].payload[-6:]
    assert packet.timestamp == 10 * PICTURE


def test_a_picture_is_finished_first() -> None:
    """Who asks in the middle of one gets the rest of it, then the key picture."""
    stream = load_recording("vp9-l3t3").streams[0]
    replay = Replay(stream)
    half = next(
        place
        for place, (one, after) in enumerate(pairwise(stream.packets), 1)
        if place > 100 and one.at < after.at and one.timestamp == after.timestamp
    )
    sent = replay.take(stream.packets[half - 1].at)
    assert len(sent) == half
    replay.ask_key_frame()
    assert replay.due() == stream.packets[half].at
    sent += replay.take(10)
    assert breaks("VP9", sent) == []
    picture = stream.packets[half].timestamp
    assert [packet.payload for packet in sent if packet.timestamp == picture] == [
        one.payload for one in stream.packets if one.timestamp == picture
    ]
    following = next(packet for packet in sent if packet.timestamp > picture)
    assert following.payload[-100:] == stream.packets[0].payload[-100:]


@pytest.mark.parametrize("at", [0.0, 7.5 * FRAME_SECONDS], ids=["the first", "a later one"])
def test_a_key_picture_that_is_next_anyway_is_enough(at: float) -> None:
    """Asking changes nothing then, however often."""
    (stream,) = hand_made("VP8 L1T3", 11, 8).streams
    replay, undisturbed = Replay(stream), Replay(stream)
    replay.take(at - 0.001)
    undisturbed.take(at - 0.001)
    for _ in range(3):
        replay.ask_key_frame()
    assert replay.take(5) == undisturbed.take(5)


def test_sound_needs_no_key_frames() -> None:
    """Each packet stands alone."""
    (stream,) = filmed(opus(), 10).streams
    replay, undisturbed = Replay(stream), Replay(stream)
    for tick in range(100):
        replay.ask_key_frame()
        assert replay.take(tick / 50) == undisturbed.take(tick / 50)


def test_many_jumps_do_not_part_time_from_timestamps() -> None:
    """Packets leave as long after their timestamp as the browser let them."""
    stream = load_recording("vp9-l3t3-key").streams[0]
    lags = [one.at - one.timestamp / stream.clock_rate for one in stream.packets]
    replay = Replay(stream)
    for jump in range(500):
        now = 0.3 * jump
        for packet in replay.take(now):
            assert packet.timestamp / stream.clock_rate < now - min(lags) + 0.001
        assert replay.due() > now
        assert replay.due() < now + 0.1 + max(lags) - min(lags)
        replay.ask_key_frame()


def test_simulcast_streams_share_their_frame_numbers() -> None:
    """As in Chromium: no two frames have the same, whichever stream is asked for a key frame."""
    streams = load_recording("vp8-simulcast").streams
    replays = [Replay(stream) for stream in streams]
    numbers = []
    for tick in range(1, 1000):
        for replay in replays:
            for packet in replay.take(tick / 50):
                told = packet.extensions[Extension.DEPENDENCY_DESCRIPTOR]
                if told[0] >= 0x80:
                    numbers.append(int.from_bytes(told[1:3], "big"))
        if tick % 130 == 0:
            replays[tick % 3].ask_key_frame()
    assert len(numbers) == len(set(numbers))


ASKING: Final = st.lists(st.tuples(st.integers(1, 30), st.booleans()), min_size=1, max_size=20)


@pytest.mark.parametrize("name", VIDEO)
@settings(max_examples=20)
@given(asking=ASKING)
def test_whenever_somebody_asks_everything_can_be_decoded(
    name: str, asking: list[tuple[int, bool]]
) -> None:
    """Every frame comes after all that it refers to, and every number after the one before."""
    recording = hand_made(name, 11, 8)
    replay = Replay(recording.streams[0])
    sent: list[MediaPacket] = []
    now = 0.0
    for hundredths, asks in asking:
        now += hundredths / 100
        sent += replay.take(now)
        if asks:
            replay.ask_key_frame()
    assert breaks(recording.codec, sent) == []
    assert all(tag.references_arrived for tag in tagged(recording.codec, sent))
    assert [after - before for before, after in pairwise(timestamps(sent))] == [PICTURE] * (
        len(timestamps(sent)) - 1
    )


def test_two_replays_of_one_stream_know_nothing_of_each_other() -> None:
    """A recording is read once for hundreds of publishers."""
    stream: RecordedStream = load_recording("vp9-l3t3").streams[0]
    one, other = Replay(stream), Replay(stream)
    one.take(9)
    one.ask_key_frame()
    assert other.take(9) == Replay(stream).take(9)
