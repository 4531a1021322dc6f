"""A tagger on its own: payloads in, tags out."""

from dataclasses import dataclass

from sfu.media.codec import Codec
from sfu.media.layers import Ladder, Target
from sfu.media.packet import Packet
from sfu.media.tagger import Tagger
from sfu.wire.payload.tag import target_bit
from tests.support.encoders import DESCRIPTOR_ID, TYPES
from tests.support.media import fill
from tests.support.packets import rtp

EVERY_TARGET = frozenset((spatial, temporal) for spatial in range(3) for temporal in range(3))


@dataclass(frozen=True)
class Tagged:
    """What a tag said; the masks for three by three layers."""

    frame: int
    picture: int
    layer: Target
    needed_by: set[Target]
    switch_to: set[Target]
    discardable_for: set[Target]
    references: tuple[int, ...]
    references_arrived: bool
    starts_frame: bool
    ends_frame: bool
    key_frame: bool


class Feed:
    """Feeds one stream to a tagger, each packet after the last unless told otherwise."""

    def __init__(self, codec: Codec) -> None:
        self.codec = codec
        self.ladder = Ladder()
        self.tagger = Tagger(codec, self.ladder)
        self.packet = Packet()
        self.highest = 99_999  # sequence number
        self._pictures = 0

    def send(
        self,
        payload: bytes,
        *,
        number: int | None = None,
        picture: int | None = None,
        marker: bool = False,
        descriptor: bytes | None = None,
    ) -> Tagged:
        """Tag a packet; `picture` counts ticks of the timestamp, by default one more."""
        packet = self.packet
        if picture is None:
            picture = self._pictures + 1
        self._pictures = max(self._pictures, picture)
        data = rtp(
            payload,
            timestamp=picture,
            payload_type=TYPES[self.codec],
            marker=marker,
            extensions=None if descriptor is None else {DESCRIPTOR_ID: descriptor},
        )
        fill(packet, data)
        packet.codec = self.codec
        packet.sequence = self.highest + 1 if number is None else number
        packet.in_order = packet.sequence > self.highest
        self.highest = max(self.highest, packet.sequence)
        self.tagger.tag(packet)
        return self._tagged()

    def pad(self) -> None:
        """Send nothing but padding."""
        self.highest += 1
        self.packet.sequence = self.highest
        self.tagger.skip(self.packet)

    def lose(self, packets: int = 1) -> None:
        """Lose packets."""
        self.highest += packets

    def _tagged(self) -> Tagged:
        tag = self.packet.tag
        return Tagged(
            frame=tag.frame,
            picture=tag.picture,
            layer=(tag.spatial, tag.temporal),
            needed_by=targets(tag.needed_by),
            switch_to=targets(tag.switch_to),
            discardable_for=targets(tag.discardable_for),
            references=tag.references,
            references_arrived=tag.references_arrived,
            starts_frame=tag.starts_frame,
            ends_frame=tag.ends_frame,
            key_frame=tag.key_frame,
        )


def targets(mask: int) -> set[Target]:
    """Write a mask of targets as a set."""
    return {target for target in EVERY_TARGET if mask & target_bit(*target)}
