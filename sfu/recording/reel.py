"""Reel: the whole pictures of one publication, in order, from the packets of its tap."""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING, Final, NamedTuple

from sfu.media.key_frames import KeyFrameCause
from sfu.recording.tap import CODECS, Tap
from sfu.rooms.trace import RECORDING, Place
from sfu.wire.packet import Packet
from sfu.wire.pictures import PictureBuffer
from sfu.wire.rtp import extend

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sfu.media.codec import Codec
    from sfu.rooms.publication import Publication
    from sfu.wire.pictures import Picture

_HEADER: Final = Struct("!xBHII")


class Shot(NamedTuple):
    """One picture or piece of sound."""

    codec: Codec
    picture: Picture
    at: float
    """When its last packet came, in seconds."""


class Reel:
    """Asks for a key frame when something is missing for good: nobody else does for a file."""

    def __init__(self, publication: Publication, *, now: float) -> None:
        self.publication = publication
        self.tap = Tap(publication.source, now=now)
        self._sequence = 0
        self._begun = False
        self._codec: Codec | None = None
        self._buffer = PictureBuffer(one_packet_each=publication.kind == "audio")

    def take(self, *, now: float) -> Iterator[Shot]:
        """Yield what is whole by now."""
        for at, data in self.tap.take():
            packet = _read(data)
            codec = CODECS[packet.payload_type]
            if codec is not self._codec:
                yield from self._take(now=at)
                self._codec = codec
                self._buffer = PictureBuffer(one_packet_each=self.publication.kind == "audio")
            self._put(packet)
            yield from self._take(now=at)
        yield from self._take(now=now)
        place = Place(RECORDING, self.publication.id)
        self.publication.owner.room.trace.follow(place, self.tap.outbound)

    def _put(self, packet: Packet) -> None:
        sequence = extend(packet.sequence, self._sequence, 16)
        self._sequence = max(self._sequence, sequence)
        self._buffer.put(sequence, packet)

    def _take(self, *, now: float) -> Iterator[Shot]:
        if self._codec is None:
            return
        for picture in self._buffer.take(now=now):
            if self._begun and not picture.follows:
                self.ask_for_key_frame(now=now)
            self._begun = True
            yield Shot(self._codec, picture, now)

    def ask_for_key_frame(self, *, now: float) -> None:
        """What comes next cannot be shown without one."""
        self.publication.source.request_key_frame(
            KeyFrameCause.LOSS, noted_in=self.tap.outbound.requests, now=now
        )

    def close(self) -> None:
        """Take no more."""
        self.tap.close()


def _read(data: bytes) -> Packet:
    """Read a packet of our own writing: a tap negotiates no extensions, so its header is short."""
    marked_type, sequence, timestamp, ssrc = _HEADER.unpack_from(data)
    return Packet(
        payload=data[_HEADER.size :],
        payload_type=marked_type & 0x7F,
        sequence=sequence,
        timestamp=timestamp,
        ssrc=ssrc,
        marker=marked_type >= 0x80,  # noqa: PLR2004
    )
