"""One stream that we send: its packets, their repetitions and its reports."""

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from sfu.wire.extensions import Extension
from sfu.wire.packet import Packet, write_packet
from sfu.wire.rtcp import SenderReport
from sfu_clients.rtp.bandwidth import Departures

HISTORY: Final = 2048
"""Packets kept for repetition."""

MAX_RESENT: Final = 1000
"""Packets repeated within a second: whoever asks for more has lost the stream."""

REALIGN_SECONDS: Final = 0.5
"""A source that falls behind by more goes on from there; what is less is jitter."""

NTP_EPOCH: Final = 2_208_988_800
"""Seconds from 1900 to 1970."""


@dataclass(frozen=True, slots=True)
class MediaPacket:
    """What a source wants sent; `timestamp` counts from any beginning and may exceed 32 bits."""

    payload: bytes
    timestamp: int
    marker: bool
    extensions: Mapping[Extension, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StreamTerms:
    """What the server agreed to about a stream."""

    mid: str
    ssrc: int
    rtx_ssrc: int | None
    payload_type: int
    rtx_payload_type: int | None
    extensions: Mapping[Extension, int]
    clock_rate: int


class OutgoingStream:
    """Numbers packets and keeps the last of them; `send` puts one on the network."""

    def __init__(
        self, terms: StreamTerms, departures: Departures, send: Callable[[bytes], None]
    ) -> None:
        self.terms = terms
        self.packets = 0
        self.octets = 0
        self.resent = 0
        self._departures = departures
        self._send = send
        self._sequence = terms.ssrc & 0x7FFF  # begins anywhere, but low (RFC 3711 section 3.3.1)
        self._rtx_sequence = 0
        self._timestamp_offset = terms.ssrc * 7
        self._history: OrderedDict[int, Packet] = OrderedDict()
        self._origin: float | None = None  # when timestamp 0 was, by the wall clock
        self._resent_since = float("-inf")
        self._resent_lately = 0

    def send(self, packets: Sequence[MediaPacket], *, now: float, due_at: float) -> None:
        """Send packets now, which were due at another time of the same wall clock.

        Reports tell when timestamps were due: so no receiver finds that something came too early.
        """
        for media in packets:
            packet = Packet(
                payload=media.payload,
                payload_type=self.terms.payload_type,
                sequence=self._sequence,
                timestamp=media.timestamp + self._timestamp_offset,
                ssrc=self.terms.ssrc,
                marker=media.marker,
                extensions=media.extensions,
            )
            self._sequence = self._sequence + 1 & 0xFFFF
            self._history[packet.sequence] = packet
            if len(self._history) > HISTORY:
                self._history.popitem(last=False)
            self.packets += 1
            self.octets += len(media.payload)
            self._align(due_at - media.timestamp / self.terms.clock_rate)
            self._put(packet, now=now)

    def _align(self, origin: float) -> None:
        known = self._origin
        if known is None or not 0 <= origin - known < REALIGN_SECONDS:
            self._origin = origin

    def resend(self, numbers: Sequence[int], *, now: float) -> None:
        """Repeat what the server missed, on the RTX stream (RFC 4588)."""
        terms = self.terms
        if terms.rtx_ssrc is None or terms.rtx_payload_type is None:
            return
        if now - self._resent_since >= 1:
            self._resent_since, self._resent_lately = now, 0
        for number in numbers:
            packet = self._history.get(number)
            if packet is None or self._resent_lately >= MAX_RESENT:
                continue
            self._resent_lately += 1
            repeated = replace(
                packet,
                payload=number.to_bytes(2, "big") + packet.payload,
                payload_type=terms.rtx_payload_type,
                sequence=self._rtx_sequence,
                ssrc=terms.rtx_ssrc,
            )
            self._rtx_sequence = self._rtx_sequence + 1 & 0xFFFF
            self.resent += 1
            self._put(repeated, now=now)

    def _put(self, packet: Packet, *, now: float) -> None:
        ids = self.terms.extensions
        values = dict(packet.extensions)
        values[Extension.MID] = self.terms.mid.encode()
        if Extension.TRANSPORT_CC in ids:
            number = self._departures.next_number(len(packet.payload), now=now)
            values[Extension.TRANSPORT_CC] = number
        elements = [(ids[kind], value) for kind, value in values.items() if kind in ids]
        self._send(write_packet(packet, elements))

    def report(self, *, now: float) -> SenderReport | None:
        """Which of our timestamps is now; None before the first packet."""
        if self._origin is None:
            return None
        timestamp = round((now - self._origin) * self.terms.clock_rate)
        return SenderReport(
            ssrc=self.terms.ssrc,
            ntp=round((now + NTP_EPOCH) * (1 << 32)),
            rtp_timestamp=timestamp + self._timestamp_offset,
            packets=self.packets,
            octets=self.octets,
        )
