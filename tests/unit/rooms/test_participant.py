"""What one participant publishes and watches, over one transport after another."""

from dataclasses import replace

import pytest

from sfu.media.codec import Codec
from sfu.media.key_frames import KeyFrameCause
from sfu.media.selector import SwitchReason
from sfu.media.source import Track
from sfu.rooms import events
from sfu.rooms.participant import BEST
from tests.support.hall import Hall
from tests.support.media import OPUS, VIDEO_SSRC, VP8, audio_track, video_track
from tests.support.packets import rtp, vp8


@pytest.fixture
def hall() -> Hall:
    return Hall()


def key_frame(number: int, *, ssrc: int = VIDEO_SSRC) -> bytes:
    return rtp(
        vp8(key_frame=True, picture_id=number),
        sequence_number=number,
        ssrc=ssrc,
        payload_type=VP8,
        marker=True,
    )


class TestPublishing:
    """Offers are whole: what is not in one any more has ended."""

    def test_the_same_offer_changes_nothing(self, hall: Hall) -> None:
        """Publications go on, and nobody hears of anything."""
        ana, before = hall.publisher()
        ana.heard.clear()
        assert ana.publish(video_track(), audio_track()) == before
        assert ana.heard == []

    def test_a_track_that_is_offered_no_more_ends(self, hall: Hall) -> None:
        """Everybody hears it, and the others go on."""
        ana, (camera, microphone) = hall.publisher()
        ana.heard.clear()
        assert ana.publish(audio_track()) == [microphone]
        assert ana.heard == [events.Unpublished(camera)]
        assert camera.id not in ana.participant.room.publications

    def test_another_m_line_is_another_publication(self, hall: Hall) -> None:
        """Over the same transport an m-line names its track."""
        ana, (camera,) = hall.publisher(video_track("0"))
        (other,) = ana.publish(video_track("1"))
        assert other is not camera

    def test_over_a_new_transport_tracks_are_known_by_what_they_show(self, hall: Hall) -> None:
        """A reloaded page numbers its m-lines anew; its camera is the same for who watches."""
        ana, before = hall.publisher(video_track("0"), audio_track("1"))
        ana.connect()
        again = ana.publish(audio_track("0"), video_track("1", ssrcs=(77,)), anew=True)
        assert again == before
        assert [publication.source.track.mid for publication in again] == ["1", "0"]

    def test_a_mute_is_told_once(self, hall: Hall) -> None:
        """Repeating it says nothing new."""
        ana, (microphone,) = hall.publisher(audio_track())
        ana.heard.clear()
        for _ in range(2):
            ana.participant.set_muted(microphone, muted=True)
        assert ana.heard == [events.PublicationChanged(microphone)]

    def test_codec_and_layers_are_told_when_packets_have_shown_them(self, hall: Hall) -> None:
        """Before the first packet there is nothing to tell."""
        ana, (camera,) = hall.publisher(video_track())
        hall.pass_time(1)
        assert ana.told(events.PublicationChanged) == []
        ana.send([key_frame(1)])
        hall.pass_time(1)
        assert ana.told(events.PublicationChanged) == [events.PublicationChanged(camera)]
        assert camera.codec is not None
        assert len(camera.layers) == 1


class TestWatching:
    """Copies begin and end with what is negotiated."""

    def test_a_viewer_is_sent_what_they_watch(self, hall: Hall) -> None:
        """From the first key frame on."""
        ana, (camera,) = hall.publisher(video_track())
        ben = hall.viewer(camera)
        ana.send([key_frame(1)])
        (subscription,) = ben.participant.subscriptions.values()
        assert subscription.outbound.packets == 1

    def test_nothing_is_asked_for_before_it_can_be_sent(self, hall: Hall) -> None:
        """The key frame for a viewer whose handshake is not over would be lost on everybody."""
        ana, (camera,) = hall.publisher(video_track())
        ana.send([key_frame(1)])
        ben = hall.enter()
        ben.connect(ready=False)
        (subscription,) = ben.watch(camera)
        ben.participant.wish(camera, 360, now=hall.now)
        ana.send([key_frame(2)])
        asked = camera.source.key_frames.asked
        assert (subscription.outbound.packets, asked[KeyFrameCause.SUBSCRIBED]) == (0, 0)
        assert ben.participant.peer is not None
        ben.participant.peer.connected = True
        ben.participant.peer.on_connected(now=hall.now)
        ana.send([key_frame(3)])
        assert (subscription.outbound.packets, asked[KeyFrameCause.SUBSCRIBED]) == (1, 1)

    def test_a_new_negotiation_of_the_same_terms_disturbs_nothing(self, hall: Hall) -> None:
        """The copy goes on with its numbers and history."""
        _, (camera, microphone) = hall.publisher()
        ben = hall.viewer(camera)
        (before,) = ben.participant.subscriptions.values()
        assert ben.watch(camera, microphone)[0] is before

    def test_other_terms_go_on_with_the_numbers_of_their_ssrc(self, hall: Hall) -> None:
        """SRTP refuses what it takes for a replay: a stream must not begin below where it was."""
        ana, (camera,) = hall.publisher(video_track())
        ben = hall.viewer(camera)
        ana.send([key_frame(number) for number in range(1, 4)])
        (before,) = ben.participant.subscriptions.values()
        before.outbound.retransmitter.next_sequence += 5
        after = replace(before.terms, payload_types={Codec.VP8: (120, 121)})
        ben.participant.subscribe([after], now=hall.now)
        (subscription,) = ben.participant.subscriptions.values()
        rtx = before.outbound.retransmitter, subscription.outbound.retransmitter
        assert subscription.outbound is not before.outbound
        assert subscription.outbound.next_sequence == before.outbound.next_sequence
        assert rtx[0].next_sequence == rtx[1].next_sequence

    def test_a_wish_outlives_the_subscription(self, hall: Hall) -> None:
        """Who returns over another transport sees what they saw, in the size that they chose."""
        ana, (camera,) = hall.publisher(video_track())
        ben = hall.viewer(camera)
        ben.participant.wish(camera, 0, now=hall.now)
        ben.connect()
        (subscription,) = ben.watch(camera)
        ana.send([key_frame(1)])
        assert subscription.outbound.packets == 0

    def test_without_a_wish_the_best_is_sent(self, hall: Hall) -> None:
        """Whoever cannot wish (WHEP) shall not see a stamp."""
        assert BEST > 4320
        ana, (camera,) = hall.publisher(video_track())
        ben = hall.viewer(camera)
        ana.send([key_frame(1)])
        hall.pass_time(0.1)
        (switched,) = ben.told(events.LayerSwitched)
        assert switched.reason == SwitchReason.START

    def test_a_wish_is_acknowledged_to_who_wished_only(self, hall: Hall) -> None:
        """The others do not learn what somebody looks at."""
        ana, (camera,) = hall.publisher(video_track())
        ben, chi = hall.viewer(camera), hall.viewer(camera)
        ana.heard.clear()
        ben.heard.clear()
        ben.participant.wish(camera, 180, now=hall.now)
        assert [event.reason for event in ben.told(events.LayerSwitched)] == ["wish"]
        assert ana.heard == chi.heard == []

    def test_a_publication_that_ends_takes_its_copies_along(self, hall: Hall) -> None:
        """And the wishes for it: identifiers do not return."""
        ana, (camera,) = hall.publisher(video_track())
        ben = hall.viewer(camera)
        ben.participant.wish(camera, 180, now=hall.now)
        ana.publish()
        assert ben.participant.subscriptions == {}
        assert ben.participant.wishes == {}

    def test_copies_go_on_when_the_publisher_returns_over_another_transport(
        self, hall: Hall
    ) -> None:
        """Under another SSRC: the viewer's stream is the same."""
        ana, (camera,) = hall.publisher(video_track("0"))
        ben = hall.viewer(camera)
        ana.send([key_frame(1)])
        ana.connect()
        ana.publish(video_track("0", ssrcs=(77,), rtx_of={}), anew=True)
        ana.send([key_frame(900, ssrc=77)])
        (subscription,) = ben.participant.subscriptions.values()
        assert subscription.outbound.packets == 2


class TestReturning:
    """Signalling breaks off and comes back; media does not mind."""

    def test_the_others_see_somebody_absent_and_back(self, hall: Hall) -> None:
        """Twice the same event, with another state each time."""
        ana, ben = hall.enter(), hall.enter()
        ana.heard.clear()
        ben.participant.drop_out(now=hall.now)
        assert not ben.participant.connected
        ben.participant.listen(ben.heard.append)
        assert ben.participant.connected
        assert ana.heard == [events.ConnectionChanged(ben.participant)] * 2

    def test_whoever_stays_away_leaves(self, hall: Hall) -> None:
        """After the ten seconds that are the default, and not before."""
        ana, ben = hall.enter(), hall.enter()
        ben.participant.drop_out(now=hall.now)
        hall.pass_time(9.5)
        assert ana.told(events.Left) == []
        hall.pass_time(1)
        assert ana.told(events.Left) == [events.Left(ben.participant, "timeout")]

    def test_a_second_connection_replaces_the_first(self, hall: Hall) -> None:
        """A reloaded page may be back before its old socket is known to be dead."""
        ben = hall.enter()
        second: list[events.Event] = []
        ben.participant.listen(second.append)
        assert ben.heard == [events.Expelled("replaced")]
        ben.participant.tell(events.SpeakerChanged(None))
        assert second == [events.SpeakerChanged(None)]


@pytest.mark.parametrize("tracks", [(video_track(),), (video_track(), audio_track())])
def test_nothing_is_left_behind(hall: Hall, tracks: tuple[Track, ...]) -> None:
    """Leaving ends publications, copies in both directions, and the transport."""
    ana, publications = hall.publisher(*tracks)
    ben, (his,) = hall.publisher(audio_track())
    ben.watch(*publications)
    ana.watch(his)
    room = ana.participant.room
    room.remove(ana.participant, "left")
    assert list(room.publications.values()) == [his]
    assert his.subscriptions == []
    assert ben.participant.subscriptions == {}
    assert ana.participant.router.streams.sources == []
    room.remove(ben.participant, "left")
    assert hall.node.peers == ()
    hall.pass_time(0.1)
    assert hall.directory.rooms == {}


def test_a_lost_transport_is_told(hall: Hall) -> None:
    """The page has to open another; publications wait for it."""
    ana, (camera, _) = hall.publisher()
    ana.heard.clear()
    assert ana.participant.peer is not None
    ana.participant.peer.close(reason="consent_expired")
    hall.pass_time(0.1)
    assert ana.told(events.TransportLost) == [events.TransportLost("consent_expired")]
    assert ana.participant.peer is None
    assert camera.id in ana.participant.room.publications


def test_what_a_microphone_sends_is_opus(hall: Hall) -> None:
    """Audio has a codec, and no layers."""
    ana, (microphone,) = hall.publisher(audio_track())
    ana.send([rtp(b"opus", sequence_number=1, ssrc=0x3333, payload_type=OPUS)])
    hall.pass_time(0.1)
    assert microphone.codec is Codec.OPUS
    assert microphone.layers == ()
