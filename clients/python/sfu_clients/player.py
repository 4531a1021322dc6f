"""Decodes the pictures of one stream after each other, in a thread beside the loop."""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Final, Protocol

import av

from sfu.errors import MalformedPacket
from sfu.wire.pictures import Picture
from sfu_clients import tasks
from sfu_clients.media import clock
from sfu_clients.media.decoders import Decoder, Frame, Undecodable
from sfu_clients.payload import CLOCK_RATES, EncodedFrame, frames, unwrap
from sfu_clients.payload.layers import join_layers
from sfu_clients.sealing.epochopening import EarlyError
from sfu_clients.sealing.frames import FrameInfo
from sfu_clients.viewing import Viewing

MAX_QUEUED: Final = 60
"""Pictures that may wait for the decoder."""

EARLY_SECONDS: Final = 1.0
"""A stream may wait for keys for so long; what comes then without them is not opened."""

LOOK_SECONDS: Final = 0.02


class FrameOpener(Protocol):
    """Opens the sealed frames of one stream."""

    def open(self, codec: str, data: bytes) -> tuple[bytes, FrameInfo] | None:
        """The media, or None if it was refused; raises EarlyError if its keys may come yet."""
        ...

    def refusals(self) -> dict[str, int]:
        """What was refused so far, by reason."""
        ...


class Player:
    """Shows what it decodes to a `Viewing`, and to whoever asked for it."""

    def __init__(
        self,
        *,
        sent_at: Callable[[int], float | None],
        on_fault: Callable[[], None],
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`sent_at` knows when a timestamp was at the publisher; `on_fault` hears of damage.

        `clock` tells seconds since 1970.
        """
        self.on_frame: Callable[[Frame], None] | None = None
        self.on_encoded: Callable[[EncodedFrame], None] | None = None
        self.viewing = Viewing(asked_at=clock())
        self.undecoded = 0
        """Pictures that were whole, but damaged, or too many for this machine."""
        self._sent_at = sent_at
        self._on_fault = on_fault
        self._clock = clock
        self.opener: FrameOpener | None = None
        """What opens frames in a sealed room."""
        self.sealed = False
        """Whether only what was opened is decoded."""
        self._queue: asyncio.Queue[tuple[Decoder, Picture, bool]] = asyncio.Queue(MAX_QUEUED)
        self._task: asyncio.Task[None] | None = None
        self._early_since: float | None = None  # keys are missing
        self._origin: int | None = None  # of timestamps, for those who write files

    def start(self) -> None:
        """Decode from now on."""
        if self._task is None:
            self._task = tasks.start(self._run(), "decoder")

    def put(self, decoder: Decoder, picture: Picture, *, key_frame: bool) -> bool:
        """Decode this when its turn comes; False if this machine is too slow: begin again."""
        if self._queue.full():
            self.clear()
            return False
        self._queue.put_nowait((decoder, picture, key_frame))
        return True

    def begin(self) -> None:
        """Another stream takes over, with other timestamps."""
        self.clear()
        self._origin = None

    def clear(self) -> None:
        """What waits will not be shown."""
        while not self._queue.empty():
            self._queue.get_nowait()
            self.undecoded += 1

    async def _run(self) -> None:
        while True:
            decoder, picture, key_frame = await self._queue.get()
            if self.sealed and self.opener is None:  # waiting for keys
                self.undecoded += 1
                continue
            try:
                data = await self._media(decoder.codec, [p.payload for p in picture.packets])
                frame = await asyncio.to_thread(decoder.decode, data)
            except (MalformedPacket, Undecodable):
                self.undecoded += 1
                self._on_fault()
                continue
            if frame is not None:
                self._show(frame, picture, now=self._clock())
            if self.on_encoded is not None:
                timestamp = self._counted(picture.timestamp, CLOCK_RATES[decoder.codec])
                self.on_encoded(self._encoded(data, timestamp, key_frame=key_frame))

    async def _media(self, codec: str, payloads: Sequence[bytes]) -> bytes:
        """What is for the decoder; raises MalformedPacket, or Undecodable if it stays sealed."""
        if not self.sealed:
            return unwrap(codec, payloads)
        opened = [await self._open(codec, frame) for frame in frames(codec, payloads)]
        return join_layers(codec, opened)

    async def _open(self, codec: str, frame: bytes) -> bytes:
        while (opener := self.opener) is not None:
            try:
                opened = opener.open(codec, frame)
            except EarlyError:
                now = self._clock()
                self._early_since = self._early_since or now
                if now - self._early_since >= EARLY_SECONDS:
                    break
                await asyncio.sleep(LOOK_SECONDS)
                continue
            self._early_since = None
            if opened is None:
                break
            return opened[0]
        raise Undecodable("A frame was not opened.")

    def _show(self, frame: Frame, picture: Picture, *, now: float) -> None:
        self.viewing.show(now=now)
        drawn_at = None
        if isinstance(frame, av.VideoFrame):
            self.viewing.note_size(frame.width, frame.height)
            drawn_at = clock.read(frame, near=now)
        if drawn_at is not None:
            self.viewing.note_latency(now - drawn_at, from_picture=True)
        elif (sent_at := self._sent_at(picture.timestamp)) is not None:
            self.viewing.note_latency(now - sent_at, from_picture=False)
        if self.on_frame is not None:
            self.on_frame(frame)

    def _counted(self, timestamp: int, clock_rate: int) -> int:
        """From the first picture on, though another stream may have taken over since."""
        if self._origin is None:
            began_at = self.viewing.first_frame_at
            seconds = 0.0 if began_at is None else self._clock() - began_at
            self._origin = timestamp - round(seconds * clock_rate)
        return timestamp - self._origin

    def _encoded(self, data: bytes, timestamp: int, *, key_frame: bool) -> EncodedFrame:
        return EncodedFrame(
            data,
            timestamp,
            key_frame=key_frame,
            width=self.viewing.width,
            height=self.viewing.height,
        )

    async def close(self) -> None:
        """Stop decoding."""
        await tasks.stop(self._task)
