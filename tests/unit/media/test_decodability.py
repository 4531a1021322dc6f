"""Whatever a viewer wishes and the network does: what is forwarded can be decoded."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain, cycle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sfu.media.inbound import Drop
from sfu.media.key_frames import KeyFrameCause
from tests.support.encoders import one_two_three
from tests.support.streams import FULL_SVC, K_SVC, PLAIN, TEMPORAL, VIDEO, opus, publisher
from tests.support.viewer import Watch, frames_of, judge

HD, SD, BASE, OFF = 720, 360, 180, 0
KEPT, LOST, LATE, TWICE = "kept", "lost", "late", "twice"
EVERY = {(spatial, temporal) for spatial in range(3) for temporal in range(3)}


@pytest.mark.parametrize("name", K_SVC)
def test_k_svc_meets_each_wish_at_a_key_frame(name: str) -> None:
    """Of the lower layers only key pictures are needed, so switching down needs one, too."""
    watch = Watch(publisher(name, split=one_two_three), lines=HD)
    watch.pictures(18)
    for wish, spatial, asked in ((SD, 1, 1), (BASE, 0, 2), (OFF, -1, 2), (HD, 2, 3)):
        watch.wish(wish)
        watch.picture()
        assert watch.outbound.current_layer() == (None if spatial < 0 else (spatial, 2))
        since = len(watch.copies)
        watch.pictures(18)
        assert watch.layers(since) == {(s, t) for s, t in EVERY if s == spatial}
        assert watch.source.key_frames.asked[KeyFrameCause.WISH] == watch.asked == asked
    assert judge(watch.copies).flawless


@pytest.mark.parametrize("name", FULL_SVC)
def test_full_svc_needs_key_frames_only_upwards(name: str) -> None:
    """All that a lower layer needs was forwarded anyway: it is there with the next picture."""
    watch = Watch(publisher(name, split=one_two_three), lines=HD)
    watch.pictures(9)
    for wish, spatial, asked in ((SD, 1, 0), (BASE, 0, 0), (OFF, -1, 0), (HD, 2, 1)):
        watch.wish(wish)
        since = len(watch.copies)
        watch.pictures(9)
        assert watch.layers(since) == {(s, t) for s, t in EVERY if s <= spatial}
        assert watch.source.key_frames.asked[KeyFrameCause.WISH] == watch.asked == asked
    assert judge(watch.copies).flawless


@pytest.mark.parametrize("name", TEMPORAL | PLAIN)
def test_one_spatial_layer_meets_every_wish_but_off(name: str) -> None:
    """Whoever wishes for less than there is gets the least that there is."""
    watch = Watch(publisher(name, split=lambda _: 3), lines=HD)
    watch.pictures(9)
    everything = watch.layers()
    for wish in (SD, BASE, 1):
        watch.wish(wish)
        since = len(watch.copies)
        watch.pictures(9)
        assert watch.layers(since) == everything
    assert watch.asked == 0
    assert everything == ({(0, 0)} if name in PLAIN else {(0, 0), (0, 1), (0, 2)})
    watch.wish(OFF)
    since = len(watch.copies)
    watch.pictures(9)
    assert watch.layers(since) == set()
    watch.wish(HD)
    watch.pictures(9)
    assert watch.source.key_frames.asked[KeyFrameCause.WISH] == watch.asked == 1
    assert watch.layers(since) == everything
    assert judge(watch.copies).flawless


def test_every_opus_packet_goes_through_as_it_is() -> None:
    """Audio needs no key frames: on again, and it is there; markers begin talkspurts."""
    watch = Watch(opus(), lines=1)
    for talkspurt in (True, False, False, True, False):
        watch.picture(key=talkspurt)
    assert [copy.marker for copy in watch.copies] == [True, False, False, True, False]
    watch.wish(OFF)
    watch.pictures(5)
    watch.wish(1)
    watch.pictures(2)
    numbers = [copy.number for copy in watch.copies]
    assert numbers == list(range(numbers[0], numbers[0] + 7))
    assert watch.asked == 0


@pytest.mark.parametrize("name", VIDEO)
def test_a_newcomer_waits_for_a_key_frame(name: str) -> None:
    """Nothing before it can be decoded; it is asked for at once, for that reason."""
    watch = Watch(publisher(name, split=one_two_three), lines=None)
    watch.pictures(5)
    assert watch.copies == []
    watch.wish(HD)
    assert watch.asked == 1
    watch.pictures(9)
    assert watch.copies[0].frame is not None
    assert watch.copies[0].frame.key_picture
    assert judge(watch.copies).flawless


@pytest.mark.parametrize("late", [True, False])
def test_other_layers_whose_structure_is_lost_need_a_key_frame(*, late: bool) -> None:
    """Nothing that came before the structure could be read, and nobody will send it again."""
    watch = Watch(publisher("VP9 L3T3_KEY, described", split=one_two_three), lines=HD)
    watch.pictures(9)
    encoder = watch.publisher.encoder
    encoder.structure = replace(encoder.structure, template_id_offset=20)
    (lost,) = watch.picture(key=True, lose=[0])
    assert watch.source.key_frames.asked[KeyFrameCause.LOSS] > 0
    if late:
        watch.receive(lost[1])
    since = len(watch.copies)
    watch.pictures(9)
    assert watch.asked == 1
    assert judge(watch.copies[since:]).flawless
    assert len(frames_of(watch.copies[since:])) == 11


def test_what_is_older_than_all_structures_needs_none() -> None:
    """A stream may be met in its middle: a straggler of before its first key frame is dropped."""
    watch = Watch(publisher("VP9 L3T3_KEY, described", split=one_two_three), lines=None)
    watch.next_picture()
    (straggler,) = watch.picture(lose=[3])
    watch.wish(HD)
    watch.pictures(2)
    watch.receive(straggler[1])
    assert watch.source.key_frames.asked[KeyFrameCause.LOSS] == 0
    assert watch.drops[Drop.UNREADABLE] == 1
    watch.pictures(5)
    assert judge(watch.copies).flawless


@pytest.mark.parametrize("name", VIDEO)
def test_copies_are_what_was_published(name: str) -> None:
    """Media, descriptors and relative time pass unchanged; only numbers are the subscriber's."""
    watch = Watch(publisher(name, split=one_two_three), lines=SD)
    watch.pictures(4)
    watch.wish(BASE)
    watch.pictures(4)
    for copy in watch.copies:
        assert copy.frame is not None
        packet = copy.frame.packets[copy.part]
        assert copy.payload.endswith(packet.media)
        assert len(copy.payload) == len(packet.payload)
        assert copy.descriptor == (packet.descriptor or b"")
        assert copy.payload == packet.payload or name.startswith("VP8")
        first = watch.copies[0].frame
        assert first is not None
        passed = copy.timestamp - watch.copies[0].timestamp & 0xFFFF_FFFF
        assert passed == 3000 * (copy.frame.picture - first.picture)
    wide = [copy.transport_number for copy in watch.copies]
    assert wide == list(range(1, len(wide) + 1))


@pytest.mark.parametrize("name", VIDEO)
def test_reordering_and_repetition_change_nothing(name: str) -> None:
    """Late packets take the places that were left for them; a second copy goes nowhere."""
    watch = Watch(publisher(name, split=one_two_three), lines=HD)
    watch.picture()
    for _ in range(20):
        first, *rest = (data for _, data in watch.next_picture())
        for data in (*rest[::-1], first, *rest):
            watch.receive(data)
    assert judge(watch.copies).flawless


@pytest.mark.parametrize("name", VIDEO)
def test_losses_leave_holes_and_drops_do_not(name: str) -> None:
    """What the network lost, the viewer must miss, so that they ask; what we dropped, not."""
    watch = Watch(publisher(name, split=one_two_three), lines=BASE)
    watch.pictures(8)
    lost = [*watch.picture(lose=[0]), *watch.picture(lose=[0])]
    watch.pictures(8)
    assert len(judge(watch.copies).holes) == 2
    for _, data in lost:
        watch.receive(data)
    assert judge(watch.copies).flawless


def test_what_comes_after_the_last_picture_completes_it() -> None:
    """A late packet is no beginning: so what it belongs to is whole, and can be gone on from."""
    watch = Watch(publisher("VP9 L3T3_KEY, 7-bit picture ids", split=one_two_three), lines=HD)
    watch.pictures(6)
    watch.wish(SD)
    _, sd, hd = watch.picture(lose=[0, 1, 3])  # a key picture, which nobody can switch at
    watch.pictures(2)
    watch.wish(OFF)
    first, *rest = watch.next_picture()
    for _, data in (first, sd, hd, *rest):
        watch.receive(data)
    watch.wish(HD)
    since = len(watch.copies)
    watch.picture()
    entered = watch.copies[since].frame
    assert entered is not None
    got = [copy.frame.ident for copy in watch.copies if copy.frame is not None]
    for reference in entered.references:
        assert got.count(reference) == len(watch.publisher.encoder.frames[reference].packets)


class Weather:
    """A network whose fates are told beforehand, packet by packet."""

    def __init__(self, watch: Watch, fates: Sequence[tuple[str, int]]) -> None:
        self._watch = watch
        self._fates: Iterator[tuple[str, int]] = chain(fates, cycle([(KEPT, 0)]))
        self._late: list[tuple[int, bytes]] = []  # due with that packet
        self._packets = 0

    def picture(self) -> None:
        """Carry a picture."""
        for _, data in self._watch.next_picture():
            self._packets += 1
            fate, delay = next(self._fates)
            if fate == LATE:
                self._late.append((self._packets + delay, data))
            elif fate != LOST:
                self._arrive(data)
                if fate == TWICE:
                    self._arrive(data)
            due = [late for when, late in self._late if when <= self._packets]
            self._late = [(when, late) for when, late in self._late if when > self._packets]
            for late in due:
                self._arrive(late)

    def _arrive(self, data: bytes) -> None:
        watch = self._watch
        before = len(watch.copies)
        watch.receive(data)
        for switch in watch.switches():
            if switch.now is not None and len(watch.copies) > before:
                self._judge_entrance()

    def _judge_entrance(self) -> None:
        """Whoever enters a layer has, complete, what the first frame of it refers to."""
        copies = self._watch.copies
        entered = copies[-1].frame
        assert entered is not None
        got = [copy.frame.ident for copy in copies if copy.frame is not None]
        for reference in entered.references:
            frame = self._watch.publisher.encoder.frames[reference]
            assert got.count(reference) == len(frame.packets)


FATES = st.lists(
    st.tuples(st.sampled_from([KEPT, KEPT, KEPT, LOST, LATE, TWICE]), st.integers(1, 40)),
    min_size=20,
    max_size=150,
)
WISHES = st.lists(st.sampled_from([None, None, None, HD, SD, BASE, OFF]), min_size=5, max_size=25)


@pytest.mark.parametrize("name", VIDEO)
@settings(max_examples=25, deadline=None)
@given(fates=FATES, stormy=WISHES, calm=WISHES)
def test_after_any_storm_everything_can_be_decoded_again(
    name: str, fates: list[tuple[str, int]], stormy: list[int | None], calm: list[int | None]
) -> None:
    """From the first key frame on a clean link, no frame is forwarded that cannot be decoded.

    And meanwhile: no layer is entered in vain, and no two packets ever have the same number.
    """
    watch = Watch(publisher(name, split=one_two_three), lines=HD)
    weather = Weather(watch, fates)
    for wish in stormy:
        if wish is not None:
            watch.wish(wish)
        weather.picture()
    assert judge(watch.copies).twice == []
    since = len(watch.copies)
    watch.picture(key=True)
    for wish in calm:
        if wish is not None:
            watch.wish(wish)
        watch.picture()
    watch.wish(SD)
    watch.pictures(20)
    assert judge(watch.copies[since:]).flawless
    assert watch.outbound.current_layer() == watch.outbound.wanted_layer()
    assert judge(watch.copies).twice == []
