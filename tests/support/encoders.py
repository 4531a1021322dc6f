"""Encoders without pictures: the packets that publishers send, and what each frame refers to."""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Protocol

from sfu.media.codec import Codec
from tests.support.packets import DdStructure, DdTemplate, descriptor, rtp

TYPES = {Codec.OPUS: 111, Codec.VP8: 96, Codec.VP9: 98, Codec.H264: 102, Codec.AV1: 45}
DESCRIPTOR_ID = 13
MEDIA_BYTES = 6
"""Each packet has as many of its own at its end."""


@dataclass
class Packetized:
    """One packet of a frame."""

    payload: bytes
    media: bytes  # what of it no SFU may change: all after the payload descriptor
    marker: bool = False
    descriptor: bytes | None = None


@dataclass
class Encoded:
    """One layer frame; `references` are the `ident` of frames."""

    ident: int
    picture: int
    spatial: int
    temporal: int
    references: tuple[int, ...]
    key_picture: bool
    bases: int  # pictures of temporal layer 0 so far, this one included
    packets: list[Packetized] = field(default_factory=list)


Picture = list[Encoded]
Split = Callable[[int], int]
"""How many packets a frame of a spatial layer has."""


def one_each(spatial: int) -> int:
    """Every frame is one packet."""
    del spatial
    return 1


def one_two_three(spatial: int) -> int:
    """The larger the picture, the more packets."""
    return spatial + 1


class Payloads(Protocol):
    """How a codec wraps its media."""

    codec: Codec

    def wrap(
        self, encoder: "Encoder", frame: Encoded, media: bytes, *, starts: bool, ends: bool
    ) -> tuple[bytes, bytes]:
        """Return the payload, and what of it is media."""
        ...


class Encoder:
    """Makes pictures as a dependency structure has them, whether descriptors tell it or not.

    All counters begin a little before they wrap.
    """

    def __init__(
        self,
        payloads: Payloads,
        structure: DdStructure,
        *,
        described: bool = False,
        split: Split = one_each,
    ) -> None:
        self.codec = payloads.codec
        self.payloads = payloads
        self.structure = structure
        self.described = described  # send dependency descriptors
        self.split = split
        self.silent: set[int] = set()  # spatial layers that are not sent
        self.active: str | None = None  # the decode targets, if they are to be told
        self._told: str | None = None
        self.pictures = 0  # made so far
        self.since_key = 0  # pictures
        self.bases = 200  # pictures of temporal layer 0
        self.frames: dict[int, Encoded] = {}  # by ident
        self.picture: Picture = []  # the last
        self.whole: Picture = []  # the same, silent layers included
        self._idents = count(65_500)

    def begin_at(self, ident: int) -> None:
        """Number frames from here on."""
        self._idents = count(ident)

    def next_picture(self, *, key: bool = False) -> Picture:
        """Encode the next picture; `key`: begin anew."""
        if key or self.pictures == 0:
            self.since_key = 0
        templates = self._templates()
        self.bases += self.structure.templates[templates[0]].temporal == 0
        encoded = {template: self._encode(self.structure.templates[template], next(self._idents))
                   for template in templates}  # fmt: skip
        sent = {t: frame for t, frame in encoded.items() if frame.spatial not in self.silent}
        self.picture, self.whole = list(sent.values()), list(encoded.values())
        self.frames.update((frame.ident, frame) for frame in self.picture)
        for template, frame in sent.items():
            self._packetize(frame, template)
        self.picture[-1].packets[-1].marker = self.codec is not Codec.OPUS or key
        self.pictures += 1
        self.since_key += 1
        return self.picture

    def _templates(self) -> tuple[int, ...]:
        first, *following = self.structure.cycle
        return following[(self.since_key - 1) % len(following)] if self.since_key else first

    def _encode(self, template: DdTemplate, ident: int) -> Encoded:
        return Encoded(
            ident=ident,
            picture=self.pictures,
            spatial=template.spatial,
            temporal=template.temporal,
            references=tuple(ident - diff for diff in template.frame_diffs),
            key_picture=self.since_key == 0,
            bases=self.bases,
        )

    def _packetize(self, frame: Encoded, template: int) -> None:
        number = self.split(frame.spatial)
        for part in range(number):
            starts, ends = part == 0, part == number - 1
            media = frame.ident.to_bytes(4, "big") + part.to_bytes(2, "big")
            payload, media = self.payloads.wrap(self, frame, media, starts=starts, ends=ends)
            told = self._describe(frame, template, starts=starts, ends=ends)
            frame.packets.append(Packetized(payload, media, descriptor=told))

    def _describe(self, frame: Encoded, template: int, *, starts: bool, ends: bool) -> bytes | None:
        if not self.described:
            return None
        attach = starts and frame.key_picture and frame is self.picture[0]
        news = self.active if attach or self.active != self._told else None
        self._told = self.active
        return descriptor(
            starts=starts,
            ends=ends,
            template_id=template + self.structure.template_id_offset,
            frame_number=frame.ident,
            structure=self.structure if attach else None,
            active=news,
        )


class Publisher:
    """Gives packets their RTP headers; `number` is a 64-bit sequence number."""

    def __init__(self, encoder: Encoder, *, first_number: int = 65_500, ssrc: int = 0x1111) -> None:
        self.encoder = encoder
        self.number = first_number - 1
        self.timestamp = 0xFFFF_F000
        self.ssrc = ssrc
        self.sent: dict[bytes, tuple[Encoded, int]] = {}  # by media: the frame, and which part

    def next_picture(self, *, key: bool = False) -> list[tuple[int, bytes]]:
        """Return the packets of the next picture, each with its 64-bit number."""
        packets = []
        for frame in self.encoder.next_picture(key=key):
            for part, packet in enumerate(frame.packets):
                self.sent[packet.payload[-MEDIA_BYTES:]] = frame, part
                packets.append(self._number(packet))
        self.timestamp += 960 if self.encoder.codec is Codec.OPUS else 3000
        return packets

    def padding(self, size: int = 100) -> tuple[int, bytes]:
        """Return a packet of nothing but padding, and its number."""
        return self._number(Packetized(b"", b""), padding=size)

    def _number(self, packet: Packetized, *, padding: int = 0) -> tuple[int, bytes]:
        self.number += 1
        told = packet.descriptor
        data = rtp(
            packet.payload,
            sequence_number=self.number,
            timestamp=self.timestamp,
            ssrc=self.ssrc,
            payload_type=TYPES[self.encoder.codec],
            marker=packet.marker,
            extensions=None if told is None else {DESCRIPTOR_ID: told},
            padding=padding,
        )
        return self.number, data
