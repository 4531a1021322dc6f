"""Sends one source, at its own pace, for as long as there is somebody to send it to."""

import asyncio
import time
from collections.abc import Callable
from typing import Any, Final

from sfu.wire.rtcp import FullIntraRequest, GenericNack, PictureLoss, ReportBlock
from sfu_clients import tasks
from sfu_clients.errors import ClientError
from sfu_clients.media.concealment import NOTHING_HIDDEN, Concealment
from sfu_clients.media.sources import Source
from sfu_clients.payload import CLOCK_RATES
from sfu_clients.rtp.outgoing import NTP_EPOCH, OutgoingStream

BEHIND_SECONDS: Final = 0.5
"""A source that is this late goes on from now instead of hurrying."""

Request = GenericNack | PictureLoss | FullIntraRequest


class Publisher:
    """One published track."""

    def __init__(
        self,
        source: Source,
        concealment: Concealment = NOTHING_HIDDEN,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`clock` tells seconds since 1970. Raises ClientError for what cannot be hidden."""
        source.conceal(concealment)
        self.source = source
        self.concealment = concealment
        self.kind = "audio" if source.codec == "opus" else "video"
        self.publication: str | None = None
        """The id that the server gave it, once it is known."""
        self.ended = asyncio.Event()
        """The source has no more, or failed."""
        self.problem: ClientError | None = None
        """Why it is not sent: the server refused it, or the source failed."""
        self.note: str | None = None
        """What the server limits, and why."""
        self.key_frames_asked = 0
        self._clock = clock
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
            self._task = tasks.start(self._run(), "publisher")

    def detach(self) -> None:
        """The connection is gone: the source goes on, unseen."""
        if self._stream is not None:
            counts = self._stream.packets, self._stream.octets, self._stream.resent
            self._before = [one + other for one, other in zip(self._before, counts, strict=True)]
            self._stream = None

    async def _run(self) -> None:
        try:
            await self._send_all()
        except ClientError as error:
            self.problem = error
        finally:
            self.ended.set()

    async def _send_all(self) -> None:
        loop = asyncio.get_running_loop()
        self._began_at = began_at = loop.time()
        while (due := self.source.due()) is not None:
            late = loop.time() - began_at - due
            if late > BEHIND_SECONDS:
                began_at += late
            await asyncio.sleep(max(0.0, -late))
            now = self._clock()
            due_at = now - (loop.time() - began_at - due)
            packets = await asyncio.to_thread(self.source.produce, now=now)
            self._frames += sum(packet.marker or self.kind == "audio" for packet in packets)
            if self._stream is not None:
                self._stream.send(packets, now=self._clock(), due_at=due_at)

    def receive(self, request: Request) -> None:
        """The server misses packets, or wants a key frame."""
        if not isinstance(request, GenericNack):
            self.key_frames_asked += 1
            self.source.ask_key_frame()
        elif self._stream is not None:
            self._stream.resend(request.lost, now=self._clock())

    def receive_report(self, block: ReportBlock, *, now: float) -> None:
        """How the stream arrives."""
        if self._stream is not None:
            self._loss = max(0.0, block.lost / max(1, self._stream.packets))
        if block.last_report:
            middle = round((now + NTP_EPOCH) * 65536)
            ticks = (middle - block.last_report - block.delay + 0x80000000) % 0x100000000
            self._round_trip = max(0.0, (ticks - 0x80000000) / 65536)

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
            "source": self.source.name,
            "codec": self.source.codec,
            "frames_sent": self._frames,
            "packets": packets,
            "resent": resent,
            "loss": round(self._loss, 5),
            "kbps": round(octets * 8 / seconds / 1000, 1) if seconds else 0.0,
            "key_frames_asked": self.key_frames_asked,
            "round_trip_ms": self._round_trip and round(1000 * self._round_trip, 1),
            "note": self.note,
        }

    async def close(self) -> None:
        """Stop the source."""
        self.detach()
        await tasks.stop(self._task)
