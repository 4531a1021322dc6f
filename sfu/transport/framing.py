"""Datagrams on a TCP stream, each behind its length (RFC 4571)."""

import sys
from typing import Final

from sfu.errors import MalformedPacket

MAX_FRAME_BYTES: Final = 2048
"""Longest datagram that we take; whoever sends a longer one does not speak our protocol."""

_LENGTH_BYTES: Final = 2


class FrameReader:
    """Takes a stream in pieces; keeps what is not taken, and at most one unfinished frame."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes, *, most: int = sys.maxsize) -> list[bytes]:
        """The frames that are complete, `most` at a time; the others come with the next call.

        Raises MalformedPacket for one that is too long.
        """
        buffer = self._buffer
        buffer += data
        frames: list[bytes] = []
        offset = 0
        while len(frames) < most and offset + _LENGTH_BYTES <= len(buffer):
            begin = offset + _LENGTH_BYTES
            end = begin + int.from_bytes(buffer[offset:begin], "big")
            if end - begin > MAX_FRAME_BYTES:
                raise MalformedPacket("a frame longer than any datagram of ours")
            if end > len(buffer):
                break
            frames.append(bytes(buffer[begin:end]))
            offset = end
        del buffer[:offset]
        return frames


def frame(datagram: bytes) -> bytes:
    """A datagram as it goes into the stream."""
    return len(datagram).to_bytes(_LENGTH_BYTES, "big") + datagram
