"""ICE over TCP in a capture: datagrams behind their lengths, cut into segments (RFC 4571)."""

from typing import Final

from sfu.errors import MalformedPacket
from sfu_clients.verify.capture.network import Datagram, Flow

MAX_FLOWS: Final = 256
"""That are followed at a time; the one that was silent for longest gives way."""

MAX_EARLY: Final = 64
"""Segments of a flow that wait for one that is missing; then it counts as not captured."""

MAX_FRAME_BYTES: Final = 2048
_MODULUS: Final = 1 << 32
_HALF: Final = 1 << 31


class Framing:
    """Puts segments in order and takes frames out; other TCP is soon left alone."""

    def __init__(self) -> None:
        self._flows: dict[Flow, _Stream] = {}

    def take(self, segment: Datagram) -> list[Datagram]:
        """The datagrams that a segment completes."""
        if not segment.data:
            return []
        stream = self._flows.pop(segment.flow, None) or _Stream(segment.sequence)
        self._flows[segment.flow] = stream
        if len(self._flows) > MAX_FLOWS:
            del self._flows[next(iter(self._flows))]
        frames = stream.take(segment.sequence, segment.data)
        return [Datagram(segment.time, segment.flow, frame) for frame in frames]


class _Stream:
    """One direction of a connection; a segment that begins no frame begins another attempt."""

    def __init__(self, sequence: int) -> None:
        self._next = sequence
        self._early: dict[int, bytes] = {}
        self._rest = b""

    def take(self, sequence: int, data: bytes) -> list[bytes]:
        ahead = (sequence - self._next) % _MODULUS
        if ahead >= _HALF:  # sent again, wholly or in part
            data = data[_MODULUS - ahead :]
            ahead = 0
        if not data:
            return []
        if ahead:
            self._early[sequence] = data
            return self._skip() if len(self._early) > MAX_EARLY else []
        frames = self._add(data)
        while (later := self._early.pop(self._next, None)) is not None:
            frames += self._add(later)
        return frames

    def _skip(self) -> list[bytes]:
        """Give up a segment that the capture does not have."""
        self._rest = b""
        sequence = min(self._early, key=lambda one: (one - self._next) % _MODULUS)
        self._next = sequence
        return self.take(sequence, self._early.pop(sequence))

    def _add(self, data: bytes) -> list[bytes]:
        self._next = (self._next + len(data)) % _MODULUS
        frames: list[bytes] = []
        rest, position = self._rest + data, 0
        try:
            while position + 2 <= len(rest):
                end = position + 2 + _length(rest, position)
                if end > len(rest):
                    break
                frames.append(rest[position + 2 : end])
                position = end
        except MalformedPacket:
            position = len(rest)
        self._rest = rest[position:]
        return frames


def _length(data: bytes, position: int) -> int:
    """A frame's length; raises MalformedPacket for what begins no frame of STUN, DTLS or RTP."""
    length = data[position] << 8 | data[position + 1]
    known = position + 2 == len(data) or data[position + 2] < 4 or 20 <= data[position + 2] < 192  # noqa: PLR2004 - RFC 7983
    if not 0 < length <= MAX_FRAME_BYTES or not known:
        raise MalformedPacket("no frame of RFC 4571")
    return length
