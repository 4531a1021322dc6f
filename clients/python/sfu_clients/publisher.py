"""Sends one source, at its own pace, for as long as there is somebody to send it to."""

import asyncio
import time
from typing import Any, Final

from sfu.wire.rtcp import FullIntraRequest, GenericNack, PictureLoss, ReportBlock
from sfu_clients.media.sources import Source
from sfu_clients.payload import CLOCK_RATES
from sfu_clients.rtp.outgoing import OutgoingStream

BEHIND_SECONDS: Final = 0.5
"""A source that is this late goes on from now instead of hurrying."""

Request = GenericNack | PictureLoss | FullIntraRequest


class Publisher:
    """One published track."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.kind = "audio" if source.codec == "opus" else "video"
        self.publication: str | None = None
        """The id that the server gave it, once it is known."""
        self.ended = asyncio.Event()
        """The source has no more."""
        self.key_frames_asked = 0
        self._stream: OutgoingStream | None = None
        self._before = [0, 0, 0]  # packets, octets and repetitions on connections that were lost
        self._frames = 0
        self._began_at: float | None = None
        self._round_trip: float | None = None
        self._loss = 0.0
        self._task: asyncio.Task[None] | None = None

    @property
    def clock_rate(self) -> int:
        """Of its timestamps, per second."""
        return CLOCK_RATES[self.source.codec]

    @property
    def stream(self) -> OutgoingStream | None:
        """Where its packets go; None while there is no connection."""
        return self._stream

    def attach(self, stream: OutgoingStream) -> None:
        """A connection is there, or another one: send on this stream, from a key frame on."""
        if stream is self._stream:
            return
        self.detach()
        self._stream = stream
        self.source.ask_key_frame()
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="sfu-client:publisher")

    def detach(self) -> None:
        """The connection is gone: the source goes on, unseen."""
        if self._stream is not None:
            counts = self._stream.packets, self._stream.octets, self._stream.resent
            self._before = [one + other for one, other in zip(self._before, counts, strict=True)]
            self._stream = None

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        self._began_at = began_at = loop.time()
        while (due := self.source.due()) is not None:
            late = loop.time() - began_at - due
            if late > BEHIND_SECONDS:
                began_at += late
            await asyncio.sleep(max(0.0, -late))
            packets = await asyncio.to_thread(self.source.produce, now=time.time())
            self._frames += len({packet.timestamp for packet in packets})
            if self._stream is not None:
                self._stream.send(packets, now=time.time())
        self.ended.set()

    def receive(self, request: Request) -> None:
        """The server misses packets, or wants a key frame."""
        if not isinstance(request, GenericNack):
            self.key_frames_asked += 1
            self.source.ask_key_frame()
        elif self._stream is not None:
            self._stream.resend(request.lost, now=time.time())

    def receive_report(self, block: ReportBlock, *, now: float) -> None:
        """How the stream arrives."""
        self._loss = block.fraction_lost / 256
        if block.last_report:
            middle = round((now + 2_208_988_800) * 65536) & 0xFFFFFFFF
            self._round_trip = (middle - block.last_report - block.delay & 0xFFFFFFFF) / 65536

    def report(self) -> dict[str, Any]:
        """What was sent, for the JSON of the command."""
        packets, octets, resent = self._before
        if self._stream is not None:
            packets += self._stream.packets
            octets += self._stream.octets
            resent += self._stream.resent
        seconds = 0.0
        if self._began_at is not None:
            seconds = asyncio.get_running_loop().time() - self._began_at
        return {
            "id": self.publication,
            "kind": self.kind,
            "codec": self.source.codec,
            "frames_sent": self._frames,
            "packets": packets,
            "resent": resent,
            "loss": self._loss,
            "kbps": round(octets * 8 / seconds / 1000, 1) if seconds else 0.0,
            "key_frames_asked": self.key_frames_asked,
            "round_trip_ms": self._round_trip and round(1000 * self._round_trip, 1),
        }

    async def close(self) -> None:
        """Stop the source."""
        self.detach()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
