"""What our encoders and packetizers make, FFmpeg's decoders show: every codec, layer by layer."""

import av
import pytest

from sfu.wire.packet import Packet
from sfu.wire.pictures import Picture
from sfu_clients.media import clock
from sfu_clients.media.decoders import Decoder, Undecodable
from sfu_clients.media.sources import PatternSource, ToneSource
from sfu_clients.payload import unwrap
from sfu_clients.rtp.continuity import continuity
from sfu_clients.rtp.outgoing import MediaPacket

NOW = 1_700_000_000.0
SIZE = (320, 180)
VIDEO = ["VP8", "VP9", "H264", "AV1"]


def produced(source: PatternSource | ToneSource, count: int) -> list[list[MediaPacket]]:
    """The packets of so many pictures, which encoders with a delay return later."""
    made = [source.produce(now=NOW + number / 30) for number in range(count)]
    return [packets for packets in made if packets]


def picture(packets: list[MediaPacket]) -> Picture:
    """The same as received."""
    received = (Packet(p.payload, 96, 0, p.timestamp, 1, marker=p.marker) for p in packets)
    return Picture(tuple(received), packets[0].timestamp, follows=True)


@pytest.mark.parametrize("codec", VIDEO)
def test_pictures_survive(codec: str) -> None:
    """All of them are decoded, in size and order, and tell the time that was drawn."""
    source, decoder, judge = (
        PatternSource(codec, size=SIZE),
        Decoder(codec),
        continuity(codec, described=False),
    )
    times = []
    for packets in produced(source, 40):
        assert [one.marker for one in packets] == [False] * (len(packets) - 1) + [True]
        assert judge.admit(picture(packets))
        frame = decoder.decode(unwrap(codec, [one.payload for one in packets]))
        if frame is not None:
            assert isinstance(frame, av.VideoFrame)
            assert (frame.width, frame.height) == SIZE
            times.append(clock.read(frame, near=NOW))
    assert len(times) >= 38
    drawn = [NOW + number / 30 for number in range(40)]
    assert times == pytest.approx(drawn[: len(times)], abs=0.001)


@pytest.mark.parametrize("codec", VIDEO)
def test_a_key_frame_comes_when_it_is_asked_for(codec: str) -> None:
    """Within four pictures, and another decoder can begin there."""
    source = PatternSource(codec, size=SIZE)
    produced(source, 10)
    source.ask_key_frame()
    judge, decoder = continuity(codec, described=False), Decoder(codec)
    shown = 0
    for place, packets in enumerate(produced(source, 10)):
        if judge.admit(picture(packets)):
            shown += decoder.decode(unwrap(codec, [one.payload for one in packets])) is not None
        else:
            assert place < 4
    assert shown >= 5


@pytest.mark.parametrize("codec", VIDEO)
def test_a_lower_bitrate_is_kept(codec: str) -> None:
    """A quarter of the bitrate makes it much smaller; what comes then begins with a key frame."""
    source = PatternSource(codec, size=(640, 360))
    produced(source, 30)
    before = sum(len(p.payload) for packets in produced(source, 60) for p in packets)
    source.set_bitrate(60_000)
    made = produced(source, 120)
    judge = continuity(codec, described=False)
    assert judge.admit(picture(made[0]))
    after = sum(len(p.payload) for packets in made[60:] for p in packets)
    assert after < 0.8 * before


def test_sound_survives() -> None:
    """Every piece of 20 ms comes back, and it is the tone; its loudness is told in the header."""
    source, decoder = ToneSource(), Decoder("opus")
    samples, levels = 0, set()
    for packets in produced(source, 100):
        (packet,) = packets
        frame = decoder.decode(packet.payload)
        assert isinstance(frame, av.AudioFrame)
        samples += frame.samples
        levels |= {value[0] & 0x7F for value in packet.extensions.values()}
    assert samples >= 99 * 960
    assert min(levels) < 20
    assert max(levels) > 60


def test_vp8_has_three_temporal_layers() -> None:
    """What another viewer gets without T2, or with T0 alone, decodes too."""
    for keep in (0, 1):
        source, decoder = PatternSource("VP8", size=SIZE), Decoder("VP8")
        shown = 0
        for packets in produced(source, 40):
            if packets[0].payload[5] >> 6 <= keep:
                data = unwrap("VP8", [one.payload for one in packets])
                shown += decoder.decode(data) is not None
        assert shown == (10, 20)[keep]


@pytest.mark.parametrize("codec", [*VIDEO, "opus"])
def test_damage_is_told(codec: str) -> None:
    """Noise is refused or shows nothing; the decoder lives on."""
    decoder = Decoder(codec)
    refused = 0
    for seed in range(20):
        try:
            decoder.decode(bytes((seed * number + 7) & 0xFF for number in range(200)))
        except Undecodable:
            refused += 1
    assert refused > 0 or codec == "opus"
