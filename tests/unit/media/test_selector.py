"""One subscriber's layers: entered only where they decode, left at once, asked for with a cause."""

from dataclasses import replace

import pytest

from sfu.media.key_frames import KeyFrameCause
from sfu.media.layers import Target
from sfu.media.selector import (
    PATIENCE,
    REMEMBERED_SWITCHES,
    Direction,
    Switch,
    SwitchReason,
    Verdict,
)
from sfu.media.tags.frames import FRAMES
from sfu.media.tags.reader import UPWARDS, WITHIN
from sfu.wire.payload.tag import target_bit
from tests.support.selecting import Frame, Viewing, k_svc, key, key_picture, temporal, watching

FORWARDED, OFF, ABOVE = Verdict.FORWARDED, Verdict.OFF, Verdict.ABOVE_TARGET_LAYER
NOT_NEEDED, WAITING = Verdict.NOT_NEEDED, Verdict.WAITING_FOR_KEY_FRAME
EVERY = UPWARDS[0][0]


@pytest.mark.parametrize(
    ("target", "layer", "needed_by", "verdict"),
    [
        pytest.param((2, 2), (2, 2), -1, FORWARDED, id="the wanted layer"),
        pytest.param((2, 2), (0, 1), -1, FORWARDED, id="a lower one that it needs"),
        pytest.param((2, 2), (0, 1), WITHIN[0][1], NOT_NEEDED, id="a lower one that it does not"),
        pytest.param((1, 2), (2, 0), -1, ABOVE, id="a higher spatial layer"),
        pytest.param((2, 1), (2, 2), -1, ABOVE, id="a higher temporal layer"),
        pytest.param((1, 1), (0, 2), WITHIN[0][2], ABOVE, id="a temporal one of a lower spatial"),
    ],
)
def test_forwards_what_the_target_needs(
    target: Target, layer: Target, needed_by: int, verdict: Verdict
) -> None:
    """And names why it drops the rest."""
    assert watching(target).show(Frame(9, layer, needed_by=needed_by)) is verdict


def test_whoever_wants_nothing_gets_nothing() -> None:
    """Off is another reason than waiting."""
    viewing = Viewing()
    assert viewing.all(key_picture(0)) == [OFF] * 3
    viewing.want((0, 0))
    assert viewing.show(Frame(3)) is WAITING
    assert viewing.switched() == []


@pytest.mark.parametrize(
    ("reason", "cause"),
    [
        (SwitchReason.START, KeyFrameCause.SUBSCRIBED),
        (SwitchReason.WISH, KeyFrameCause.WISH),
        (SwitchReason.LAYER_SILENT, KeyFrameCause.LAYER_SILENT),
        (SwitchReason.LAYER_RESUMED, KeyFrameCause.WISH),
        (SwitchReason.LAYERS_CHANGED, KeyFrameCause.WISH),
        (SwitchReason.RESTARTED, KeyFrameCause.RESTARTED),
    ],
)
def test_every_request_has_a_cause_and_every_switch_a_reason(
    reason: SwitchReason, cause: KeyFrameCause
) -> None:
    """The one follows from the other; both, and how long it took, can be read from outside."""
    viewing = Viewing(now=1.0)
    viewing.want((1, 2), reason)
    assert viewing.asked() is cause
    viewing.now = 1.5
    viewing.all(key_picture(0))
    assert viewing.selector.take_switches() == [
        Switch(1.5, None, (1, 2), (1, 2), Direction.ON, reason, 0.5)
    ]


@pytest.mark.parametrize(
    ("was", "now", "direction"),
    [
        ((0, 2), (1, 2), Direction.UP),
        ((1, 1), (1, 2), Direction.UP),
        ((2, 2), (1, 2), Direction.DOWN),
        ((1, 2), (1, 0), Direction.DOWN),
        ((1, 2), None, Direction.OFF),
    ],
)
def test_switches_have_a_direction(was: Target, now: Target | None, direction: Direction) -> None:
    """At a key picture, every target can be entered."""
    viewing = watching(was)
    viewing.want(now)
    viewing.all(key_picture(10))
    assert viewing.selector.current == now
    assert viewing.switched() == [(now, direction, SwitchReason.WISH)]


def test_what_is_wanted_already_needs_nothing() -> None:
    """Neither a request nor a switch: wishes are repeated, and taken back."""
    viewing = watching((1, 2))
    viewing.want((1, 2), SwitchReason.LAYERS_CHANGED)
    viewing.want((2, 2))
    assert viewing.asked() is KeyFrameCause.WISH
    viewing.want((1, 2))
    assert viewing.asked() is None
    viewing.all(key_picture(10))
    assert viewing.switched() == []


def test_down_in_full_svc_is_at_once_but_not_in_the_middle_of_a_picture() -> None:
    """Where a picture ends must not change once it has ended: after S0 it is too late for S0."""
    viewing = watching((2, 2))
    assert viewing.show(Frame(3, (0, 0), 3, references=(0,))) is FORWARDED
    viewing.want((0, 2))
    assert viewing.show(Frame(4, (1, 0), 3, references=(1, 3))) is FORWARDED
    assert viewing.show(Frame(5, (2, 0), 3, references=(2, 4))) is FORWARDED
    assert viewing.show(Frame(6, (0, 0), 6, references=(3,))) is FORWARDED
    assert viewing.selector.ends_picture(viewing.packet.tag)
    assert viewing.show(Frame(7, (1, 0), 6, references=(4, 6))) is ABOVE
    assert viewing.asked() is None


def test_down_to_a_layer_whose_frame_is_yet_to_come_needs_no_new_picture() -> None:
    """S0 has not ended it for anybody: it can still end with S1."""
    viewing = watching((2, 2))
    viewing.show(Frame(3, (0, 0), 3, references=(0,)))
    viewing.want((1, 2))
    assert viewing.show(Frame(4, (1, 0), 3, references=(1, 3))) is FORWARDED
    assert viewing.selector.ends_picture(viewing.packet.tag)
    assert viewing.show(Frame(5, (2, 0), 3, references=(2, 4))) is ABOVE


def test_down_in_k_svc_needs_a_key_frame() -> None:
    """The lower layers' frames were not forwarded: the first of them is missing at once."""
    viewing = watching((2, 2))
    assert viewing.all(k_svc(n, n % 3, picture=3) for n in (3, 4, 5)) == [
        NOT_NEEDED, NOT_NEEDED, FORWARDED,
    ]  # fmt: skip
    viewing.want((0, 2))
    assert viewing.asked() is KeyFrameCause.WISH
    viewing.all(k_svc(n, n % 3, picture=6) for n in (6, 7, 8))
    assert viewing.selector.current == (2, 2)
    assert viewing.show(key(9)) is FORWARDED
    assert viewing.selector.current == (0, 2)


def test_up_waits_for_a_key_frame_and_shows_the_old_layer_meanwhile() -> None:
    """One request is enough, however many frames pass."""
    viewing = watching((0, 2))
    viewing.want((2, 2))
    assert viewing.asked() is KeyFrameCause.WISH
    for number in range(3, 9, 3):
        picture = [
            Frame(number + s, (s, 0), number, references=(number + s - 3,)) for s in range(3)
        ]
        assert viewing.all(picture) == [FORWARDED, ABOVE, ABOVE]
    assert viewing.asked() is None
    assert viewing.all(key_picture(9)) == [FORWARDED] * 3


def test_temporal_down_is_at_the_next_frame() -> None:
    """What a lower temporal layer needs was forwarded."""
    viewing = watching((0, 2))
    viewing.want((0, 0))
    assert viewing.show(temporal(3, 2, 0)) is ABOVE
    assert viewing.show(temporal(4, 0, 0)) is FORWARDED
    assert viewing.asked() is None
    assert viewing.switched() == [((0, 0), Direction.DOWN, SwitchReason.WISH)]


def test_temporal_up_is_at_a_switching_point() -> None:
    """At a frame that says so, and whose references were all forwarded."""
    viewing = watching((0, 0))
    assert viewing.show(temporal(3, 1, 0, switch=True)) is ABOVE
    viewing.want((0, 2))
    assert viewing.show(temporal(4, 2, 0, 3)) is ABOVE
    assert viewing.show(temporal(5, 0, 0)) is FORWARDED
    assert viewing.show(temporal(6, 2, 3, switch=True)) is ABOVE, "it refers to what was dropped"
    assert viewing.show(temporal(7, 2, 5)) is ABOVE, "it is no switching point"
    assert viewing.show(temporal(8, 2, 5, switch=True)) is FORWARDED
    assert viewing.asked() is None
    assert viewing.switched() == [((0, 2), Direction.UP, SwitchReason.WISH)]


def test_a_switching_point_counts_even_before_it_is_wanted() -> None:
    """Nothing that the target needs was dropped since: it can be entered at any frame."""
    viewing = watching((0, 0))
    assert viewing.show(temporal(3, 0, 0, switch=True)) is FORWARDED
    viewing.want((0, 2))
    assert viewing.show(temporal(4, 2, 3)) is FORWARDED


def test_dropping_what_can_be_discarded_breaks_nothing() -> None:
    """No later frame of that target refers to it."""
    viewing = watching((0, 0))
    discardable = Frame(
        3, (0, 2), needed_by=WITHIN[0][2], discardable_for=WITHIN[0][2], references=(0,)
    )
    assert viewing.show(discardable) is ABOVE
    viewing.want((0, 2))
    assert viewing.show(temporal(4, 2, 0)) is FORWARDED


@pytest.mark.parametrize(
    "frame", [temporal(4, 2, 3), Frame(4, (0, 2), references=(3,), arrived=False)]
)
def test_nobody_enters_at_a_frame_that_cannot_be_decoded(frame: Frame) -> None:
    """Its reference never came, or not completely: even if nothing was dropped."""
    viewing = watching((0, 0))
    viewing.want((0, 2))
    assert viewing.show(frame) is ABOVE
    assert viewing.selector.current == (0, 0)


def test_a_layer_that_stands_alone_is_entered_in_the_middle_of_a_picture() -> None:
    """There is no other way into it: no frame of the layers below belongs to its target."""
    viewing = Viewing()
    viewing.want((0, 2))
    alone = [Frame(n, (n, 0), 0, WITHIN[n][0], WITHIN[n][0], key=n == 0) for n in range(2)]
    assert viewing.all(alone) == [FORWARDED, ABOVE]
    viewing.want((1, 2))
    again = [Frame(n + 2, (n, 0), 2, WITHIN[n][0], WITHIN[n][0], key=n == 0) for n in range(2)]
    assert viewing.all(again) == [FORWARDED, FORWARDED]
    assert viewing.show(k_svc(4, 0, back=2)) is NOT_NEEDED


def test_patience_ends() -> None:
    """Some encoders never make a switching point: after two seconds a key frame is asked for."""
    viewing = watching((0, 0))
    viewing.show(temporal(3, 2, 0))
    viewing.want((0, 2))
    viewing.now = PATIENCE - 0.1
    viewing.show(temporal(4, 2, 3))
    assert viewing.asked() is None
    viewing.now = PATIENCE + 0.1
    viewing.show(temporal(5, 2, 3))
    assert viewing.asked() is KeyFrameCause.WISH


def test_a_key_frame_that_helps_nobody_is_asked_for_again() -> None:
    """Its first packet was lost, so nobody could begin there."""
    viewing = Viewing()
    viewing.want((1, 2))
    assert viewing.asked() is KeyFrameCause.WISH
    frame = key(0)
    assert viewing.show(frame, starts=False) is WAITING
    assert viewing.asked() is KeyFrameCause.WISH
    assert viewing.show(frame, starts=False, in_order=False) is WAITING
    assert viewing.asked() is None
    assert viewing.show(frame, in_order=False) is WAITING, "now its first packet is late"
    assert viewing.asked() is KeyFrameCause.WISH


def test_a_late_key_frame_matters_only_to_those_who_wait() -> None:
    """Others go on with what they have."""
    viewing = watching((0, 2))
    assert viewing.show(key(9), in_order=False) is FORWARDED
    assert viewing.asked() is None


def test_what_a_key_frame_does_not_offer_is_replaced_by_the_best_below() -> None:
    """The wanted layer is announced but not sent: better a smaller picture than none."""
    viewing = Viewing()
    viewing.want((2, 2))
    lower = WITHIN[0][0] | target_bit(1, 0) | target_bit(1, 1)
    assert viewing.show(replace(key(0), switch_to=lower)) is WAITING, "the first may be incomplete"
    assert viewing.show(replace(key(1), switch_to=lower)) is FORWARDED
    assert viewing.selector.current == (1, 1)
    assert viewing.selector.wanted == (2, 2)
    assert viewing.asked() is KeyFrameCause.WISH


def test_a_key_frame_that_offers_nothing_changes_nothing() -> None:
    """Not even something below."""
    viewing = Viewing()
    viewing.want((1, 1))
    above = target_bit(2, 0)
    useless = [replace(key(number), needed_by=above, switch_to=above) for number in (0, 1)]
    assert viewing.all(useless) == [WAITING, WAITING]
    assert viewing.switched() == []


def test_off_is_at_the_next_picture() -> None:
    """The picture that has begun is shown to its end."""
    viewing = watching((2, 2))
    viewing.show(Frame(3, (0, 0), 3, references=(0,)))
    viewing.want(None)
    assert viewing.show(Frame(4, (1, 0), 3, references=(1, 3))) is FORWARDED
    assert viewing.show(Frame(5, (2, 0), 3, references=(2, 4))) is FORWARDED
    assert viewing.show(Frame(6, (0, 0), 6, references=(3,))) is OFF
    assert viewing.switched() == [(None, Direction.OFF, SwitchReason.WISH)]
    assert viewing.asked() is None
    viewing.want((0, 2))
    assert viewing.show(Frame(9, (0, 0), references=(6,))) is WAITING
    assert viewing.asked() is KeyFrameCause.WISH


def test_waiting_can_be_given_up() -> None:
    """Nobody who got nothing is switched off."""
    viewing = Viewing()
    viewing.want((0, 2))
    viewing.want(None)
    assert viewing.asked() is None
    assert viewing.show(key(0)) is OFF
    assert viewing.switched() == []


def test_a_decision_holds_for_the_whole_frame() -> None:
    """For its late packets, too, whatever was switched meanwhile."""
    viewing = watching((2, 2))
    first, second = Frame(3, (2, 0), references=(2,)), Frame(4, (2, 0), references=(3,))
    assert viewing.show(first, ends=False) is FORWARDED
    viewing.want((0, 2))
    assert viewing.show(second, ends=False) is ABOVE
    assert viewing.show(first, starts=False, in_order=False) is FORWARDED
    assert viewing.selector.ends_picture(viewing.packet.tag)
    assert viewing.show(second, starts=False, in_order=False) is ABOVE


def test_frames_that_come_too_late_to_be_decided_in_order() -> None:
    """They are decided by what held then, and nobody switches at them."""
    viewing = watching((2, 2))
    viewing.want((0, 2))
    assert viewing.show(Frame(6, (0, 0), 6, references=(0,))) is FORWARDED
    assert viewing.show(Frame(5, (2, 0), 3, references=(2,)), in_order=False) is FORWARDED
    assert viewing.selector.ends_picture(viewing.packet.tag)
    assert viewing.show(Frame(8, (2, 0), 6, references=(5,)), in_order=False) is ABOVE
    assert not viewing.selector.ends_picture(viewing.packet.tag)
    viewing.want((2, 2))
    assert viewing.show(key(9), in_order=False) is FORWARDED
    assert viewing.selector.current == (0, 2)


def test_a_late_frame_that_is_dropped_is_missing_like_any_other() -> None:
    """Its targets cannot be entered any more."""
    viewing = watching((0, 0))
    viewing.show(temporal(4, 0, 0))
    assert viewing.show(temporal(3, 1, 0), in_order=False) is ABOVE
    viewing.want((0, 2))
    assert viewing.show(temporal(5, 2, 4)) is ABOVE


def test_old_decisions_make_room() -> None:
    """A frame of long ago is decided anew, and displaces no newer one."""
    viewing = watching((0, 0))
    assert viewing.show(temporal(3 + FRAMES, 0, 0)) is FORWARDED
    assert viewing.show(temporal(3, 1, 0), in_order=False) is ABOVE
    viewing.want((0, 2))
    following = Frame(
        4 + FRAMES, (0, 0), needed_by=EVERY, switch_to=EVERY, references=(3 + FRAMES,)
    )
    assert viewing.show(following) is FORWARDED
    assert viewing.selector.current == (0, 2)


def test_a_picture_ends_with_the_highest_layer_that_is_shown() -> None:
    """And only with the last packet of it."""
    viewing = watching((1, 2))
    viewing.show(Frame(3, (0, 0), 3, references=(0,)))
    assert not viewing.selector.ends_picture(viewing.packet.tag)
    viewing.show(Frame(4, (1, 0), 3, references=(1,)), ends=False)
    assert not viewing.selector.ends_picture(viewing.packet.tag)
    viewing.show(Frame(4, (1, 0), 3, references=(1,)), starts=False)
    assert viewing.selector.ends_picture(viewing.packet.tag)


def test_after_a_restart_everything_begins_anew() -> None:
    """Numbers of frames mean nothing any more; what is wanted stays wanted, for a new reason."""
    viewing = watching((1, 2), number=1000)
    viewing.now = 7.0
    viewing.selector.restart(now=7.0)
    assert viewing.asked() is KeyFrameCause.RESTARTED
    assert viewing.selector.current is None
    assert viewing.selector.wanted == (1, 2)
    assert viewing.show(Frame(5, references=(1000,))) is WAITING
    assert viewing.all(key_picture(6)) == [FORWARDED, FORWARDED, ABOVE]
    assert viewing.switched() == [((1, 2), Direction.ON, SwitchReason.RESTARTED)]


def test_whoever_wants_nothing_is_not_restarted() -> None:
    """There is nothing to ask for."""
    viewing = Viewing()
    viewing.selector.restart(now=1.0)
    assert viewing.asked() is None
    assert viewing.show(key(0)) is OFF


def test_switches_that_nobody_reads_are_bounded() -> None:
    """The last ones are kept."""
    viewing = watching((2, 2))
    for number in range(1, 2 * REMEMBERED_SWITCHES):
        viewing.want((number % 2, 2))
        viewing.all(key_picture(10 * number))
    assert len(viewing.selector.take_switches()) == REMEMBERED_SWITCHES
