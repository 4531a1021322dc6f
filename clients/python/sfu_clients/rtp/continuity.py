"""Whether a picture can be decoded after what was decoded before it.

What a frame refers to is read from the dependency descriptor, or from the payload descriptor where
there is none; a codec that says nothing needs every picture since its last key frame.
"""

from typing import Final, Protocol

from sfu.wire.dependency_descriptor import Structure, parse_descriptor
from sfu.wire.extensions import Extension
from sfu.wire.packet import Packet
from sfu.wire.payload.av1 import Av1Payload, parse_av1
from sfu.wire.payload.h264 import H264Payload, parse_h264
from sfu.wire.payload.vp8 import Vp8Descriptor, parse_vp8
from sfu.wire.payload.vp9 import Vp9Descriptor, parse_vp9
from sfu.wire.pictures import Picture
from sfu.wire.rtp import extend

REMEMBERED: Final = 256
"""Frames whose decoding is remembered: nothing refers further back."""


class Continuity(Protocol):
    """Remembers what was decoded of one stream."""

    key_frame: bool
    """Whether the last admitted picture needs nothing that came before it."""

    def admit(self, picture: Picture) -> bool:
        """Whether the picture decodes; if so, it counts as decoded. Raises MalformedPacket."""
        ...


class _Decoded:
    """Numbers of decoded frames, the last of them."""

    def __init__(self) -> None:
        self._numbers: dict[int, None] = {}
        self.highest = 0

    def extend(self, number: int, bits: int) -> int:
        return extend(number, self.highest, bits)

    def __contains__(self, number: int) -> bool:
        return number in self._numbers

    def add(self, number: int) -> None:
        self.highest = max(self.highest, number)
        self._numbers[number] = None
        if len(self._numbers) > REMEMBERED:
            del self._numbers[next(iter(self._numbers))]


class AlwaysContinuous:
    """Sound: each packet decodes."""

    key_frame = True

    def admit(self, picture: Picture) -> bool:
        """Always so."""
        del picture
        return True


class DescribedContinuity:
    """By the dependency descriptor, which names frames and what they refer to."""

    def __init__(self) -> None:
        self.key_frame = False
        self._structure: Structure | None = None
        self._decoded = _Decoded()

    def admit(self, picture: Picture) -> bool:
        """Whether all frames that the picture's frames refer to were decoded, or are in it."""
        own: set[int] = set()
        key_frame = False
        for packet in picture.packets:
            told = packet.extensions.get(Extension.DEPENDENCY_DESCRIPTOR)
            if told is None:
                continue
            descriptor = parse_descriptor(told, 0, len(told), self._structure)
            self._structure = descriptor.structure or self._structure
            key_frame = key_frame or descriptor.structure is not None
            frame = self._decoded.extend(descriptor.frame_number, 16)
            needed = {frame - diff for diff in descriptor.frame_diffs} - own
            if not all(number in self._decoded for number in needed):
                return False
            own.add(frame)
        for frame in own:
            self._decoded.add(frame)
        self.key_frame = key_frame
        return bool(own)


class Vp8Continuity:
    """By TL0PICIDX (RFC 7741 section 4.2): which base frame a frame builds on."""

    def __init__(self) -> None:
        self.key_frame = False
        self._base = -1  # TL0PICIDX of the last decoded base frame; -1: none
        self._unbroken = False  # everything since then was decoded, too

    def admit(self, picture: Picture) -> bool:
        """Whether its base was decoded; above it, layer sync helps or nothing may be missing."""
        descriptor = Vp8Descriptor()
        payload = picture.packets[0].payload
        parse_vp8(payload, 0, len(payload), descriptor)
        if not picture.follows:
            self._unbroken = False
        if not self._decodes(descriptor):
            self._unbroken = False
            return False
        if descriptor.temporal == 0:
            self._base = descriptor.tl0picidx
            self._unbroken = True
        self.key_frame = descriptor.key_frame
        return True

    def _decodes(self, descriptor: Vp8Descriptor) -> bool:
        if descriptor.key_frame or self._unbroken:
            return True
        if self._base < 0 or descriptor.tl0picidx < 0:
            return False
        if descriptor.temporal == 0:
            return descriptor.tl0picidx == (self._base + 1) & 0xFF
        return descriptor.layer_sync and descriptor.tl0picidx == self._base


class Vp9Continuity:
    """By the picture ids that a picture refers to in flexible mode (RFC 9628 section 4.2)."""

    def __init__(self) -> None:
        self.key_frame = False
        self._decoded = _Decoded()
        self._unbroken = False

    def admit(self, picture: Picture) -> bool:
        """Whether all it refers to was decoded."""
        decodes = True
        self.key_frame = True
        number: int | None = None
        for packet in picture.packets:
            descriptor = Vp9Descriptor()
            parse_vp9(packet.payload, 0, len(packet.payload), descriptor)
            if descriptor.picture_id >= 0:
                number = self._decoded.extend(descriptor.picture_id, descriptor.picture_id_bits)
            self.key_frame = self.key_frame and not descriptor.inter_predicted
            decodes = decodes and self._decodes(descriptor, number, follows=picture.follows)
        self._unbroken = decodes
        if decodes and number is not None:
            self._decoded.add(number)
        return decodes

    def _decodes(self, descriptor: Vp9Descriptor, number: int | None, *, follows: bool) -> bool:
        if not descriptor.inter_predicted:
            return descriptor.spatial == 0 or descriptor.inter_layer_dependent or self._unbroken
        if number is not None and descriptor.picture_diffs:
            return all(number - diff in self._decoded for diff in descriptor.picture_diffs)
        return self._unbroken and follows


class KeyFrameContinuity:
    """By key frames alone: H.264, and AV1 without descriptor."""

    def __init__(self, codec: str) -> None:
        self.key_frame = False
        self._is_key = _is_h264_key if codec == "H264" else _is_av1_key
        self._unbroken = False

    def admit(self, picture: Picture) -> bool:
        """Whether nothing is missing since a key frame."""
        self.key_frame = key = any(map(self._is_key, picture.packets))
        self._unbroken = key or (self._unbroken and picture.follows)
        return self._unbroken


def _is_h264_key(packet: Packet) -> bool:
    payload = H264Payload()
    parse_h264(packet.payload, 0, len(packet.payload), payload)
    return payload.key_frame


def _is_av1_key(packet: Packet) -> bool:
    payload = Av1Payload()
    parse_av1(packet.payload, 0, len(packet.payload), payload)
    return payload.starts_sequence


def continuity(codec: str, *, described: bool) -> Continuity:
    """How to judge a stream of this encoding name."""
    if codec == "opus":
        return AlwaysContinuous()
    if described:
        return DescribedContinuity()
    if codec == "VP8":
        return Vp8Continuity()
    return Vp9Continuity() if codec == "VP9" else KeyFrameContinuity(codec)
