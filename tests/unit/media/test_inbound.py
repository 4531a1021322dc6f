"""One published SSRC: each packet is offered once, in its place, and everything is counted."""

import pytest

from sfu.media.codec import Codec
from sfu.media.inbound import Drop, Inbound, Retransmissions, restore
from sfu.media.key_frames import KeyFrameCause
from sfu.media.nack import MAX_MISSING
from sfu.media.packet import Packet
from sfu.media.source import Track
from sfu.wire.rtp import RtpView, parse_rtp
from tests.support.media import (
    AUDIO_SSRC,
    OPUS,
    RTX,
    VIDEO_RTX_SSRC,
    VIDEO_SSRC,
    VP8,
    VP9,
    PublishedTrack,
    audio_track,
    fill,
    video_track,
)
from tests.support.packets import rtp, vp8, vp9


class Stream(PublishedTrack):
    """One stream of a track, fed with numbers."""

    def __init__(self, track: Track | None = None, ssrc: int = VIDEO_SSRC) -> None:
        super().__init__(track or video_track())
        inbound = self.source.take_over(ssrc, now=0)
        assert inbound is not None
        self.inbound: Inbound = inbound
        self.rtx = Retransmissions(inbound, VIDEO_RTX_SSRC)
        self.packet = Packet()

    def send(
        self,
        number: int,
        payload: bytes | None = None,
        *,
        payload_type: int = VP8,
        now: float = 0.0,
        key: bool = False,
    ) -> bool:
        data = rtp(
            vp8(picture_id=number & 0x7FFF, key_frame=key) if payload is None else payload,
            sequence_number=number,
            timestamp=number * 3000,
            ssrc=self.inbound.ssrc,
            payload_type=payload_type,
        )
        return self.inbound.receive(fill(self.packet, data), now=now)

    def repeat(self, number: int, *, payload: bytes | None = None, payload_type: int = RTX) -> bool:
        whole = number.to_bytes(2, "big") + vp8() if payload is None else payload
        data = rtp(
            whole,
            sequence_number=4711,
            timestamp=number * 3000,
            ssrc=VIDEO_RTX_SSRC,
            payload_type=payload_type,
            extensions={4: b"v"},
            padding=3,
        )
        return self.rtx.receive(fill(self.packet, data), now=1.0)


@pytest.mark.parametrize(
    ("numbers", "offered", "dropped"),
    [
        pytest.param([5, 6, 7], [5, 6, 7], {}, id="in order"),
        pytest.param([5, 7, 6], [5, 7, 6], {}, id="late packets are offered late"),
        pytest.param([5, 6, 6, 5], [5, 6], {Drop.DUPLICATE: 2}, id="duplicates are not"),
        pytest.param([65535, 0, 1], [65535, 0, 1], {}, id="over the wrap"),
        pytest.param([5, 40000, 6], [5, 6], {Drop.JUMPED: 1}, id="a stray packet"),
        pytest.param([5, 40000, 40001], [5, 40001], {Drop.JUMPED: 1}, id="a restart"),
    ],
)
def test_offers_each_packet_once(
    numbers: list[int], offered: list[int], dropped: dict[Drop, int]
) -> None:
    """Every subscriber is offered every packet, once, whatever the order."""
    stream = Stream()
    accepted = [stream.send(number) for number in numbers]
    assert stream.notes.numbers == offered
    assert stream.dropped() == dropped
    assert sum(accepted) == len(offered) == stream.inbound.packets


def test_says_what_came_in_order() -> None:
    """Only a packet newer than all before is in order: where subscribers may begin."""
    stream = Stream()
    for number in (5, 8, 6, 9):
        stream.send(number)
    assert [offered.in_order for offered in stream.notes.offered] == [True, True, False, True]
    numbers = [offered.sequence for offered in stream.notes.offered]
    assert [number - numbers[0] for number in numbers] == [0, 3, 1, 4]


def test_counts_packets_bytes_and_layers() -> None:
    """Rates of a stream and of each of its layers are differences of these."""
    stream = Stream()
    for number, temporal in enumerate((0, 2, 1, 2)):
        stream.send(number, vp8(temporal=temporal, tl0picidx=1, key_frame=number == 0))
    size = stream.inbound.bytes // 4
    assert stream.inbound.layer_bytes[:4] == [size, size, 2 * size, 0]
    assert stream.inbound.packets == 4
    assert stream.inbound.last_at == 0.0
    assert stream.inbound.highest & 0xFFFF == 3


def test_knows_its_codec() -> None:
    """The payload type tells, as soon as there is one."""
    stream = Stream()
    assert stream.inbound.codec is None
    stream.send(1)
    assert stream.inbound.codec is Codec.VP8
    assert stream.notes.offered[0].codec is Codec.VP8


def test_a_change_of_codec_begins_anew() -> None:
    """References of one codec mean nothing in another; late packets of the old one are useless."""
    stream = Stream()
    stream.send(1)
    stream.send(3, vp9(), payload_type=VP9, now=2)
    assert stream.inbound.codec is Codec.VP9
    assert [(number & 0xFFFF, now) for number, _, now in stream.notes.rebased] == [(3, 2)]
    stream.send(2)
    assert stream.dropped() == {Drop.TOO_OLD: 1}
    assert stream.inbound.codec is Codec.VP9
    stream.send(4, vp9(), payload_type=VP9)
    assert len(stream.notes.rebased) == 1


def test_a_restart_begins_anew() -> None:
    """Subscribers are told, holes of the old sequence are forgotten, reports begin again."""
    stream = Stream()
    for number in (5, 9, 40000, 40001):
        stream.send(number, now=number / 1000)
    assert [(number & 0xFFFF, now) for number, _, now in stream.notes.rebased] == [(40001, 40.001)]
    assert len(stream.inbound.missing) == 0
    assert stream.inbound.reception.lost == 0


def test_refuses_payload_types_that_were_not_negotiated() -> None:
    """They leave no trace in the order of packets."""
    stream = Stream()
    assert stream.send(5, payload_type=50) is False
    stream.send(6)
    assert stream.dropped() == {Drop.UNKNOWN_PAYLOAD_TYPE: 1}
    assert len(stream.inbound.missing) == 0


def test_refuses_broken_payload_descriptors() -> None:
    """Nobody is offered what cannot be tagged, and nobody could be sent it again."""
    stream = Stream()
    stream.send(1)
    assert stream.send(2, b"\x80") is False
    assert stream.dropped() == {Drop.UNREADABLE: 1}
    assert stream.notes.numbers == [1]
    assert stream.source.store.get(stream.inbound.highest) is None


def test_padding_is_offered_but_neither_tagged_nor_kept() -> None:
    """A probe has a number that subscribers must not miss, and nothing else."""
    stream = Stream()
    stream.send(1)
    assert stream.send(2, b"") is True
    assert stream.notes.offered[-1].payload == b""
    assert stream.source.store.get(stream.inbound.highest) is None
    stream.send(3)
    assert len(stream.inbound.missing) == 0


def test_keeps_packets_as_they_came() -> None:
    """What was received can be sent again."""
    stream = Stream()
    stream.send(1)
    kept = stream.source.store.get(stream.inbound.highest)
    assert kept == rtp(vp8(picture_id=1), sequence_number=1, timestamp=3000, ssrc=VIDEO_SSRC)


def test_asks_for_what_is_missing() -> None:
    """Gaps are noted, late packets close them."""
    stream = Stream()
    for number in (1, 5, 3):
        stream.send(number)
    wanted = stream.inbound.missing.due(now=1, round_trip=0.1)
    assert [number & 0xFFFF for number in wanted] == [2, 4]


def test_asks_for_nothing_without_nack() -> None:
    """If NACK was not negotiated, nobody would answer."""
    stream = Stream(video_track(nack=False))
    stream.send(1)
    stream.send(9)
    assert len(stream.inbound.missing) == 0
    assert stream.requests == 0


@pytest.mark.parametrize("nack", [True, False])
def test_a_large_loss_needs_a_key_frame(*, nack: bool) -> None:
    """Too much to be repaired: somebody who watches needs a picture to begin with."""
    stream = Stream(video_track(nack=nack))
    stream.send(1)
    stream.send(2 + MAX_MISSING + 1)
    assert stream.source.key_frames.asked[KeyFrameCause.LOSS] == 1
    assert len(stream.inbound.missing) == 0


def test_many_small_losses_need_a_key_frame_too() -> None:
    """Once they are too many, none of them is asked for any more."""
    stream = Stream()
    for number in range(0, 3 * MAX_MISSING, 101):
        stream.send(number)
        if stream.source.key_frames.asked[KeyFrameCause.LOSS]:
            break
    assert number == 606
    assert len(stream.inbound.missing) == 0


def test_a_large_loss_that_nobody_watches_needs_nothing() -> None:
    """Key frames are for those who watch."""
    stream = Stream()
    stream.source.outbounds.clear()
    stream.send(1)
    stream.send(2 + MAX_MISSING + 1)
    assert stream.requests == 0


def test_a_key_frame_ends_waiting() -> None:
    """Requests stop when it begins, and older holes need no more filling."""
    stream = Stream()
    stream.send(1, key=True)
    stream.source.request_key_frame(KeyFrameCause.WISH, now=1)
    stream.send(4)
    stream.send(6, key=True)
    assert not stream.source.key_frames.waiting
    assert stream.source.key_frames.seen == 2
    wanted = stream.inbound.missing.due(now=1, round_trip=0.1)
    assert wanted == []
    stream.send(7)
    assert stream.source.key_frames.seen == 2


def test_a_key_frame_of_several_packets_is_one() -> None:
    """Only its first packet counts."""
    stream = Stream()
    for number, (starts, ends) in enumerate(((True, False), (False, False), (False, True))):
        stream.send(number, vp9(starts=starts, ends=ends), payload_type=VP9)
    assert stream.source.key_frames.seen == 1


def test_every_opus_packet_stands_alone_but_holes_stay() -> None:
    """Audio packets are no key frames: what is missing stays worth asking for."""
    track = Track("a", "audio", {OPUS: Codec.OPUS}, nack=True)
    stream = Stream(track, AUDIO_SSRC)
    for number in (1, 3, 4):
        stream.send(number, b"opus", payload_type=OPUS)
    assert len(stream.inbound.missing) == 1
    assert stream.source.key_frames.seen == 0


@pytest.mark.parametrize(("byte", "level", "voice"), [(0x80 | 30, 30, True), (127, 127, False)])
def test_remembers_the_audio_level(byte: int, level: int, *, voice: bool) -> None:
    """RFC 6464: one bit of voice activity, seven of level."""
    stream = Stream(audio_track(), AUDIO_SSRC)
    data = rtp(b"opus", ssrc=AUDIO_SSRC, payload_type=OPUS, extensions={1: bytes([byte])})
    stream.inbound.receive(fill(stream.packet, data), now=7)
    assert (stream.source.level, stream.source.voice, stream.source.level_at) == (level, voice, 7)
    stream.send(2, b"opus", payload_type=OPUS, now=8)
    assert stream.source.level_at == 7, "packets without a level tell nothing"


def test_an_audio_level_without_a_byte_tells_nothing() -> None:
    """The next byte belongs to the media, which is none of our business."""
    stream = Stream(audio_track(), AUDIO_SSRC)
    data = rtp(b"opus", ssrc=AUDIO_SSRC, payload_type=OPUS, extensions={2: b"7", 1: b""})
    stream.inbound.receive(fill(stream.packet, data), now=7)
    assert stream.source.level == 127
    assert stream.source.level_at < 0


def test_losses_are_reported_even_if_repaired() -> None:
    """RFC 4588 section 8: a retransmission does not make the loss unhappen; a duplicate counts."""
    stream = Stream()
    for number in (1, 2, 4, 4):
        stream.send(number)
    stream.repeat(3)
    assert stream.notes.numbers == [1, 2, 4, 3]
    assert stream.inbound.reception.expected == 4
    assert stream.inbound.reception.received == 4
    assert stream.inbound.repaired == 1


def test_a_retransmission_becomes_the_packet_it_repeats() -> None:
    """RFC 4588 section 4: number, payload type and SSRC of the original, and no padding."""
    stream = Stream()
    stream.send(1)
    stream.send(3)
    assert stream.repeat(2) is True
    repaired = stream.notes.offered[-1]
    assert (repaired.payload, repaired.retransmitted, repaired.in_order) == (vp8(), True, False)
    view = stream.packet.view
    assert (view.ssrc, view.payload_type, view.sequence_number) == (VIDEO_SSRC, VP8, 2)
    assert (view.timestamp, view.padding) == (6000, 0)
    assert stream.source.store.get(repaired.sequence) == view.data
    assert len(stream.inbound.missing) == 0
    assert stream.rtx.source is stream.source


@pytest.mark.parametrize(
    ("number", "payload", "payload_type", "why"),
    [
        pytest.param(3, None, RTX, Drop.RTX_REDUNDANT, id="of what is here"),
        pytest.param(40000, None, RTX, Drop.TOO_OLD, id="of long ago"),
        pytest.param(2, b"", RTX, Drop.EMPTY, id="of nothing: padding"),
        pytest.param(2, b"\0", RTX, Drop.EMPTY, id="of half a number"),
        pytest.param(2, None, VP8, Drop.UNKNOWN_PAYLOAD_TYPE, id="by another name"),
    ],
)
def test_refuses_useless_retransmissions(
    number: int, payload: bytes | None, payload_type: int, why: Drop
) -> None:
    """Probes and repetitions are counted, each by its reason, and offered to nobody."""
    stream = Stream()
    stream.send(1)
    stream.send(3)
    assert stream.repeat(number, payload=payload, payload_type=payload_type) is False
    assert stream.dropped() == {why: 1}
    assert stream.notes.numbers == [1, 3]
    assert stream.rtx.packets == 1


def test_a_retransmission_may_come_first() -> None:
    """The stream begins with it; what follows is in order."""
    stream = Stream()
    stream.repeat(5)
    stream.send(6)
    assert [offered.in_order for offered in stream.notes.offered] == [True, True]


def test_restoring_keeps_everything_else() -> None:
    """Marker, timestamp, CSRCs and extensions are those of the retransmission."""
    data = rtp(
        b"\x12\x34media",
        marker=True,
        csrcs=[9, 8],
        timestamp=77,
        payload_type=RTX,
        extensions={1: b"x", 200: b""},
        padding=4,
    )
    view = RtpView()
    parse_rtp(data, len(data), view)
    original = rtp(
        b"media",
        sequence_number=0x1234,
        marker=True,
        csrcs=[9, 8],
        timestamp=77,
        payload_type=VP8,
        ssrc=VIDEO_SSRC,
        extensions={1: b"x", 200: b""},
    )
    assert restore(view, VP8, VIDEO_SSRC) == original
