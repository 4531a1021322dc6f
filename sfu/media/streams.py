"""Which published stream a packet belongs to: by its SSRC, or the first time by what it says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfu.media.inbound import OSN_BYTES, Drop, Inbound, Retransmissions
from sfu.media.source import Source, Track
from sfu.wire.extensions import Extension

if TYPE_CHECKING:
    from collections.abc import Callable

    from sfu.media.alarm import Alarm
    from sfu.media.packet import Packet
    from sfu.wire.extensions import ExtensionIds

Stream = Inbound | Retransmissions


class Streams:
    """The published tracks of one participant, and the SSRCs that they are sent on.

    An SSRC that nobody claims is counted and not remembered: a later packet of it may say more.
    """

    def __init__(
        self, *, send_request: Callable[[Source], bool], drops: list[int], alarm: Alarm
    ) -> None:
        self.sources: list[Source] = []
        self.by_ssrc: dict[int, Stream] = {}
        self._send_request = send_request
        self._drops = drops
        self._alarm = alarm
        self._by_mid: dict[bytes, Source] = {}
        self._by_declared_ssrc: dict[int, Source] = {}

    def add(self, track: Track, extension_ids: ExtensionIds) -> Source:
        """Expect the packets of this track."""
        source = Source(
            track,
            extension_ids,
            send_request=self._send_request,
            drops=self._drops,
            alarm=self._alarm,
        )
        self.sources.append(source)
        self._index()
        return source

    def update(self, source: Source, track: Track) -> None:
        """The track was negotiated again: other payload types, perhaps other SSRCs."""
        source.track = track
        self._index()

    def remove(self, source: Source) -> None:
        """Forget the track and its SSRCs."""
        self.sources.remove(source)
        self._forget_ssrcs(source)
        source.inbound = None
        self._index()

    def _index(self) -> None:
        self._by_mid = {source.track.mid.encode(): source for source in self.sources}
        self._by_declared_ssrc = {
            ssrc: source
            for source in self.sources
            for ssrc in (*source.track.ssrcs, *source.track.rtx_of)
        }

    def resolve(self, packet: Packet, *, now: float) -> Stream | None:
        """Find the stream of an SSRC seen for the first time, or count the packet and return None.

        `rtx_of` pairs a retransmission with its stream if the offer had SSRCs, else the MID and
        payload type do: a track has one stream at a time.
        """
        found = self._find(packet, now=now)
        if isinstance(found, Drop):
            self._drops[found] += 1
            return None
        if isinstance(found, Retransmissions):
            for ssrc in self._rtx_ssrcs(found.source):  # one at a time is all that a track has
                del self.by_ssrc[ssrc]
        self.by_ssrc[packet.view.ssrc] = found
        return found

    def _find(self, packet: Packet, *, now: float) -> Stream | Drop:
        source = self._claimant(packet)
        if source is None:
            return Drop.UNKNOWN_STREAM
        view = packet.view
        size = view.payload_end - view.payload_offset
        if view.payload_type in source.track.codecs:
            return self._take_over(source, view.ssrc, now=now) if size else Drop.EMPTY
        if view.payload_type not in source.track.rtx:
            return Drop.UNKNOWN_PAYLOAD_TYPE
        return self._pair(source, view.ssrc, now=now) if size >= OSN_BYTES else Drop.EMPTY

    def _claimant(self, packet: Packet) -> Source | None:
        """The track that a packet names by its SSRC, its MID or a payload type of its own."""
        view = packet.view
        declared = self._by_declared_ssrc.get(view.ssrc)
        if declared is not None:
            return declared
        offset = packet.found.offset[Extension.MID]
        if offset >= 0:
            mid = bytes(view.data[offset : offset + packet.found.length[Extension.MID]])
            return self._by_mid.get(mid)
        claimants = [
            source
            for source in self.sources
            if view.payload_type in source.track.codecs or view.payload_type in source.track.rtx
        ]
        return claimants[0] if len(claimants) == 1 else None

    def _take_over(self, source: Source, ssrc: int, *, now: float) -> Inbound | Drop:
        inbound = source.take_over(ssrc, now=now)
        if inbound is None:
            return Drop.RETIRED_STREAM
        for rtx_ssrc in self._rtx_ssrcs(source):
            source.retire(rtx_ssrc)
        self._forget_ssrcs(source)
        self.by_ssrc[ssrc] = inbound
        return inbound

    def _pair(self, source: Source, ssrc: int, *, now: float) -> Retransmissions | Drop:
        """Find what an RTX stream repairs; it may come before the stream itself."""
        primary = source.track.rtx_of.get(ssrc)
        inbound = source.inbound
        if inbound is None:
            if primary is None:
                return Drop.RTX_UNPAIRED
            begun = self._take_over(source, primary, now=now)
            assert isinstance(begun, Inbound)  # there is nothing to have replaced it
            return Retransmissions(begun, ssrc)
        if primary != inbound.ssrc and (primary is not None or source.is_retired(ssrc, now=now)):
            return Drop.RTX_UNPAIRED
        return Retransmissions(inbound, ssrc)

    def _rtx_ssrcs(self, source: Source) -> list[int]:
        return [
            ssrc
            for ssrc, stream in self.by_ssrc.items()
            if isinstance(stream, Retransmissions) and stream.source is source
        ]

    def _forget_ssrcs(self, source: Source) -> None:
        """Forget every SSRC of the track; what still sends is resolved again, or refused."""
        for ssrc in [ssrc for ssrc, stream in self.by_ssrc.items() if stream.source is source]:
            del self.by_ssrc[ssrc]
