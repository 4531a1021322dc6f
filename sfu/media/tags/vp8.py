"""Tags from the VP8 payload descriptor (RFC 7741), whose layers are temporal only."""

from sfu.media.layers import Ladder
from sfu.media.packet import Packet
from sfu.media.tags.frames import Counter, FrameNumbers
from sfu.media.tags.implied import ImpliedReferences
from sfu.media.tags.reader import WITHIN
from sfu.wire.payload.tag import target_bit
from sfu.wire.payload.vp8 import Vp8Descriptor, parse_vp8


class Vp8Reader:
    """Numbers frames by picture id, or by timestamp where there is none."""

    __slots__ = (
        "_descriptor",
        "_frame",
        "_implied",
        "_key_frame",
        "_ladder",
        "_pictures",
        "_references",
        "_temporal_layers",
        "_unnumbered",
        "_width",
    )

    def __init__(self, ladder: Ladder, *, after: int = -1) -> None:
        """Describe the stream to `ladder`; number frames above `after`."""
        self._ladder = ladder
        self._descriptor = Vp8Descriptor()
        self._width = 15  # bits of a picture id
        self._pictures = Counter(15, after=after)
        self._unnumbered = FrameNumbers(after=after)
        self._temporal_layers = 0
        self._implied = ImpliedReferences(crossing=True)
        self._key_frame = -1  # number of the last key frame
        self._frame = -1  # the last frame in order, and what it refers to
        self._references: tuple[int, ...] = ()

    def read(self, packet: Packet) -> None:
        """Fill the tag, and tell where the picture id is; MalformedPacket if it is cut off."""
        view, tag, descriptor = packet.view, packet.tag, self._descriptor
        parse_vp8(view.data, view.payload_offset, view.payload_end, descriptor)
        _locate_picture_id(packet, descriptor)
        temporal = descriptor.temporal
        tag.frame = frame = self._number(packet, descriptor)
        if descriptor.key_frame:
            self._key_frame = frame
        tag.spatial = 0
        tag.temporal = temporal
        tag.starts_frame = descriptor.starts_frame
        tag.ends_frame = view.marker
        tag.key_frame = frame == self._key_frame
        tag.needed_by = WITHIN[0][temporal]
        tag.discardable_for = tag.needed_by if descriptor.non_reference else 0
        if tag.key_frame or (temporal and descriptor.layer_sync):
            tag.switch_to = tag.needed_by
        else:
            tag.switch_to = 0 if temporal else target_bit(0, 0)
        tag.references = ()
        if packet.in_order:
            if not packet.follows:
                self._implied.interrupt()
            if frame != self._frame:
                self._begin(descriptor, frame, key_frame=tag.key_frame)
            tag.references = self._references

    def _number(self, packet: Packet, descriptor: Vp8Descriptor) -> int:
        if descriptor.picture_id < 0:
            return self._unnumbered.number(packet)
        if descriptor.picture_id_bits != self._width:
            self._width = descriptor.picture_id_bits
            self._pictures = Counter(self._width, after=self._pictures.highest)
        return self._pictures.extend(descriptor.picture_id, in_order=packet.in_order)

    def _begin(self, descriptor: Vp8Descriptor, frame: int, *, key_frame: bool) -> None:
        """Learn from the next frame in order."""
        self._frame = frame
        temporal = descriptor.temporal
        if temporal >= self._temporal_layers:
            self._temporal_layers = temporal + 1
            self._ladder.describe((self._temporal_layers,), ())
        if key_frame:
            self._implied.begin(frame, descriptor.tl0picidx)
            self._references = ()
        else:
            self._references = self._implied.follow(
                frame, temporal, descriptor.tl0picidx, sync=descriptor.layer_sync
            )


def locate_picture_id(packet: Packet) -> None:
    """Say where the picture id is that each copy gets anew; MalformedPacket if it is cut off."""
    view = packet.view
    descriptor = Vp8Descriptor()
    parse_vp8(view.data, view.payload_offset, view.payload_end, descriptor)
    _locate_picture_id(packet, descriptor)


def _locate_picture_id(packet: Packet, descriptor: Vp8Descriptor) -> None:
    packet.picture_id = descriptor.picture_id
    packet.picture_id_bits = descriptor.picture_id_bits
    packet.picture_id_offset = descriptor.picture_id_offset
