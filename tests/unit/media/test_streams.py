"""Whose a packet is: by SSRC, MID or payload type, and by nothing that is not certain."""

import pytest

from sfu.media.alarm import Alarm
from sfu.media.codec import Codec
from sfu.media.inbound import Drop, Inbound, Retransmissions
from sfu.media.packet import Packet
from sfu.media.source import Source, Track
from sfu.media.streams import Stream, Streams
from tests.support.media import (
    AUDIO_SSRC,
    IDS,
    OPUS,
    RTX,
    VIDEO_RTX_SSRC,
    VIDEO_SSRC,
    VP8,
    audio_track,
    fill,
    video_track,
)
from tests.support.packets import rtp, vp8

MID = 4


class Publisher:
    """The streams of one participant, and packets of them."""

    def __init__(self, *tracks: Track) -> None:
        self.drops = [0] * len(Drop)
        self.streams = Streams(send_request=lambda _: True, drops=self.drops, alarm=Alarm())
        self.sources = [self.streams.add(track, IDS) for track in tracks]
        self.packet = Packet()

    def find(  # noqa: PLR0913 - fields of a packet
        self,
        ssrc: int,
        payload_type: int = VP8,
        *,
        mid: bytes | None = None,
        payload: bytes = b"\0\1media",
        number: int = 1,
        now: float = 0.0,
    ) -> Stream | None:
        """Do what the router does with a packet."""
        extensions = None if mid is None else {MID: mid}
        data = rtp(
            payload,
            ssrc=ssrc,
            payload_type=payload_type,
            extensions=extensions,
            sequence_number=number,
        )
        fill(self.packet, data)
        known = self.streams.by_ssrc.get(ssrc)
        return known or self.streams.resolve(self.packet, now=now)

    def send(self, ssrc: int, *, now: float, number: int = 1) -> Stream | None:
        """Find the stream of a VP8 packet, and let it be received."""
        stream = self.find(ssrc, payload=vp8(), mid=b"v", number=number, now=now)
        if stream is not None:
            stream.receive(self.packet, now=now)
        return stream

    def dropped(self) -> dict[Drop, int]:
        """The reasons that occurred."""
        return {Drop(place): count for place, count in enumerate(self.drops) if count}


VIDEO, AUDIO = video_track(), audio_track()
UNDECLARED = [video_track(ssrcs=(), rtx_of={}), audio_track(ssrcs=())]
TWINS = [video_track("v", ssrcs=(), rtx_of={}), video_track("w", ssrcs=(), rtx_of={})]


@pytest.mark.parametrize(
    ("tracks", "ssrc", "payload_type", "mid", "place"),
    [
        pytest.param([VIDEO, AUDIO], VIDEO_SSRC, VP8, None, 0, id="declared video"),
        pytest.param([VIDEO, AUDIO], AUDIO_SSRC, OPUS, None, 1, id="declared audio"),
        pytest.param(UNDECLARED, 7, VP8, b"v", 0, id="by MID"),
        pytest.param(TWINS, 7, VP8, b"w", 1, id="by MID, where the payload type is no help"),
        pytest.param(UNDECLARED, 7, OPUS, None, 1, id="by payload type"),
        pytest.param([VIDEO, AUDIO], 7, VP8, b"v", 0, id="another SSRC than declared"),
    ],
)
def test_finds_the_track(
    tracks: list[Track], ssrc: int, payload_type: int, mid: bytes | None, place: int
) -> None:
    """The first packet finds its track, later ones need to say nothing."""
    publisher = Publisher(*tracks)
    stream = publisher.find(ssrc, payload_type, mid=mid)
    assert isinstance(stream, Inbound)
    assert stream.source is publisher.sources[place]
    assert publisher.find(ssrc, payload_type) is stream
    assert publisher.dropped() == {}


@pytest.mark.parametrize(
    ("tracks", "ssrc", "payload_type", "mid", "why"),
    [
        pytest.param([], 7, VP8, None, Drop.UNKNOWN_STREAM, id="nothing is published"),
        pytest.param(TWINS, 7, VP8, None, Drop.UNKNOWN_STREAM, id="two tracks may be meant"),
        pytest.param(UNDECLARED, 7, VP8, b"x", Drop.UNKNOWN_STREAM, id="an unknown MID"),
        pytest.param(UNDECLARED, 7, 50, None, Drop.UNKNOWN_STREAM, id="an unknown payload type"),
        pytest.param(UNDECLARED, 7, 50, b"v", Drop.UNKNOWN_PAYLOAD_TYPE, id="and a known MID"),
        pytest.param([VIDEO], VIDEO_SSRC, OPUS, None, Drop.UNKNOWN_PAYLOAD_TYPE, id="and SSRC"),
        pytest.param(UNDECLARED, 7, RTX, b"v", Drop.RTX_UNPAIRED, id="RTX of an unknown stream"),
    ],
)
def test_refuses_what_nobody_claims(
    tracks: list[Track], ssrc: int, payload_type: int, mid: bytes | None, why: Drop
) -> None:
    """A packet that belongs to no track, or to several, is counted, and its SSRC forgotten."""
    publisher = Publisher(*tracks)
    for _ in range(3):
        assert publisher.find(ssrc, payload_type, mid=mid) is None
    assert publisher.dropped() == {why: 3}
    assert publisher.streams.by_ssrc == {}


@pytest.mark.parametrize(
    ("payload_type", "payload"),
    [
        pytest.param(VP8, b"", id="padding"),
        pytest.param(RTX, b"", id="padding as RTX"),
        pytest.param(RTX, b"\0", id="half a number"),
    ],
)
def test_a_probe_begins_no_stream(payload_type: int, payload: bytes) -> None:
    """Browsers may probe before they send media, on any SSRC."""
    publisher = Publisher(VIDEO)
    assert publisher.find(7, payload_type, mid=b"v", payload=payload) is None
    assert publisher.dropped() == {Drop.EMPTY: 1}
    assert publisher.sources[0].inbound is None


@pytest.mark.parametrize(
    ("track", "rtx_ssrc", "mid"),
    [
        pytest.param(VIDEO, VIDEO_RTX_SSRC, None, id="declared"),
        pytest.param(VIDEO, 7, b"v", id="by MID"),
        pytest.param(VIDEO, 7, None, id="by payload type"),
    ],
)
def test_pairs_retransmissions(track: Track, rtx_ssrc: int, mid: bytes | None) -> None:
    """An RTX stream repairs the stream of its track."""
    publisher = Publisher(track)
    primary = publisher.find(VIDEO_SSRC)
    rtx = publisher.find(rtx_ssrc, RTX, mid=mid)
    assert isinstance(rtx, Retransmissions)
    assert rtx.inbound is primary
    assert publisher.find(rtx_ssrc, RTX) is rtx


def test_a_track_has_one_rtx_stream() -> None:
    """Whoever repairs on ever other SSRCs fills no memory with them."""
    publisher = Publisher(*UNDECLARED)
    primary = publisher.find(7, mid=b"v")
    for ssrc in range(100, 200):
        rtx = publisher.find(ssrc, RTX, mid=b"v")
        assert isinstance(rtx, Retransmissions)
        assert rtx.inbound is primary
    assert list(publisher.streams.by_ssrc) == [7, 199]


def test_a_declared_retransmission_may_come_before_its_stream() -> None:
    """The offer said which stream it repairs, so it is not lost."""
    publisher = Publisher(VIDEO)
    rtx = publisher.find(VIDEO_RTX_SSRC, RTX)
    assert isinstance(rtx, Retransmissions)
    assert publisher.find(VIDEO_SSRC) is rtx.inbound


def test_a_retransmission_of_a_replaced_stream_is_refused() -> None:
    """Its numbers belong to a sequence that is over."""
    publisher = Publisher(VIDEO)
    publisher.send(VIDEO_SSRC, now=0)
    publisher.find(VIDEO_RTX_SSRC, RTX)
    publisher.send(7, now=1)
    assert publisher.find(VIDEO_RTX_SSRC, RTX) is None
    assert publisher.dropped() == {Drop.RTX_UNPAIRED: 1}
    assert list(publisher.streams.by_ssrc) == [7]


def test_neither_does_an_undeclared_one_repair_its_successor() -> None:
    """Nothing says what it repairs but that it did so before: the old stream, not the new."""
    publisher = Publisher(*UNDECLARED)
    publisher.send(VIDEO_SSRC, now=0)
    assert publisher.find(VIDEO_RTX_SSRC, RTX, mid=b"v") is not None
    publisher.send(7, now=1)
    assert publisher.find(VIDEO_RTX_SSRC, RTX, mid=b"v", now=1.1) is None
    assert publisher.dropped() == {Drop.RTX_UNPAIRED: 1}
    rtx = publisher.find(8, RTX, mid=b"v", now=1.1)
    assert isinstance(rtx, Retransmissions)
    assert rtx.inbound is publisher.sources[0].inbound


def test_a_replaced_stream_stays_replaced() -> None:
    """Stragglers of the old SSRC do not take the track back."""
    publisher = Publisher(VIDEO)
    publisher.send(VIDEO_SSRC, now=0)
    new = publisher.send(7, now=0.1)
    assert publisher.send(VIDEO_SSRC, now=0.2, number=2) is None
    assert publisher.dropped() == {Drop.RETIRED_STREAM: 1}
    assert publisher.sources[0].inbound is new


def test_rtx_of_a_stream_that_is_retired_does_not_bring_it_back() -> None:
    """A retransmission may begin a stream, but not one that was replaced just now."""
    track = video_track(rtx_of={VIDEO_RTX_SSRC: VIDEO_SSRC, 9: 7})
    publisher = Publisher(track)
    publisher.send(VIDEO_SSRC, now=0)
    publisher.send(7, now=0)
    assert publisher.find(VIDEO_RTX_SSRC, RTX, now=0.1) is None
    assert publisher.find(9, RTX, now=0.1) is not None


def test_negotiating_again_changes_what_is_expected() -> None:
    """New payload types count from then on, the stream goes on."""
    publisher = Publisher(VIDEO)
    before = publisher.find(VIDEO_SSRC)
    publisher.streams.update(
        publisher.sources[0], Track("x", "video", {100: Codec.VP8}, ssrcs=(12,), nack=True)
    )
    assert publisher.find(VIDEO_SSRC) is before
    found = publisher.find(12, 100)
    assert found is not None
    assert found.source is publisher.sources[0]
    assert publisher.find(99, 100, mid=b"v") is None
    assert publisher.find(99, 100, mid=b"x") is not None


def test_removing_leaves_nothing_behind() -> None:
    """Neither SSRCs nor names of a removed track lead anywhere."""
    publisher = Publisher(VIDEO, AUDIO)
    publisher.find(VIDEO_SSRC)
    publisher.find(VIDEO_RTX_SSRC, RTX)
    audio = publisher.find(AUDIO_SSRC, OPUS)
    source: Source = publisher.sources[0]
    publisher.streams.remove(source)
    assert publisher.streams.sources == [publisher.sources[1]]
    assert publisher.streams.by_ssrc == {AUDIO_SSRC: audio}
    assert source.inbound is None
    assert publisher.find(VIDEO_SSRC, mid=b"v") is None
    assert publisher.dropped() == {Drop.UNKNOWN_STREAM: 1}
