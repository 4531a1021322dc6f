"""Receives one publication: puts its packets in order, judges and decodes them, and reports."""

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from sfu.errors import MalformedPacket
from sfu.signalling.messages import LayerChanged, Publication
from sfu.wire.extensions import Extension
from sfu.wire.packet import Packet
from sfu.wire.pictures import Picture, PictureBuffer
from sfu.wire.rtcp import GenericNack, PictureLoss, ReportBlock, SenderReport
from sfu.wire.rtp import extend
from sfu_clients.media.decoders import Decoder, Frame
from sfu_clients.payload import CLOCK_RATES, EncodedFrame
from sfu_clients.player import FrameOpener, Player
from sfu_clients.rtp.continuity import Continuity, continuity
from sfu_clients.rtp.missing import Missing
from sfu_clients.rtp.reception import Reception
from sfu_clients.viewing import Viewing

KEY_FRAME_SECONDS: Final = 0.5
"""Between two requests for a key frame."""


class Subscriber:
    """One publication of somebody else's, as it arrives here."""

    def __init__(self, publication: Publication, *, clock: Callable[[], float] = time.time) -> None:
        """`clock` tells seconds since 1970."""
        self.publication = publication
        self.layer: str | None = None
        """What the server says it sends, as in `S1T2`."""
        self.note: str | None = None
        """What the server limits, and why."""
        self.codec: str | None = None
        """Encoding name, once a packet has come."""
        self.ssrc = 0
        self.key_frames_asked = 0
        self._clock = clock
        self._player = Player(
            sent_at=self._sent_at,
            on_fault=self._begin_again,
            clock=clock,
        )
        self._send_rtcp: Callable[[bytes], None] = lambda _: None
        self._octets = 0
        self._packets = 0
        self._refused = 0  # pictures whose references did not come
        self._before = (0, 0, 0)  # expected, received, recovered: of streams that ended
        self._first_at: float | None = None
        self._last_at = 0.0
        self._asked_key_at = float("-inf")
        self._begin(0, {})

    def _begin(self, ssrc: int, names: Mapping[int, str]) -> None:
        self.ssrc = ssrc
        self._names = names
        self._highest: int | None = None
        self._continuity: Continuity | None = None
        self._decoder: Decoder | None = None
        self._missing = Missing()
        self._reception = Reception(CLOCK_RATES["opus" if self._is_sound else "VP8"])
        self._buffer = PictureBuffer(one_packet_each=self._is_sound)

    def _sent_at(self, timestamp: int) -> float | None:
        return self._reception.sent_at(timestamp)

    @property
    def _is_sound(self) -> bool:
        return self.publication.kind == "audio"

    @property
    def viewing(self) -> Viewing:
        """What it is like to watch."""
        return self._player.viewing

    def take_sealed(self, opener: FrameOpener | None) -> None:
        """Decode only what this opens; None as long as there are no keys."""
        if self._player.sealed and self._player.opener is opener:
            return
        self._player.sealed = True
        self._player.opener = opener
        self._begin_again()

    def on_frame(self, listener: Callable[[Frame], None]) -> None:
        """Have every decoded picture or piece of sound given to this function."""
        self._player.on_frame = listener

    def on_encoded(self, listener: Callable[[EncodedFrame], None]) -> None:
        """Have what was decoded given to this function, as it came: for a file, say."""
        self._player.on_encoded = listener

    def attach(
        self, ssrc: int, names: Mapping[int, str], send_rtcp: Callable[[bytes], None]
    ) -> None:
        """The server sends it as this SSRC; `names` are encoding names by payload type.

        Another `send_rtcp` is another connection, and another stream even with the same SSRC.
        """
        self._player.start()
        if (ssrc, send_rtcp) == (self.ssrc, self._send_rtcp):
            self._names = names
            return
        self._send_rtcp = send_rtcp
        reception, missing = self._reception, self._missing
        counts = reception.expected, reception.received, missing.recovered
        expected, received, recovered = map(sum, zip(self._before, counts, strict=True))
        self._before = expected, received, recovered
        self._player.begin()
        self._begin(ssrc, names)

    # From the network

    def receive(self, packet: Packet, *, now: float, repeated: bool = False) -> None:
        """A packet of the stream; `repeated` if it came as a retransmission."""
        highest = packet.sequence if self._highest is None else self._highest
        sequence = extend(packet.sequence, highest, 16)
        self._highest = max(highest, sequence)
        self._octets += len(packet.payload)
        self._packets += 1
        self._first_at = self._first_at or now
        self._last_at = now
        if not repeated:
            self._reception.note(sequence, packet.timestamp, now=now)
        if self._buffer.put(sequence, packet):
            self._missing.note(sequence, now=now)
            self._take(now=now)

    def receive_repetition(self, packet: Packet, *, now: float) -> None:
        """A packet of the RTX stream (RFC 4588): its payload begins with the number it repeats."""
        if len(packet.payload) > 2:  # noqa: PLR2004 - else it is padding
            original = int.from_bytes(packet.payload[:2], "big")
            self.receive(
                replace(packet, payload=packet.payload[2:], sequence=original, ssrc=self.ssrc),
                now=now,
                repeated=True,
            )

    def receive_report(self, report: SenderReport, *, now: float) -> None:
        """Which timestamp was when."""
        self._reception.note_report(report, now=now)

    def receive_layer(self, message: LayerChanged) -> None:
        """The server sends another layer, or none."""
        self.layer = message.layer
        if message.layer is None:
            self.viewing.interrupt()

    def tick(self, *, now: float) -> None:
        """Ask for what is missing; pass over what does not come."""
        if not self._is_sound and (asked := self._missing.due(now=now)):
            numbers = tuple(number & 0xFFFF for number in asked)
            self._send_rtcp(GenericNack(0, self.ssrc, numbers).encode())
        self._take(now=now)

    def block(self, *, now: float) -> ReportBlock | None:
        """For the next receiver report; None before the first packet."""
        return self._reception.block(self.ssrc, now=now) if self._reception.received else None

    # To the decoder

    def _take(self, *, now: float) -> None:
        for picture in self._buffer.take(now=now):
            if not self._admit(picture):
                self._refused += 1
                self._ask_key_frame(now=now)
            elif not self._put(picture):
                self._ask_key_frame(now=now)
        self._missing.forget_before(self._buffer.next)

    def _admit(self, picture: Picture) -> bool:
        first = picture.packets[0]
        codec = self._names.get(first.payload_type)
        if codec is None:
            return False
        if self._continuity is None or codec != self.codec:
            self.codec = codec
            described = Extension.DEPENDENCY_DESCRIPTOR in first.extensions
            self._continuity = continuity(codec, described=described)
            self._decoder = Decoder(codec)
        try:
            return self._continuity.admit(picture)
        except MalformedPacket:
            return False

    def _put(self, picture: Picture) -> bool:
        assert self._decoder is not None
        assert self._continuity is not None
        key_frame = self._continuity.key_frame
        if self._player.put(self._decoder, picture, key_frame=key_frame):
            return True
        self._continuity = None
        return False

    def _begin_again(self) -> None:
        """What was decoded is of no use for what comes."""
        self._player.clear()
        self._continuity = None
        self._ask_key_frame(now=self._clock())

    def _ask_key_frame(self, *, now: float) -> None:
        if self._is_sound or now - self._asked_key_at < KEY_FRAME_SECONDS:
            return
        self._asked_key_at = now
        self.key_frames_asked += 1
        self._send_rtcp(PictureLoss(0, self.ssrc).encode())

    # To the user

    def report(self) -> dict[str, Any]:
        """What arrived, for the JSON of the command."""
        expected, received, recovered = self._before
        expected += self._reception.expected
        received += self._reception.received
        seconds = self._last_at - self._first_at if self._first_at is not None else 0.0
        return {
            "id": self.publication.id,
            "kind": self.publication.kind,
            "source": self.publication.source,
            "codec": self.codec,
            "layer": self.layer,
            "packets": self._packets,
            "loss": round(max(0.0, 1 - received / expected), 5) if expected else 0.0,
            "recovered": recovered + self._missing.recovered,
            "undecoded": self._refused + self._player.undecoded,
            "refused": self._player.opener.refusals() if self._player.opener else {},
            "key_frames_asked": self.key_frames_asked,
            "kbps": round(self._octets * 8 / seconds / 1000, 1) if seconds > 0 else 0.0,
            **self.viewing.report(),
            "note": self.note,
        }

    async def close(self) -> None:
        """Stop decoding."""
        await self._player.close()
