"""A source outlives its SSRCs, and tells its subscribers when one replaces another."""

import pytest

from sfu.media.inbound import Inbound
from sfu.media.key_frames import KeyFrameCause
from sfu.media.packet import Packet
from sfu.media.source import RETIREMENT, Source
from sfu.media.store import AUDIO_PACKETS, VIDEO_PACKETS
from sfu.wire.rtcp import SenderReport
from tests.support.media import PublishedTrack, audio_track, fill, video_track
from tests.support.packets import rtp, vp8


def send(inbound: Inbound, number: int, *, now: float, timestamp: int = 0) -> bool:
    data = rtp(vp8(), sequence_number=number, timestamp=timestamp, ssrc=inbound.ssrc)
    return inbound.receive(fill(Packet(), data), now=now)


def take_over(source: Source, ssrc: int, *, now: float) -> Inbound:
    inbound = source.take_over(ssrc, now=now)
    assert inbound is not None
    return inbound


def test_begins_with_nothing() -> None:
    """Before its first packet a track has no stream, no layers and no level."""
    source = PublishedTrack(video_track()).source
    assert source.inbound is None
    assert source.ladder.layers() == ()
    assert source.clock.at(now=1) is None
    assert source.level == 127


def test_the_first_stream_disturbs_nobody() -> None:
    """Subscribers who waited for a track need not be rebased to what they never had."""
    published = PublishedTrack(video_track())
    inbound = take_over(published.source, 1, now=0)
    assert published.source.inbound is inbound
    send(inbound, 7, now=0)
    assert published.notes.rebased == []
    assert published.notes.numbers == [7]


def test_another_ssrc_goes_on_in_higher_numbers() -> None:
    """The old and the new stream share one line of numbers, one store and one ladder."""
    published = PublishedTrack(video_track())
    source = published.source
    source.clock.note(SenderReport(1, 5, 6, 7, 8), now=0)
    send(take_over(source, 1, now=0), 60000, now=0)
    send(take_over(source, 2, now=1), 5, now=1, timestamp=77)
    old, new = published.notes.offered
    assert published.notes.rebased == [(new.sequence, 77, 1)]
    assert new.sequence > old.sequence
    assert source.store.get(old.sequence) is not None
    assert source.store.get(new.sequence) is not None
    assert source.clock.at(now=1) is None, "its timestamps are others"


def test_a_replaced_ssrc_does_not_come_back_while_its_successor_lives() -> None:
    """Two that send at the same time would otherwise replace each other all the time."""
    source = PublishedTrack(video_track()).source
    send(take_over(source, 1, now=0), 1, now=0)
    send(take_over(source, 2, now=1), 1, now=1)
    assert source.take_over(1, now=1.5) is None
    assert source.inbound is not None
    assert source.inbound.ssrc == 2
    assert take_over(source, 1, now=1 + RETIREMENT).ssrc == 1
    assert source.take_over(3, now=1.1) is not None, "one never seen is believed"


@pytest.mark.parametrize(
    ("track", "size", "rate"),
    [
        pytest.param(video_track(), VIDEO_PACKETS, 90_000, id="video"),
        pytest.param(audio_track(), AUDIO_PACKETS, 48_000, id="audio"),
    ],
)
def test_store_and_clock_fit_the_kind(track: object, size: int, rate: int) -> None:
    """Audio has fewer packets per second, and another clock."""
    source = PublishedTrack(track).source  # type: ignore[arg-type]
    source.store.put(5, b"old", 3)
    source.store.put(5 + size, b"new", 3)
    assert source.store.get(5) is None
    assert source.clock.rate == rate


def test_only_video_has_key_frames_to_ask_for() -> None:
    """A request for audio goes nowhere, and is not counted."""
    video, audio = PublishedTrack(video_track()), PublishedTrack(audio_track())
    for published in (video, audio):
        published.source.request_key_frame(KeyFrameCause.SUBSCRIBED, now=0)
    assert (video.requests, audio.requests) == (1, 0)
    assert not audio.source.key_frames.waiting


def test_remembers_how_loud_it_is() -> None:
    """Whoever looks for the active speaker finds the last level, and when it came."""
    source = PublishedTrack(audio_track()).source
    source.note_level(30, voice=True, now=7)
    assert (source.level, source.voice, source.level_at) == (30, True, 7)
