"""Selector: forward, drop or switch, so that one subscriber always has something to decode."""

from collections import deque
from dataclasses import dataclass
from enum import IntEnum, StrEnum, auto
from typing import Final

from sfu.media.key_frames import KeyFrameCause
from sfu.media.layers import Target
from sfu.media.packet import Packet
from sfu.media.tags.frames import FRAMES
from sfu.media.tags.reader import WITHIN
from sfu.wire.payload.tag import SPATIAL_LAYERS, LayerTag, target_bit

PATIENCE: Final = 2.0
"""Seconds to wait for a point to enter more temporal layers, before a key frame is asked for."""

REMEMBERED_SWITCHES: Final = 64


class Verdict(IntEnum):
    """What became of a packet for one subscriber; also the metric label."""

    FORWARDED = 0
    OFF = auto()  # the subscriber wishes to see nothing
    ABOVE_TARGET_LAYER = auto()  # of a higher spatial or temporal layer than they get
    NOT_NEEDED = auto()  # of a lower layer that theirs does not refer to
    WAITING_FOR_KEY_FRAME = auto()  # nothing can be decoded before one
    TOO_LATE = auto()  # no number was left free for it
    PADDING_ONLY = auto()  # a probe of the publisher's, nothing for subscribers
    CODEC_NOT_NEGOTIATED = auto()  # the subscriber did not offer this codec
    TOO_LONG = auto()  # does not fit a datagram with our extensions; leaves a hole


class SwitchReason(StrEnum):
    """Why another target was wanted; also the metric label."""

    START = "start"  # the subscription began
    WISH = "wish"  # the subscriber wished for another size
    LAYER_SILENT = "layer_silent"  # the publisher stopped sending the layer
    LAYER_RESUMED = "layer_resumed"  # the publisher sends a better layer (again)
    LAYERS_CHANGED = "layers_changed"  # the layers have other sizes than before
    RESTARTED = "restarted"  # the publisher's stream began anew


class Direction(StrEnum):
    """Which way a switch went; also the metric label."""

    ON = "on"
    OFF = "off"
    UP = "up"
    DOWN = "down"


_CAUSES: Final = {
    SwitchReason.START: KeyFrameCause.SUBSCRIBED,
    SwitchReason.WISH: KeyFrameCause.WISH,
    SwitchReason.LAYER_SILENT: KeyFrameCause.LAYER_SILENT,
    SwitchReason.LAYER_RESUMED: KeyFrameCause.WISH,
    SwitchReason.LAYERS_CHANGED: KeyFrameCause.WISH,
    SwitchReason.RESTARTED: KeyFrameCause.RESTARTED,
}


@dataclass(frozen=True, slots=True)
class Switch:
    """A subscriber now gets another target."""

    at: float  # seconds of `now`
    was: Target | None
    now: Target | None
    wanted: Target | None
    direction: Direction
    reason: SwitchReason
    delay: float  # seconds from wanting it to the first frame of it


_NOTHING: Final = 0  # as a bit: no target

# Verdicts under names that cost no look-up in an enum.
_FORWARDED: Final = Verdict.FORWARDED
_OFF: Final = Verdict.OFF
_ABOVE: Final = Verdict.ABOVE_TARGET_LAYER
_NOT_NEEDED: Final = Verdict.NOT_NEEDED
_WAITING: Final = Verdict.WAITING_FOR_KEY_FRAME


class Selector:
    """The state of one subscriber: current and wanted target, and the targets that are intact.

    A target is intact while every frame that it needs has been forwarded, since a point where it
    could be entered. docs/media-path.md has the rule.
    """

    __slots__ = (
        "_asked",
        "_bit",
        "_bit_before",
        "_frames",
        "_intact",
        "_key_frame_missed",
        "_picture",
        "_since_frame",
        "_spatial",
        "_spatial_before",
        "_switches",
        "_verdicts",
        "_wanted_at",
        "_wanted_bit",
        "current",
        "needs_key_frame",
        "reason",
        "wanted",
    )

    def __init__(self) -> None:
        self.current: Target | None = None
        self.wanted: Target | None = None
        self.reason = SwitchReason.START  # why it is wanted
        self.needs_key_frame: KeyFrameCause | None = None  # one has to be asked for now: why
        self._switches: deque[Switch] = deque(maxlen=REMEMBERED_SWITCHES)
        self._bit = _NOTHING  # of the current target
        self._wanted_bit = _NOTHING
        self._spatial = SPATIAL_LAYERS  # highest layer of a picture; before the start: none is
        self._wanted_at = 0.0
        self._asked = False
        self._key_frame_missed = False  # one passed since, and did not offer what is wanted
        self._intact = 0
        self._picture = -1
        # What held for the frames before the last switch.
        self._bit_before = _NOTHING
        self._spatial_before = SPATIAL_LAYERS
        self._since_frame = -1
        # The decisions about the last frames.
        self._frames = [-1] * FRAMES
        self._verdicts = [_OFF] * FRAMES

    def want(self, target: Target | None, reason: SwitchReason, *, now: float) -> None:
        """Wish for another target, or for none; the switch follows as soon as it can."""
        if target == self.wanted:
            return
        waiting = self.current is None and None not in (target, self.wanted)
        self.wanted = target
        self._wanted_bit = _NOTHING if target is None else target_bit(*target)
        if not waiting or reason is not self.reason:
            self._wanted_at = now
            self.reason = reason
            self._asked = self._key_frame_missed = False
            self.needs_key_frame = None
        if self._wanted_bit not in (_NOTHING, self._bit):
            self._look_for_a_way(now=now)

    def restart(self, *, now: float) -> None:
        """Start again: the publisher's stream began anew, and its frame numbers too."""
        self.current = None
        self._bit = self._bit_before = _NOTHING
        self._spatial = self._spatial_before = SPATIAL_LAYERS
        self._since_frame = self._picture = -1
        self._intact = 0
        self._frames = [-1] * FRAMES
        wanted, self.wanted = self.wanted, None
        self.want(wanted, SwitchReason.RESTARTED, now=now)

    def select(self, packet: Packet, *, now: float) -> Verdict:
        """Decide about a packet: once for its whole frame, at the first packet that comes."""
        tag = packet.tag
        frame = tag.frame
        place = frame % FRAMES
        known = self._frames[place] == frame
        if not packet.in_order:
            self._note_late(tag, now=now)
        if known:
            return self._verdicts[place]
        verdict = self._decide(tag, now=now) if packet.in_order else self._decide_late(tag)
        if self._frames[place] < frame:
            self._frames[place] = frame
            self._verdicts[place] = verdict
        return verdict

    def take_switches(self) -> list[Switch]:
        """Return the last switches since this was called last."""
        switches = list(self._switches)
        self._switches.clear()
        return switches

    def ends_picture(self, tag: LayerTag) -> bool:
        """Whether a forwarded packet is the last of its picture that is."""
        if not tag.ends_frame:
            return False
        if tag.frame >= self._since_frame:
            return tag.spatial == self._spatial
        return tag.spatial == self._spatial_before

    def _decide(self, tag: LayerTag, *, now: float) -> Verdict:
        if self._bit != self._wanted_bit:
            self._try_to_switch(tag, now=now)
        self._picture = tag.picture
        verdict = self._verdict(tag, self._bit, self._spatial)
        if verdict is not _FORWARDED:
            self._intact &= ~(tag.needed_by & ~tag.discardable_for)
        elif tag.switch_to & ~self._intact and self._is_decodable(tag):
            self._intact |= tag.switch_to
        if self._bit != self._wanted_bit:
            self._note_waiting(tag, now=now)
        return verdict

    def _decide_late(self, tag: LayerTag) -> Verdict:
        """Decide about a frame of which nothing came in time: nobody may switch at it."""
        if tag.frame >= self._since_frame:
            verdict = self._verdict(tag, self._bit, self._spatial)
        else:
            verdict = self._verdict(tag, self._bit_before, self._spatial_before)
        if verdict is not _FORWARDED:
            self._intact &= ~(tag.needed_by & ~tag.discardable_for)
        return verdict

    def _note_late(self, tag: LayerTag, *, now: float) -> None:
        """A key frame whose first packet is late is one that nobody could switch at."""
        if tag.key_frame and tag.starts_frame and self._bit != self._wanted_bit:
            self._note_waiting(tag, now=now)

    def _verdict(self, tag: LayerTag, bit: int, spatial: int) -> Verdict:
        if tag.needed_by & bit:
            return _FORWARDED
        if bit == _NOTHING:
            return _WAITING if self._wanted_bit else _OFF
        if tag.spatial > spatial or not WITHIN[spatial][tag.temporal] & bit:
            return _ABOVE
        return _NOT_NEEDED

    def _is_decodable(self, tag: LayerTag) -> bool:
        """Whether all that the frame refers to was forwarded, and had arrived completely."""
        if not tag.references_arrived:
            return False
        frames, verdicts = self._frames, self._verdicts
        for reference in tag.references:
            place = reference % FRAMES
            if frames[place] != reference or verdicts[place] is not _FORWARDED:
                return False
        return True

    def _try_to_switch(self, tag: LayerTag, *, now: float) -> None:
        begins_picture = tag.picture != self._picture
        if self.wanted is None:
            if begins_picture:
                self._switch(None, tag, now=now)
            return
        if not tag.starts_frame:
            return
        decodable = self._is_decodable(tag)
        enterable = tag.switch_to if decodable else 0
        # Where the picture ends for the subscriber must not change once it has ended.
        if begins_picture or tag.spatial <= min(self._spatial, self.wanted[0]):
            if decodable or not tag.needed_by & self._wanted_bit:
                enterable |= self._intact
        elif tag.references:
            return
        if enterable & self._wanted_bit:
            self._switch(self.wanted, tag, now=now)
        elif self._bit == _NOTHING and self._key_frame_missed and tag.key_frame:
            self._switch(_best_below(self.wanted, enterable), tag, now=now)

    def _switch(self, target: Target | None, tag: LayerTag, *, now: float) -> None:
        if target is None and self.current is None:
            return
        self._switches.append(
            Switch(
                now,
                self.current,
                target,
                self.wanted,
                _direction(self.current, target),
                self.reason,
                now - self._wanted_at,
            )
        )
        self._bit_before, self._spatial_before = self._bit, self._spatial
        self._since_frame = tag.frame
        self.current = target
        if target is None:
            self._bit, self._spatial = _NOTHING, SPATIAL_LAYERS
            self._intact = 0
        else:
            self._bit, self._spatial = target_bit(*target), target[0]
        if self._bit == self._wanted_bit:
            self.needs_key_frame = None

    def _note_waiting(self, tag: LayerTag, *, now: float) -> None:
        """The wanted target is not reached yet: see whether it will be, without a key frame."""
        if self.wanted is None:
            return
        if tag.key_frame:
            self._asked = False  # it was of no use
            self._key_frame_missed = True
        self._look_for_a_way(now=now)

    def _look_for_a_way(self, *, now: float) -> None:
        """Ask for a key frame, unless one was asked for or waiting will do.

        As long as any target of the wanted spatial layer is intact, the others of that layer are
        entered at a switching point or at the next picture.
        """
        assert self.wanted is not None
        if self._asked:
            return
        intact = self._intact & WITHIN[self.wanted[0]][0]
        if intact and now - self._wanted_at < PATIENCE:
            return
        self._asked = True
        self.needs_key_frame = _CAUSES[self.reason]


def _best_below(wanted: Target, enterable: int) -> Target | None:
    """Return the best target in a mask that shows no layer beyond the wanted one's."""
    for spatial in range(wanted[0], -1, -1):
        for temporal in range(wanted[1], -1, -1):
            if enterable & target_bit(spatial, temporal):
                return spatial, temporal
    return None


def _direction(was: Target | None, now: Target | None) -> Direction:
    if now is None:
        return Direction.OFF
    if was is None:
        return Direction.ON
    return Direction.UP if now > was else Direction.DOWN
