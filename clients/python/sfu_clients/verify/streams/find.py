"""Finds the RTP streams among all datagrams of a capture, and opens them if a key fits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sfu.errors import MalformedPacket
from sfu.wire.rtp import RtpView, parse_rtp
from sfu_clients.verify.keys.srtp import SrtpOpener
from sfu_clients.verify.streams.stream import Stream

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sfu_clients.verify.capture.network import Datagram, Flow
    from sfu_clients.verify.keys.srtp import SrtpKey

MIN_PACKETS: Final = 20
"""Fewer are no stream: some bytes look like RTP by chance."""

MIN_OPENED_PACKETS: Final = 5
"""Of streams that a key opened: retransmissions are few."""

MIN_NEAR: Final = 0.9
"""Part of a stream's packets whose numbers go on where the last one was."""

MAX_CANDIDATES: Final = 2048
MAX_KEPT: Final = 1_000_000
"""Packets of a capture of which numbers are kept: some 70 bytes each."""

MAX_SAMPLED_BYTES: Final = 1 << 27
"""Of payloads that are kept whole."""

_FIRST_MEDIA, _LAST_MEDIA = 128, 191  # RFC 7983 section 7
_FIRST_RTCP, _LAST_RTCP = 192, 223  # RFC 5761 section 4
_PADDING: Final = 0x20


class Finder:
    """Takes datagrams one after the other."""

    def __init__(self, keys: Sequence[SrtpKey] = ()) -> None:
        self.kept = 0
        self.unkept = 0
        """Packets that were counted only, since there were too many."""
        self._sampled = 0
        self._keys = keys
        self._candidates: dict[tuple[Flow, int], tuple[Stream, SrtpOpener | None]] = {}
        self._view = RtpView()

    def take(self, datagrams: Iterable[Datagram]) -> list[Stream]:
        """The streams in these, those with most packets first."""
        for datagram in datagrams:
            if _is_rtp(datagram.data):
                self._take(datagram)
        found = [stream for stream, _ in self._candidates.values() if _is_plausible(stream)]
        return sorted(found, key=lambda stream: -stream.packets)

    def _take(self, datagram: Datagram) -> None:
        view, data = self._view, datagram.data
        # Padding is encrypted, too: what would be its length is no length yet.
        bare = bytes((data[0] & ~_PADDING,)) + data[1:]
        try:
            parse_rtp(bare, len(bare), view)
        except MalformedPacket:
            return
        stream, opener = self._candidate(datagram.flow, view.ssrc)
        sealed = data[view.payload_offset :]
        if stream.is_repeated(view.sequence_number, sealed):
            return
        stream.note(datagram.time, view.payload_type, view.sequence_number, view.timestamp)
        stream.bytes += len(sealed)
        marker = view.marker
        plain = None if opener is None else self._open(opener, stream, data)
        if self.kept < MAX_KEPT:
            self.kept += 1
            stream.keep(sealed, plain)
            if self._sampled < MAX_SAMPLED_BYTES:
                self._sampled += stream.keep_whole(sealed, plain, marker=marker)
        else:
            self.unkept += 1

    def _open(self, opener: SrtpOpener, stream: Stream, data: bytes) -> bytes | None:
        """The payload without SRTP and padding; None where no key fits."""
        packet = opener.open(data)
        stream.key = opener.key
        if packet is None:
            return None
        try:
            parse_rtp(packet, len(packet), self._view)
        except MalformedPacket:
            return b""  # authentic, and wrong all the same
        return packet[self._view.payload_offset : self._view.payload_end]

    def _candidate(self, flow: Flow, ssrc: int) -> tuple[Stream, SrtpOpener | None]:
        key = flow, ssrc
        if key not in self._candidates:
            if len(self._candidates) >= MAX_CANDIDATES:
                self._drop_one()
            opener = SrtpOpener(self._keys, flow, ssrc) if self._keys else None
            self._candidates[key] = Stream(flow, ssrc), opener
        return self._candidates[key]

    def _drop_one(self) -> None:
        """Forget the oldest that is none yet; or else the smallest stream."""
        candidates = self._candidates
        few = (key for key, (one, _) in candidates.items() if one.packets < MIN_PACKETS)
        oldest = next(few, None)
        if oldest is None:
            oldest = min(candidates, key=lambda key: candidates[key][0].packets)
        stream, _ = candidates.pop(oldest)
        self.kept -= stream.kept
        self._sampled -= stream.sample_bytes


def _is_rtp(data: bytes) -> bool:
    is_media = len(data) > 1 and _FIRST_MEDIA <= data[0] <= _LAST_MEDIA
    return is_media and not _FIRST_RTCP <= data[1] <= _LAST_RTCP


def _is_plausible(stream: Stream) -> bool:
    if stream.key is not None:  # authentic is more than likely
        return stream.packets >= MIN_OPENED_PACKETS
    return stream.packets >= MIN_PACKETS and stream.near >= MIN_NEAR * stream.packets
