"""Lens: a subscriber that keeps some packets of one source as they are, and disturbs nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sfu.media.key_frames import KeyFrameCause
from sfu.visibility.samples import MAX_BYTES, MAX_PACKETS, Piece, Sample

if TYPE_CHECKING:
    from sfu.media.codec import Codec
    from sfu.media.packet import Packet
    from sfu.rooms.publication import Publication

SOUNDS: Final = 50
"""Packets of one sample of sound: a second."""

PICTURES: Final = 8

FEW_PICTURES: Final = 4
SLOW: Final = 2.0
"""Of a picture that hardly changes so few do, after so many seconds."""

REST: Final = 2.0
"""Seconds between two samples of one stream: then it costs nothing."""

HURRIES: Final = 2
"""Samples after a first that decided nothing, which are taken without a rest."""

PATIENCE: Final = 1.5
"""Seconds without a key frame after which one is asked for."""

ASKED_AGAIN: Final = 15.0
"""Seconds before that happens again."""

ASKED_BY_VIEWERS: Final = 4.0
"""The same, while people look at what is got out of the samples."""


class Lens:
    """Takes one sample after the other; of video each begins with a key frame."""

    def __init__(self, publication: Publication, *, now: float) -> None:
        self.publication = publication
        self._video = publication.kind == "video"
        self._open = False
        self._opened_at = now
        self.fresh = True  # nothing was decided of it yet
        self._hurries = HURRIES
        self.sampled_at = now - REST  # the last time, if it was ever
        self._asked_at = now - ASKED_AGAIN
        self._offered = False
        self._began_at: float | None = None  # when a sample was seen to have begun
        self._codec: Codec | None = None
        self._pieces: list[Piece] = []
        self._bytes = 0
        self._timestamps: set[int] = set()

    # What a source needs of a subscriber

    def offer(self, packet: Packet, *, now: float) -> None:
        """Keep this packet if a sample is being taken."""
        del now
        self._offered = True
        if self.full:
            return
        if not self._pieces:
            if self._video and not (packet.tag.key_frame and packet.tag.starts_frame):
                return
            self._codec = packet.codec
        elif packet.codec is not self._codec:
            self._pieces.clear()
            return
        view = packet.view
        payload = bytes(view.data[view.payload_offset : view.payload_end])
        self._pieces.append(Piece(packet.sequence, view.timestamp, payload))
        self._bytes += len(payload)
        self._timestamps.add(view.timestamp)

    def rebase(self, sequence: int, timestamp: int, *, now: float) -> None:
        """The publisher's stream begins anew."""
        del sequence, timestamp, now
        self._forget()

    @property
    def full(self) -> bool:
        """Whether nothing more belongs to this sample; of video, a picture more shows its end."""
        count = len(self._pieces)
        if count >= MAX_PACKETS or self._bytes >= MAX_BYTES:
            return True
        return len(self._timestamps) > PICTURES if self._video else count >= SOUNDS

    def is_ready(self, *, now: float) -> bool:
        """Whether there is a sample to be had."""
        if not self._pieces:
            self._began_at = None
        elif self._began_at is None:
            self._began_at = now
        if self.full:
            return True
        waited = self._began_at is not None and now >= self._began_at + SLOW
        return waited and self._video and len(self._timestamps) > FEW_PICTURES

    def follow_up(self, number: int, *, watched: bool, now: float) -> Sample | None:
        """Return a sample that is ready, under this number, and rest; or begin with another.

        `watched` says that people look at what is got out of it.
        """
        if self._open and self.is_ready(now=now):
            assert self._codec is not None
            sample = Sample(number, self._codec.value, tuple(self._pieces))
            self.close()
            self.fresh, self.sampled_at = False, now
            return sample
        if not self._open and now >= self.sampled_at + REST:
            self._open, self._opened_at = True, now
            self.publication.source.outbounds.append(self)
        elif self._open and self._video and self._offered and not self._pieces:
            self._ask(ASKED_BY_VIEWERS if watched else ASKED_AGAIN, now=now)
        return None

    def learn(self, *, decided: bool) -> None:
        """What a sample came to: a first that decided nothing is taken again, without a rest."""
        if decided:
            self._hurries = 0
        elif self._hurries > 0 and not self._open:
            self._hurries -= 1
            self.fresh, self.sampled_at = True, -REST

    def _ask(self, interval: float, *, now: float) -> None:
        """Only where none has come by itself, and seldom: it costs everybody's quality."""
        if now >= self._opened_at + PATIENCE and now >= self._asked_at + interval:
            self._asked_at = now
            self.publication.source.request_key_frame(KeyFrameCause.WITNESS, now=now)

    def close(self) -> None:
        """Be offered nothing more."""
        if self in self.publication.source.outbounds:
            self.publication.source.outbounds.remove(self)
        self._open = False
        self._forget()

    def _forget(self) -> None:
        self._pieces.clear()
        self._timestamps.clear()
        self._bytes = 0
        self._offered = False
