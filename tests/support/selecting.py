"""A selector on its own: frames in, verdicts out."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from sfu.media.key_frames import KeyFrameCause
from sfu.media.layers import Target
from sfu.media.packet import Packet
from sfu.media.selector import Direction, Selector, SwitchReason, Verdict
from sfu.media.tags.reader import UPWARDS, WITHIN


@dataclass(frozen=True)
class Frame:
    """A frame as its tag describes it; without masks it is one of full SVC."""

    number: int
    layer: Target = (0, 0)
    picture: int = -1  # the frame's number, if not told
    needed_by: int = -1
    switch_to: int = 0
    discardable_for: int = 0
    references: tuple[int, ...] = ()
    arrived: bool = True
    key: bool = False


def key(number: int, layer: Target = (0, 0), picture: int = -1) -> Frame:
    """A frame of a key picture: everybody from its layer on needs it and may begin at it."""
    mask = UPWARDS[layer[0]][0]
    references = (number - 1,) if layer[0] else ()
    return Frame(number, layer, picture, mask, mask, references=references, key=layer[0] == 0)


@dataclass
class Viewing:
    """A selector that is shown frames."""

    selector: Selector = field(default_factory=Selector)
    packet: Packet = field(default_factory=Packet)
    now: float = 0.0

    def want(self, target: Target | None, reason: SwitchReason = SwitchReason.WISH) -> None:
        """Want another target."""
        self.selector.want(target, reason, now=self.now)

    def show(
        self, frame: Frame, *, starts: bool = True, ends: bool = True, in_order: bool = True
    ) -> Verdict:
        """Select a packet of a frame, by default its only one."""
        spatial, temporal = frame.layer
        tag = self.packet.tag
        tag.frame, tag.spatial, tag.temporal = frame.number, spatial, temporal
        tag.picture = frame.number if frame.picture < 0 else frame.picture
        tag.needed_by = UPWARDS[spatial][temporal] if frame.needed_by < 0 else frame.needed_by
        tag.switch_to, tag.discardable_for = frame.switch_to, frame.discardable_for
        tag.references, tag.references_arrived = frame.references, frame.arrived
        tag.starts_frame, tag.ends_frame, tag.key_frame = starts, ends, frame.key
        self.packet.in_order = in_order
        return self.selector.select(self.packet, now=self.now)

    def all(self, frames: Iterable[Frame]) -> list[Verdict]:
        """Select frames of one packet each."""
        return [self.show(frame) for frame in frames]

    def asked(self) -> KeyFrameCause | None:
        """Why a key frame has to be asked for since the last call."""
        cause, self.selector.needs_key_frame = self.selector.needs_key_frame, None
        return cause

    def switched(self) -> list[tuple[Target | None, Direction, SwitchReason]]:
        """The switches since the last call."""
        switches = self.selector.take_switches()
        return [(switch.now, switch.direction, switch.reason) for switch in switches]


def key_picture(number: int) -> list[Frame]:
    """Three frames of one picture."""
    return [key(number + spatial, (spatial, 0), number) for spatial in range(3)]


def watching(target: Target, number: int = 0) -> Viewing:
    """Somebody who was shown a key picture of three layers, and got what they wanted."""
    viewing = Viewing()
    viewing.want(target, SwitchReason.START)
    viewing.all(key_picture(number))
    assert viewing.selector.current == target
    viewing.asked()
    viewing.switched()
    return viewing


def k_svc(number: int, spatial: int, temporal: int = 0, back: int = 3, picture: int = -1) -> Frame:
    """An inter frame that no other spatial layer needs."""
    within = WITHIN[spatial][temporal]
    return Frame(
        number, (spatial, temporal), picture, within, 0 if temporal else within,
        references=(number - back,),
    )  # fmt: skip


def temporal(number: int, layer: int, *references: int, switch: bool = False) -> Frame:
    """A frame of one spatial layer."""
    needed_by = WITHIN[0][layer]
    return Frame(
        number, (0, layer), needed_by=needed_by, switch_to=needed_by if switch else 0,
        references=references,
    )  # fmt: skip
