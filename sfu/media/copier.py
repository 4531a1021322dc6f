"""Copier: writes the copies of packets for one outgoing SSRC: new header, same payload."""

from struct import Struct
from typing import Final, Protocol

from sfu.media.packet import Packet
from sfu.wire.extensions import (
    ONE_BYTE_MAX_ID,
    ONE_BYTE_MAX_LENGTH,
    PASSED_ON,
    Extension,
    ExtensionIds,
    ExtensionWriter,
)
from sfu.wire.rtp import HEADER_BYTES, MAX_PACKET_BYTES, write_header

NUMBER_BYTES: Final = 2
"""Length of a transport-wide number."""

MAX_LAYOUTS: Final = 64
"""So many shapes of packets are remembered: a publisher may send extensions of any length."""

_FIELDS: Final = Struct("!BHI")  # what differs in each header: marker and type, number, timestamp
_NUMBER: Final = Struct("!H")
_ZEROS: Final = bytes(255)


class Numbering(Protocol):
    """Who gives out the transport-wide numbers of a subscriber."""

    def next_number(self, size: int, *, now: float) -> int:
        """Return the 16-bit number of a packet of `size` bytes that leaves now."""
        ...


class Layout:
    """The header that all packets with extensions of the same lengths get, and where it differs."""

    __slots__ = ("descriptor_at", "head", "length", "number_at", "passed_on")

    def __init__(self, ids: ExtensionIds, mid: bytes, lengths: bytes, *, ssrc: int) -> None:
        """Lay out a header for a packet whose extensions have these lengths, by Extension."""
        elements = _elements(ids, mid, lengths)
        two_byte = any(
            ids.id_of[kind] > ONE_BYTE_MAX_ID or length > ONE_BYTE_MAX_LENGTH
            for kind, length in elements
        )
        head = bytearray(HEADER_BYTES + 4 + sum(length + 2 for _, length in elements) + 3)
        self.number_at = 0  # of the transport-wide number; 0: none was negotiated
        self.descriptor_at = 0  # of the dependency descriptor; 0: there is none
        passed_on = []
        self.length = write_header(
            head,
            marker=False,
            payload_type=0,
            sequence_number=0,
            timestamp=0,
            ssrc=ssrc,
            extension=bool(elements),
        )
        if elements:
            writer = ExtensionWriter()
            writer.begin(head, HEADER_BYTES, two_byte)
            position = HEADER_BYTES + 4
            for kind, length in elements:
                value = mid if kind is Extension.MID else _ZEROS
                writer.put(ids.id_of[kind], value, 0, length)
                start = position + 1 + two_byte
                position = start + length
                if kind is Extension.TRANSPORT_CC:
                    self.number_at = start
                elif kind is not Extension.MID:
                    passed_on.append((kind, start, position, length))
                if kind is Extension.DEPENDENCY_DESCRIPTOR:
                    self.descriptor_at = start
            self.length = writer.end()
        self.head = bytes(head[: self.length])
        self.passed_on = tuple(passed_on)  # (extension, start and end in the slot, length)


def _elements(ids: ExtensionIds, mid: bytes, lengths: bytes) -> list[tuple[Extension, int]]:
    """Which extensions a copy has, and how long they are."""
    elements = [
        (Extension.MID, len(mid)),
        (Extension.TRANSPORT_CC, NUMBER_BYTES),
        *((kind, lengths[kind]) for kind in PASSED_ON),
    ]
    return [(kind, length) for kind, length in elements if length and ids.id_of[kind]]


class Copier:
    """Everything about one outgoing SSRC that does not change from packet to packet."""

    __slots__ = ("_ids", "_layouts", "_mid", "_numbering", "_slot", "_ssrc", "_view", "frame_shift")

    def __init__(self, ssrc: int, mid: str, ids: ExtensionIds, numbering: Numbering) -> None:
        """`ids` and `mid` are what the subscriber negotiated."""
        self.frame_shift = 0  # what is taken off the frame numbers of dependency descriptors
        self._ssrc = ssrc
        self._mid = mid.encode()
        self._ids = ids
        self._numbering = numbering
        self._layouts: dict[bytes, Layout] = {}
        # Assigning to a memoryview copies once, to a bytearray twice; sinks seldom change slots.
        self._slot = bytearray()
        self._view = memoryview(self._slot)

    def write(  # noqa: PLR0913 - what differs between copies
        self,
        packet: Packet,
        slot: bytearray,
        marked_type: int,
        number: int,
        timestamp: int,
        *,
        now: float,
        original: int | None = None,
    ) -> int:
        """Write a copy into the slot; return its length, or 0 if it is too long to be sent.

        `marked_type` is the second byte of the header: marker and payload type. With `original`
        it is a retransmission of the packet that had this number (RFC 4588 section 4).
        """
        layout = self._layouts.get(packet.shape) or self._lay_out(packet.shape)
        if slot is not self._slot:
            self._slot, self._view = slot, memoryview(slot)
        view = self._view
        payload = packet.payload
        start = layout.length
        if original is not None:
            start += NUMBER_BYTES
        end = start + len(payload)
        if end > MAX_PACKET_BYTES:
            return 0
        view[: layout.length] = layout.head
        _FIELDS.pack_into(slot, 1, marked_type, number & 0xFFFF, timestamp & 0xFFFFFFFF)
        if layout.passed_on:
            data, offset = packet.view.data, packet.found.offset
            for kind, begin, stop, length in layout.passed_on:
                source = offset[kind]
                view[begin:stop] = data[source : source + length]
            if self.frame_shift and layout.descriptor_at:
                shift_frame_number(slot, layout.descriptor_at, self.frame_shift)
        if original is not None:
            _NUMBER.pack_into(slot, layout.length, original & 0xFFFF)
        view[start:end] = payload
        if layout.number_at:
            wide = self._numbering.next_number(end, now=now)
            _NUMBER.pack_into(slot, layout.number_at, wide)
        return end

    def write_empty(
        self, slot: bytearray, marked_type: int, number: int, timestamp: int, *, now: float
    ) -> int:
        """Write a packet without payload, so that a receiver stops asking for its number."""
        packet = Packet()
        packet.prepare()
        return self.write(packet, slot, marked_type, number, timestamp, now=now)

    def _lay_out(self, shape: bytes) -> Layout:
        if len(self._layouts) == MAX_LAYOUTS:
            self._layouts.clear()
        layout = self._layouts[shape] = Layout(self._ids, self._mid, shape, ssrc=self._ssrc)
        return layout


def shift_frame_number(slot: bytearray, position: int, shift: int) -> None:
    """Rewrite the frame number of the dependency descriptor at `position` (section A.8.3)."""
    (number,) = _NUMBER.unpack_from(slot, position + 1)
    _NUMBER.pack_into(slot, position + 1, number - shift & 0xFFFF)


def shift_picture_id(slot: bytearray, position: int, packet: Packet, shift: int) -> None:
    """Rewrite the VP8 picture id of a copy whose payload begins at `position`, width kept."""
    place = position + packet.picture_id_offset
    picture_id = packet.picture_id - shift
    if packet.picture_id_bits == 15:  # noqa: PLR2004 - RFC 7741 section 4.2, M
        _NUMBER.pack_into(slot, place, 0x8000 | picture_id & 0x7FFF)
    else:
        slot[place] = picture_id & 0x7F
