"""Tagger: says what a packet is to each decode target, once for everybody who watches."""

from collections.abc import Callable
from typing import Final

from sfu.errors import MalformedPacket, StructureMissing
from sfu.media.codec import Codec
from sfu.media.depth import Depth
from sfu.media.layers import ALL_TARGETS, Ladder
from sfu.media.packet import Packet
from sfu.media.tags.descriptor import DescriptorReader
from sfu.media.tags.frames import Completeness, Counter
from sfu.media.tags.reader import Reader
from sfu.media.tags.single import Av1Reader, H264Reader, OpusReader
from sfu.media.tags.vp8 import Vp8Reader, locate_picture_id
from sfu.media.tags.vp9 import Vp9Reader
from sfu.wire.extensions import Extension

_DESCRIPTOR: Final = Extension.DEPENDENCY_DESCRIPTOR

_READERS: Final[dict[Codec, Callable[..., Reader]]] = {
    Codec.OPUS: OpusReader,
    Codec.VP8: Vp8Reader,
    Codec.VP9: Vp9Reader,
    Codec.H264: H264Reader,
    Codec.AV1: Av1Reader,
}
"""How to read each codec where no dependency descriptor does it better."""

_DEEPEST: Final = {
    Codec.OPUS: Depth.HEADER,  # its reader looks at no byte of the payload
    Codec.VP8: Depth.SHIM,  # the P bit of the first byte of a frame
    Codec.VP9: Depth.DESCRIPTOR,
    Codec.H264: Depth.MEDIA,  # the headers of NAL units, which nobody seals
    Codec.AV1: Depth.SHIM,  # the headers of OBUs
}
"""How far those look."""


class Tagger:
    """Fills the tags of one stream, and tells its ladder which layers there are.

    A stream is read by its dependency descriptors as soon as one brought a structure, until a key
    frame comes without; before, by what the codec itself says. The two ways number frames
    differently, so a frame of the one never has the number of a frame of the other.
    """

    __slots__ = (
        "_codec",
        "_completeness",
        "_descriptors",
        "_expected",
        "_highest",
        "_ladder",
        "_payloads",
        "_payloads_read",
        "_timestamps",
    )

    def __init__(self, codec: Codec, ladder: Ladder) -> None:
        """Describe a stream of `codec` to `ladder`."""
        self._codec = codec
        self._ladder = ladder
        self._timestamps = Counter(32)
        self._completeness = Completeness()
        self._expected = -1  # sequence number of the next packet; -1: of the first
        self._highest = -1  # number of the last frame in order
        self._payloads = _READERS[codec](ladder)
        self._payloads_read = False
        self._descriptors: DescriptorReader | None = None
        ladder.activate(ALL_TARGETS)

    @property
    def depth(self) -> Depth:
        """The deepest that was read, once something was tagged."""
        if self._payloads_read or self._codec is Codec.VP8:  # which is asked for its picture id
            return _DEEPEST[self._codec]
        return Depth.HEADER

    def tag(self, packet: Packet) -> None:
        """Fill the tag, and all that copies of the packet have in common.

        Raises MalformedPacket if a descriptor is broken, or names a structure that did not come.
        """
        packet.prepare()
        tag = packet.tag
        in_order = packet.in_order
        packet.follows = in_order and self._expected in (packet.sequence, -1)
        tag.picture = self._timestamps.extend(packet.view.timestamp, in_order=in_order)
        if self._codec is Codec.OPUS:
            self._payloads.read(packet)
            tag.references_arrived = True
            return
        self._read(packet)
        completeness = self._completeness
        completeness.note(packet)
        if in_order:
            self._highest = tag.frame
            self._expected = packet.sequence + 1
        tag.references_arrived = all(map(completeness.has, tag.references))

    def skip(self, packet: Packet) -> None:
        """Pass over a packet without payload: it is part of no frame."""
        if packet.sequence == self._expected:
            self._expected += 1

    def _read(self, packet: Packet) -> None:
        if packet.found.offset[_DESCRIPTOR] >= 0:
            self._read_descriptor(packet)
        elif self._descriptors is None:
            self._payloads_read = True
            self._payloads.read(packet)
        else:
            self._leave_descriptors(packet)

    def _read_descriptor(self, packet: Packet) -> None:
        descriptors = self._descriptors
        if descriptors is None:
            descriptors = DescriptorReader(self._ladder, after=self._highest)
            try:
                descriptors.read(packet)
            except StructureMissing:
                self._payloads_read = True
                self._payloads.read(packet)
                return
            self._descriptors = descriptors
        else:
            descriptors.read(packet)
        if self._codec is Codec.VP8:
            locate_picture_id(packet)

    def _leave_descriptors(self, packet: Packet) -> None:
        """Go on without descriptors if a key frame comes without."""
        self._payloads_read = True
        reader = _READERS[self._codec]
        reader(Ladder()).read(packet)
        if not (packet.tag.key_frame and packet.tag.starts_frame):
            raise MalformedPacket("dependency descriptor is missing")
        self._ladder.activate(ALL_TARGETS)
        self._descriptors = None
        self._payloads = reader(self._ladder, after=self._highest)
        self._payloads.read(packet)
