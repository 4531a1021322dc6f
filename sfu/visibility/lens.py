"""Lens: looks at the last packets of one source, which are kept anyway, and disturbs nobody.

The media path does nothing for it: what a publisher sent last is stored for retransmissions, and
from there it is taken when the path is idle.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sfu.media.codec import Codec
from sfu.media.key_frames import KeyFrameCause
from sfu.media.store import VIDEO_PACKETS
from sfu.visibility.samples import MAX_BYTES, MAX_PACKETS, Excerpt

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sfu.media.inbound import Inbound
    from sfu.rooms.publication import Publication

    Packets = Sequence[bytes | None]

SOUNDS: Final = 50
"""Packets of one sample of sound: a second."""

PICTURES: Final = 8

FEW_PICTURES: Final = 4
SLOW: Final = 2.0
"""Of a picture that hardly changes so few do, after so many seconds."""

REST: Final = 2.0
"""Seconds between two samples of one stream."""

HURRIES: Final = 2
"""Samples after a first that decided nothing, which are taken without a rest."""

PATIENCE: Final = 1.5
"""Seconds without a key frame after which one is asked for."""

ASKED_AGAIN: Final = 15.0
"""Seconds before that happens again."""

ASKED_BY_VIEWERS: Final = 4.0
"""The same, while people look at what is got out of the samples."""

SILENT: Final = 1.0
"""Seconds without a packet after which a source is not asked for anything."""

_TIMESTAMP: Final = slice(4, 8)  # RFC 3550 section 5.1
_TYPE_PLACE: Final = 1
_TYPE_BITS: Final = 0x7F


class Lens:
    """Takes one sample after the other; of video each begins with a key frame."""

    def __init__(self, publication: Publication, *, now: float) -> None:
        self.publication = publication
        self.fresh = True  # nothing was decided of it yet
        self.sampled_at = now - REST  # the last time, if it was ever
        self._hurries = HURRIES
        self._find = self._film if publication.kind == "video" else self._listen
        self._asked_at = now - ASKED_AGAIN
        self._packets: Packets = ()
        self._codec = Codec.OPUS
        self._first = -1  # number of the first packet of the last sample
        self._next = 0  # the least number with which another may begin
        self._begun = -1, now  # the key frame of a sample that is not full yet, since when
        self._interval = ASKED_AGAIN

    @property
    def full(self) -> bool:
        """Whether there is a sample to take; until somebody does, nothing else is looked at."""
        return bool(self._packets)

    @property
    def awaited(self) -> bool:
        """Whether packets come of which nothing is known."""
        return self.fresh and self.publication.source.inbound is not None

    def look(self, *, watched: bool, now: float) -> None:
        """See whether the packets of another sample have come, if it is time for one.

        `watched` says that people look at what is got out of it.
        """
        self._interval = ASKED_BY_VIEWERS if watched else ASKED_AGAIN
        if not self._packets and now >= self.sampled_at + REST:
            inbound = self.publication.source.inbound
            if inbound is not None:
                self._find(inbound, now=now)

    def take(self, number: int, *, now: float) -> Excerpt:
        """Return the sample that is full, under this number, and rest."""
        packets, self._packets = tuple(self._packets), ()
        self.fresh, self.sampled_at = False, now
        return Excerpt(number, self._codec.value, self._first, packets)

    def learn(self, *, decided: bool) -> None:
        """What a sample came to: a first that decided nothing is taken again, without a rest."""
        if decided:
            self._hurries = 0
        elif self._hurries > 0 and not self._packets:
            self._hurries -= 1
            self.fresh, self.sampled_at = True, -REST

    def _keep(self, first: int, packets: Packets) -> None:
        """Keep a sample, unless its codec is not negotiated any more."""
        begin = packets[0]
        codecs = self.publication.source.track.codecs
        codec = None if begin is None else codecs.get(begin[_TYPE_PLACE] & _TYPE_BITS)
        if codec is not None:
            self._first, self._next = first, first + len(packets)
            self._packets, self._codec = packets, codec

    def _listen(self, inbound: Inbound, *, now: float) -> None:
        """The last second of sound, if all of it is new."""
        del now
        first = inbound.highest + 1 - SOUNDS
        if first >= self._next:
            self._keep(first, self.publication.source.store.run(first, first + SOUNDS))

    def _film(self, inbound: Inbound, *, now: float) -> None:
        """Some pictures from a key frame on; one more shows that the last of them is whole."""
        first, highest = self.publication.source.key_frames.last, inbound.highest
        if first < self._next or first <= highest - VIDEO_PACKETS:
            self._ask(inbound, now=now)
            return
        if self._begun[0] != first:
            self._begun = first, now
        end = min(highest + 1, first + MAX_PACKETS)
        packets = self.publication.source.store.run(first, end)
        timestamps = {packet[_TIMESTAMP] for packet in packets if packet is not None}
        enough = FEW_PICTURES if now >= self._begun[1] + SLOW else PICTURES
        if len(timestamps) > enough or len(packets) == MAX_PACKETS:
            self._keep(first, _cut(packets))

    def _ask(self, inbound: Inbound, *, now: float) -> None:
        """Only where none has come by itself, and seldom: it costs everybody's quality."""
        waited = now >= max(self.sampled_at + REST + PATIENCE, self._asked_at + self._interval)
        if waited and now < inbound.last_at + SILENT:
            self._asked_at = now
            self.publication.source.request_key_frame(KeyFrameCause.WITNESS, now=now)


def _cut(packets: Packets) -> Packets:
    """End with the first packet of one picture more than are wanted, or before it is too much."""
    timestamps: set[bytes] = set()
    size = 0
    for place, packet in enumerate(packets):
        if packet is not None:
            timestamps.add(packet[_TIMESTAMP])
            size += len(packet)
            if size > MAX_BYTES:
                return packets[:place]
            if len(timestamps) > PICTURES:
                return packets[: place + 1]
    return packets
