"""Which frames of a stream the clients' own keys authenticate."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sfu.errors import MalformedPacket
from sfu_clients.payload import frames
from sfu_clients.sealing.frames import (
    SPATIAL_LAYERS,
    RefusedError,
    Sender,
    Stream,
    StreamOpener,
    read_frame,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sfu_clients.verify.reading.readability import Reading

_STREAMS: Final = (Stream.MICROPHONE, Stream.CAMERA, Stream.SCREEN, Stream.SCREEN_AUDIO)


@dataclass(frozen=True, slots=True)
class Authentic:
    """How many of the frames that were looked at somebody's key authenticates."""

    frames: int
    authentic: int

    @property
    def share(self) -> float:
        """0 to 1."""
        return self.authentic / self.frames if self.frames else 0.0


class FrameKeys:
    """The keys of all senders, by what a frame says in clear."""

    def __init__(self, senders: Iterable[Sender]) -> None:
        self._owners: defaultdict[int, list[tuple[Sender, Stream]]] = defaultdict(list)
        for sender in senders:
            for stream in _STREAMS:
                for spatial in range(SPATIAL_LAYERS):
                    self._owners[sender.kid(stream, spatial)].append((sender, stream))

    def check(self, reading: Reading) -> Authentic:
        """Try all frames of a stream; nothing counts twice."""
        openers: dict[tuple[Sender, Stream], StreamOpener] = {}
        found = [
            self._is_authentic(reading.codec, frame, openers)
            for payloads in reading.payloads
            for frame in _split(reading.codec, payloads)
        ]
        return Authentic(len(found), sum(found))

    def _is_authentic(
        self,
        codec: str | None,
        frame: bytes,
        openers: dict[tuple[Sender, Stream], StreamOpener],
    ) -> bool:
        try:
            read = read_frame(codec or "", frame)
        except RefusedError:
            return False
        for owner in self._owners.get(read.kid, ()):
            if owner not in openers:
                openers[owner] = StreamOpener(*owner)
            try:
                openers[owner].open(read)
            except RefusedError:
                continue
            return True
        return False


def _split(codec: str | None, payloads: Sequence[bytes]) -> list[bytes]:
    """The sealed frames of a picture: one for each of its layers."""
    if codec is None:
        return []
    try:
        return frames(codec, payloads)
    except MalformedPacket:
        return [b""]
