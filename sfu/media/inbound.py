"""One published SSRC: packets put in order, counted, tagged, and offered to each subscriber."""

from __future__ import annotations

from enum import IntEnum, auto
from typing import TYPE_CHECKING, Final

from sfu.errors import MalformedPacket, StructureMissing
from sfu.media.depth import Depth
from sfu.media.key_frames import KeyFrameCause
from sfu.media.nack import MAX_MISSING, MissingPackets
from sfu.media.reports import Reception
from sfu.media.sequence import Place, SequenceTracker
from sfu.media.tagger import Tagger
from sfu.wire.extensions import Extension
from sfu.wire.payload.tag import SPATIAL_LAYERS, TEMPORAL_LAYERS
from sfu.wire.rtp import parse_rtp

if TYPE_CHECKING:
    from sfu.media.alarm import Alarm
    from sfu.media.codec import Codec
    from sfu.media.packet import Packet
    from sfu.media.source import Source
    from sfu.wire.rtp import RtpView

OSN_BYTES: Final = 2
"""An RTX payload begins with the original sequence number."""


class Drop(IntEnum):
    """Why a received packet reached no subscriber's selector; also the metric label."""

    MALFORMED = 0  # not RTP, or its header extensions are cut off
    UNKNOWN_STREAM = auto()  # no published track claims its SSRC, MID or payload type
    UNKNOWN_PAYLOAD_TYPE = auto()  # its stream is known, its payload type was not negotiated
    RETIRED_STREAM = auto()  # its track goes on with another SSRC
    RTX_UNPAIRED = auto()  # a retransmission of a stream that has not begun, or was replaced
    EMPTY = auto()  # a probe: nothing in it, and a retransmission or of a stream not begun
    RTX_REDUNDANT = auto()  # a retransmission of what is here: a probe, or late
    DUPLICATE = auto()
    TOO_OLD = auto()
    JUMPED = auto()  # its sequence number is far from all others
    UNREADABLE = auto()  # its descriptor is broken, or the structure for it did not come


_NEW, _LATE, _BEGAN = Place.NEW, Place.LATE, Place.BEGAN  # an enum's attributes are slow to reach

_REFUSED: Final = {
    Place.DUPLICATE: (Drop.DUPLICATE, Drop.RTX_REDUNDANT),
    Place.TOO_OLD: (Drop.TOO_OLD, Drop.TOO_OLD),
    Place.JUMPED: (Drop.JUMPED, Drop.JUMPED),
}
"""What to call a packet that has no place, as a primary one and as a retransmission."""


class Inbound:
    """One published SSRC: all that is counted or asked for per stream."""

    __slots__ = (
        "_codec",
        "_depth_before",
        "_order",
        "_tagger",
        "bytes",
        "drops",
        "last_at",
        "layer_bytes",
        "missing",
        "packets",
        "reception",
        "repaired",
        "source",
        "ssrc",
    )

    def __init__(
        self, source: Source, ssrc: int, *, after: int, drops: list[int], alarm: Alarm
    ) -> None:
        """Number packets after the 64-bit number `after`; count drops in `drops`, by `Drop`."""
        self.source = source
        self.ssrc = ssrc
        self.drops = drops
        self.reception = Reception(source.clock.rate)
        self.missing = MissingPackets(alarm)
        self.packets = 0  # accepted, repaired ones included
        self.bytes = 0  # the same, RTP headers included
        self.repaired = 0  # came as retransmissions
        self.layer_bytes = [0] * (SPATIAL_LAYERS * TEMPORAL_LAYERS)  # by spatial, then temporal
        self.last_at = 0.0  # seconds: when the last of them came
        self._order = SequenceTracker(after=after)
        self._codec: Codec | None = None
        self._depth_before = Depth.NOTHING  # of taggers that others have replaced
        self._tagger: Tagger

    @property
    def codec(self) -> Codec | None:
        """The codec of the last packet; None before the first."""
        return self._codec

    @property
    def depth(self) -> Depth:
        """The deepest that any packet of the track was read, on this SSRC or an earlier one."""
        now = Depth.NOTHING if self._codec is None else self._tagger.depth
        return max(self._depth_before, now)

    @property
    def highest(self) -> int:
        """The highest 64-bit sequence number so far."""
        return self._order.highest

    def count_on_from(self, old: Inbound) -> None:
        """Begin with the counters of the SSRC that this one replaces: they are the track's."""
        self.packets = old.packets
        self.bytes = old.bytes
        self.repaired = old.repaired
        self.layer_bytes = old.layer_bytes
        self._depth_before = old.depth

    def receive(self, packet: Packet, *, now: float, retransmitted: bool = False) -> bool:
        """Place, count, tag and offer a packet whose view and extensions are filled.

        False if it was refused, for a reason that `drops` now counts.
        """
        view = packet.view
        codec = self.source.track.codecs.get(view.payload_type)
        if codec is None:
            return self.refuse(Drop.UNKNOWN_PAYLOAD_TYPE)
        order = self._order
        before = order.highest
        place = order.place(view.sequence_number, retransmitted=retransmitted)
        sequence = packet.sequence = order.sequence
        if place is _NEW:
            if sequence != before + 1:
                self._note_gap(before + 1, sequence, now=now)
        elif place is _LATE:
            self.missing.note_arrival(sequence)
        elif place is not _BEGAN:
            return self._refuse(place, retransmitted=retransmitted)
        if place is _BEGAN or codec is not self._codec:
            if place is _LATE:  # from before the codec changed
                return self.refuse(Drop.TOO_OLD)
            self._begin(place, codec, packet, now=now)

        packet.codec = codec
        packet.in_order = place is not _LATE
        packet.retransmitted = retransmitted
        packet.arrival = self.last_at = now
        self._count(sequence, view, now=now, retransmitted=retransmitted)
        if not self._tag(packet):
            return self.refuse(Drop.UNREADABLE)
        for outbound in self.source.outbounds:
            outbound.offer(packet, now=now)
        return True

    def _refuse(self, place: Place, *, retransmitted: bool) -> bool:
        if place is Place.DUPLICATE and not retransmitted:
            self.reception.received += 1  # RFC 3550 A.3 counts them
        return self.refuse(_REFUSED[place][retransmitted])

    def refuse(self, why: Drop) -> bool:
        """Count a packet that goes no further; always False."""
        self.drops[why] += 1
        return False

    def _note_gap(self, first: int, end: int, *, now: float) -> None:
        """Have the missing packets asked for, or a key frame if there are too many of them."""
        source = self.source
        if source.track.nack:
            too_many = not self.missing.note_gap(first, end, now=now)
        else:
            too_many = end - first > MAX_MISSING
        if too_many:
            self._ask_for_key_frame(now=now)

    def _ask_for_key_frame(self, *, now: float) -> None:
        """Nothing else can mend what is lost; if nobody watches, nobody needs it."""
        if self.source.outbounds:
            self.source.request_key_frame(KeyFrameCause.LOSS, now=now)

    def _begin(self, place: Place, codec: Codec, packet: Packet, *, now: float) -> None:
        """A sequence of packets or another codec begins: nothing before it helps to decode it."""
        if place is _BEGAN:
            self.missing.forget_before(packet.sequence)
            self.reception.restart()
        self._depth_before = self.depth
        self._codec = codec
        self._tagger = Tagger(codec, self.source.ladder)
        self.source.begin(packet, now=now)

    def _count(self, sequence: int, view: RtpView, *, now: float, retransmitted: bool) -> None:
        self.packets += 1
        self.bytes += view.length
        if retransmitted:
            self.repaired += 1
        else:
            self.reception.note(sequence, view.timestamp, now=now)

    def _tag(self, packet: Packet) -> bool:
        """Read the layers of a packet with a payload, and what else its source wants to know."""
        if packet.view.payload_end == packet.view.payload_offset:
            self._tagger.skip(packet)
            return True
        try:
            self._tagger.tag(packet)
        except StructureMissing:
            # What could not be read stays unread, even if the structure is only late. A late
            # packet may be of before the first structure, and then nobody needs it.
            if packet.in_order:
                self._ask_for_key_frame(now=packet.arrival)
            return False
        except MalformedPacket:
            return False
        source, tag, view = self.source, packet.tag, packet.view
        source.store.put(packet.sequence, view.data, view.length)
        self.layer_bytes[tag.spatial * TEMPORAL_LAYERS + tag.temporal] += view.length
        if source.track.kind == "audio":
            self._note_level(packet)
        elif tag.key_frame and tag.starts_frame:
            self.missing.forget_before(packet.sequence)
            source.key_frames.note_key_frame(packet.sequence)
        return True

    def _note_level(self, packet: Packet) -> None:
        """Remember the audio level (RFC 6464: one byte, voice activity and -dBov)."""
        offset = packet.found.offset[Extension.AUDIO_LEVEL]
        if offset >= 0 and packet.found.length[Extension.AUDIO_LEVEL]:
            level = packet.view.data[offset]
            self.source.note_level(level & 0x7F, voice=level >= 0x80, now=packet.arrival)  # noqa: PLR2004


class Retransmissions:
    """The RTX stream that repairs an inbound one (RFC 4588 section 4)."""

    __slots__ = ("inbound", "packets", "ssrc")

    def __init__(self, inbound: Inbound, ssrc: int) -> None:
        self.inbound = inbound
        self.ssrc = ssrc
        self.packets = 0  # probes included

    @property
    def source(self) -> Source:
        """The track that it repairs."""
        return self.inbound.source

    def receive(self, packet: Packet, *, now: float) -> bool:
        """Turn the packet into the one it repeats, which then goes the way of all.

        Extensions stay where they were found: header and extensions keep their length.
        """
        inbound, view = self.inbound, packet.view
        self.packets += 1
        repaired_type = inbound.source.track.rtx.get(view.payload_type)
        if repaired_type is None:
            return inbound.refuse(Drop.UNKNOWN_PAYLOAD_TYPE)
        if view.payload_end - view.payload_offset < OSN_BYTES:
            return inbound.refuse(Drop.EMPTY)
        original = restore(view, repaired_type, inbound.ssrc)
        parse_rtp(original, len(original), view)
        return inbound.receive(packet, now=now, retransmitted=True)


def restore(view: RtpView, payload_type: int, ssrc: int) -> bytes:
    """Return the packet that an RTX packet repeats: its padding is left out."""
    offset = view.payload_offset
    head = bytearray(view.data[:offset])
    head[0] &= ~0x20  # no padding
    head[1] = head[1] & 0x80 | payload_type
    head[2:4] = view.data[offset : offset + OSN_BYTES]
    head[8:12] = ssrc.to_bytes(4, "big")
    return bytes(head) + bytes(view.data[offset + OSN_BYTES : view.payload_end])
