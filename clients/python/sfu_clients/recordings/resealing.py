"""Seals what a recording sends: the same packets, headers and frames, with sealed media in them."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from sfu.wire.dependency_descriptor import DependencyDescriptor, Structure, parse_descriptor
from sfu.wire.extensions import Extension
from sfu.wire.frames.av1 import TEMPORAL_DELIMITER
from sfu.wire.payload.vp8 import Vp8Descriptor, parse_vp8
from sfu.wire.payload.vp9 import Vp9Descriptor, parse_vp9
from sfu_clients.payload import EncodedFrame, unwrap
from sfu_clients.recordings.recording import RecordedStream
from sfu_clients.rtp.outgoing import MediaPacket

SEALABLE: Final = ("opus", "VP8", "VP9", "AV1")

_DESCRIPTOR = Extension.DEPENDENCY_DESCRIPTOR
_ENDS_FRAME: Final = 0x40

_CONTINUES: Final = 0x80
_CONTINUED: Final = 0x40
_ONE_ELEMENT: Final = 0x10
_NEW_SEQUENCE: Final = 0x08
"""Z, Y, W of 1 and N of AV1's aggregation header (section 4.4 of its RTP specification)."""


def can_be_sealed(codec: str, stream: RecordedStream) -> bool:
    """Pictures need dependency descriptors: they tell frames and layers, whatever is inside."""
    described = all(_DESCRIPTOR in packet.extensions for packet in stream.packets)
    return codec in SEALABLE and (described or codec == "opus")


class Resealer:
    """Takes packets in their order, and gives each frame's back when it has all of them."""

    def __init__(self, codec: str, seal: Callable[[EncodedFrame], bytes | None]) -> None:
        """`seal` returns the bytes of a frame as they are to leave; None if it must not."""
        self._codec = codec
        self._seal = seal
        self._frame: list[MediaPacket] = []
        self._structure: Structure | None = None
        self._timestamp = -1  # of the last frame

    @property
    def inside_frame(self) -> bool:
        """Packets wait here for the rest of their frame."""
        return bool(self._frame)

    def put(self, packets: Sequence[MediaPacket]) -> list[MediaPacket]:
        """The packets of the frames that are whole by now."""
        sealed = []
        for packet in packets:
            self._frame.append(packet)
            told = packet.extensions.get(_DESCRIPTOR)
            if told is None or told[0] & _ENDS_FRAME:
                sealed += self._reseal(self._frame)
                self._frame = []
        return sealed

    def _reseal(self, packets: Sequence[MediaPacket]) -> list[MediaPacket]:
        """As many packets as there were: a seal adds some ten bytes, and they have room."""
        data = self._seal(self._read(packets))
        if data is None:
            return []
        count = len(packets)
        cuts = [len(data) * place // count for place in range(count + 1)]
        return [
            replace(packet, payload=self._refill(packet.payload, data[start:end], place, count))
            for place, (packet, start, end) in enumerate(zip(packets, cuts, cuts[1:], strict=False))
        ]

    def _read(self, packets: Sequence[MediaPacket]) -> EncodedFrame:
        first = packets[0]
        data = unwrap(self._codec, [packet.payload for packet in packets])
        if self._codec == "AV1" and first.timestamp == self._timestamp:
            data = data.removeprefix(TEMPORAL_DELIMITER)  # which only a picture begins with
        self._timestamp = first.timestamp
        descriptor = self._describe(first)
        if descriptor is None:
            return EncodedFrame(data, first.timestamp, key_frame=True)
        width, height = descriptor.resolution or (0, 0)
        return EncodedFrame(
            data,
            first.timestamp,
            key_frame=descriptor.structure is not None,
            spatial=descriptor.spatial,
            temporal=descriptor.temporal,
            width=width,
            height=height,
        )

    def _describe(self, packet: MediaPacket) -> DependencyDescriptor | None:
        told = packet.extensions.get(_DESCRIPTOR)
        if told is None:
            return None
        descriptor = parse_descriptor(told, 0, len(told), self._structure)
        self._structure = descriptor.structure or self._structure
        return descriptor

    def _refill(self, payload: bytes, part: bytes, place: int, count: int) -> bytes:
        if self._codec == "AV1":
            head = payload[0] & _NEW_SEQUENCE | _ONE_ELEMENT
            head |= (_CONTINUES if place else 0) | (_CONTINUED if place < count - 1 else 0)
            return bytes((head,)) + part
        return payload[: _descriptor_bytes(self._codec, payload)] + part


def _descriptor_bytes(codec: str, payload: bytes) -> int:
    """How much of a payload is in front of the media."""
    if codec == "VP8":
        vp8 = Vp8Descriptor()
        parse_vp8(payload, 0, len(payload), vp8)
        return vp8.length
    if codec == "VP9":
        vp9 = Vp9Descriptor()
        parse_vp9(payload, 0, len(payload), vp9)
        return vp9.length
    return 0
