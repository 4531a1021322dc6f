"""Tap: a subscriber that keeps the packets it is sent until somebody takes them."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

from sfu.media.codec import Codec
from sfu.media.outbound import Outbound
from sfu.media.selector import SwitchReason
from sfu.media.sink import SLOT_BYTES
from sfu.rooms.participant import BEST
from sfu.wire.extensions import ExtensionIds

if TYPE_CHECKING:
    from sfu.media.packet import Packet
    from sfu.media.source import Source

CODECS: Final = tuple(Codec)
"""A packet's payload type is the index of its codec here."""

MAX_PACKETS: Final = 8192
"""Kept until they are taken, fifty times a second; more are lost, which shows as a gap."""


class Tap:
    """Gets the best layer of one source, selected and numbered as for any subscriber."""

    def __init__(self, source: Source, *, now: float) -> None:
        self.source = source
        self.lost = 0
        self._slot = bytearray(SLOT_BYTES)
        self._packets: deque[tuple[float, bytes]] = deque()
        self._now = now
        self.outbound = Outbound(
            source,
            ssrc=1,
            rtx_ssrc=None,
            payload_types={codec: (number, None) for number, codec in enumerate(CODECS)},
            extension_ids=ExtensionIds({}),
            mid="",
            sink=self,
            departures=self,
            start_sequence=0,
            rtx_start_sequence=0,
        )
        source.outbounds.append(self)
        self.outbound.set_wish(BEST, reason=SwitchReason.START, now=now)

    def take(self) -> list[tuple[float, bytes]]:
        """Return what came since the last time: arrivals in seconds, and RTP packets."""
        packets = list(self._packets)
        self._packets.clear()
        return packets

    def close(self) -> None:
        """Be sent nothing more."""
        if self in self.source.outbounds:
            self.source.outbounds.remove(self)

    # What a source needs of a subscriber

    def offer(self, packet: Packet, *, now: float) -> object:
        """Take this packet or leave it."""
        self._now = now
        return self.outbound.offer(packet, now=now)

    def rebase(self, sequence: int, timestamp: int, *, now: float) -> None:
        """The publisher's stream begins anew."""
        self.outbound.rebase(sequence, timestamp, now=now)

    # What an outbound needs of its sink

    def slot(self) -> bytearray:
        """Return room for a packet."""
        return self._slot

    def commit(self, length: int) -> None:
        """Keep the packet that was written there."""
        if len(self._packets) < MAX_PACKETS:
            self._packets.append((self._now, bytes(self._slot[:length])))
        else:
            self.lost += 1

    def next_number(self, size: int, *, now: float) -> int:
        """Nobody asks: there is no extension for transport-wide numbers."""
        raise AssertionError(f"a number for {size} bytes at {now}")
