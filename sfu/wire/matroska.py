"""Matroska and WebM files (RFC 9559), written while the frames come, and playable at any time.

What is written stays as it is, so a file that was broken off plays up to there; at the end its
length, duration and index are filled in.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from struct import pack
from typing import Final

from sfu.errors import MalformedPacket

CODEC_IDS: Final = {
    "opus": "A_OPUS",
    "VP8": "V_VP8",
    "VP9": "V_VP9",
    "AV1": "V_AV1",
    "H264": "V_MPEG4/ISO/AVC",
}
"""By encoding name of SDP; WebM has all of them but the last."""

CLUSTER_MILLISECONDS: Final = 5_000
"""A cluster is kept back until it is full: so much of the end is lost when nobody closes a file."""

CLUSTER_BYTES: Final = 1 << 20

_KEY_CLUSTER_MILLISECONDS: Final = 1_000
"""After so long a key frame begins another cluster, so that players find it by the index."""

_BACKWARDS: Final = 1_000
"""Milliseconds by which a frame of another track may be older than its cluster."""

_EBML, _SEGMENT, _INFO, _TRACKS = 0x1A45DFA3, 0x18538067, 0x1549A966, 0x1654AE6B
_CLUSTER, _CUES, _SEEK_HEAD, _VOID = 0x1F43B675, 0x1C53BB6B, 0x114D9B74, 0xEC
_UNKNOWN_SIZE: Final = b"\x01" + b"\xff" * 7
_WRITER: Final = b"Milkglass"
_OPUS_HEAD: Final = b"OpusHead" + pack("<BBHIhB", 1, 2, 0, 48_000, 0, 0)  # RFC 7845 section 5.1
_SEEK_PRE_ROLL: Final = 80_000_000
"""Nanoseconds of sound that a decoder needs before it is right (RFC 7845 section 4.6)."""


@dataclass(frozen=True, slots=True)
class Track:
    """One stream of a file."""

    codec: str
    """Its encoding name in SDP."""
    name: str
    width: int = 0
    height: int = 0
    private: bytes = b""
    """What its decoder needs besides frames: the body of CodecPrivate."""

    @property
    def is_video(self) -> bool:
        """Whether it has pictures."""
        return self.codec != "opus"


class Muxer:
    """Returns bytes to append to a file; it keeps one cluster and an index."""

    def __init__(self, tracks: Sequence[Track]) -> None:
        self._tracks = tracks
        self._written = 0
        self._segment = 0  # where the segment's content begins
        self._seek_head = 0  # where room for it was left
        self._duration = 0
        self._blocks: list[bytes] = []
        self._block_bytes = 0
        self._cluster_at = 0  # milliseconds
        self._cluster_is_key = False
        self._last = 0
        self._cues: list[bytes] = []
        self._last_cue = 0  # where the cluster of the last one is

    def head(self) -> bytes:
        """Return the beginning of the file."""
        webm = all(track.codec != "H264" for track in self._tracks)
        head = _ebml(b"webm" if webm else b"matroska") + _id(_SEGMENT) + _UNKNOWN_SIZE
        self._segment = len(head)
        self._seek_head = len(head)
        head += _element(_VOID, bytes(len(_seek_to(0)) - 2))
        info = _uint(0x2AD7B1, 1_000_000) + _element(0x4D80, _WRITER) + _element(0x5741, _WRITER)
        info += _element(0x4489, pack("!d", 0.0))
        head += _element(_INFO, info)
        self._duration = len(head) - 8
        entries = (_entry(place + 1, track) for place, track in enumerate(self._tracks))
        head += _element(_TRACKS, b"".join(entries))
        self._written = len(head)
        return head

    def add(self, track: int, milliseconds: int, frame: bytes, *, key_frame: bool) -> bytes:
        """Take a frame of the track of this index; return what is to be appended, often nothing.

        `milliseconds` count from the beginning, and rise within a track.
        """
        opens = key_frame and self._tracks[track].is_video
        ready = b""
        if self._blocks and self._is_full(milliseconds, opens=opens):
            ready = self._flush()
        if not self._blocks:
            self._cluster_at = milliseconds
            self._cluster_is_key = opens or not any(one.is_video for one in self._tracks)
        flags = b"\x80" if key_frame else b"\x00"
        relative = milliseconds - self._cluster_at
        block = _element(0xA3, _size(track + 1) + pack("!h", relative) + flags + frame)
        self._blocks.append(block)
        self._block_bytes += len(block)
        self._last = max(self._last, milliseconds)
        return ready

    def _is_full(self, milliseconds: int, *, opens: bool) -> bool:
        age = milliseconds - self._cluster_at
        if opens and age >= _KEY_CLUSTER_MILLISECONDS:
            return True
        return not -_BACKWARDS <= age < CLUSTER_MILLISECONDS or self._block_bytes > CLUSTER_BYTES

    def _flush(self) -> bytes:
        if self._cluster_is_key:
            position = self._written - self._segment
            place = _uint(0xF7, 1) + _uint(0xF1, position)
            self._last_cue = self._written
            self._cues.append(_element(0xBB, _uint(0xB3, self._cluster_at) + _element(0xB7, place)))
        cluster = _element(_CLUSTER, _uint(0xE7, self._cluster_at) + b"".join(self._blocks))
        self._blocks, self._block_bytes = [], 0
        self._written += len(cluster)
        return cluster

    def lose(self, size: int) -> None:
        """Take back what was returned last, so many bytes: it could not be written."""
        self._written -= size
        if self._cues and self._last_cue == self._written:
            self._cues.pop()

    def end(self) -> tuple[bytes, list[tuple[int, bytes]]]:
        """Return what is still to be appended, and what to write where in the file then."""
        rest = self._flush() if self._blocks else b""
        patches = [(self._duration, pack("!d", float(self._last)))]
        if self._cues:
            patches.append((self._seek_head, _seek_to(self._written - self._segment)))
            cues = _element(_CUES, b"".join(self._cues))
            self._written += len(cues)
            rest += cues
        size = self._written - self._segment
        patches.append((self._segment - 8, b"\x01" + size.to_bytes(7, "big")))
        return rest, patches


def superframe(frames: Sequence[bytes]) -> bytes:
    """Join the VP9 frames of one picture, with the index that players want (VP9, annex B)."""
    if len(frames) == 1:
        return frames[0]
    width = (max(map(len, frames), default=0).bit_length() + 7) // 8
    if not 0 < len(frames) <= 8 or not 0 < width <= 4:  # noqa: PLR2004 - three bits and two
        raise MalformedPacket("a VP9 picture has one to eight frames")
    marker = bytes((0xC0 | width - 1 << 3 | len(frames) - 1,))
    sizes = b"".join(len(frame).to_bytes(width, "little") for frame in frames)
    return b"".join(frames) + marker + sizes + marker


def _ebml(kind: bytes) -> bytes:
    fields = ((0x4286, 1), (0x42F7, 1), (0x42F2, 4), (0x42F3, 8))
    body = b"".join(_uint(ident, value) for ident, value in fields)
    body += _element(0x4282, kind) + _uint(0x4287, 4) + _uint(0x4285, 2)
    return _element(_EBML, body)


def _entry(number: int, track: Track) -> bytes:
    body = _uint(0xD7, number) + _uint(0x73C5, number) + _uint(0x83, 1 if track.is_video else 2)
    body += _uint(0x9C, 0) + _element(0x22B59C, b"und") + _element(0x536E, track.name.encode())
    body += _element(0x86, CODEC_IDS[track.codec].encode())
    private = track.private if track.is_video else _OPUS_HEAD
    if private:
        body += _element(0x63A2, private)
    if track.is_video:
        body += _element(0xE0, _uint(0xB0, track.width) + _uint(0xBA, track.height))
    else:
        body += _uint(0x56AA, 0) + _uint(0x56BB, _SEEK_PRE_ROLL)
        body += _element(0xE1, _element(0xB5, pack("!d", 48_000.0)) + _uint(0x9F, 2))
    return _element(0xAE, body)


def _seek_to(cues: int) -> bytes:
    seek = _element(0x53AB, _id(_CUES)) + _element(0x53AC, pack("!Q", cues))
    return _element(_SEEK_HEAD, _element(0x4DBB, seek))


def _element(ident: int, body: bytes) -> bytes:
    return _id(ident) + _size(len(body)) + body


def _uint(ident: int, value: int) -> bytes:
    return _element(ident, value.to_bytes((value.bit_length() + 7) // 8 or 1, "big"))


def _id(ident: int) -> bytes:
    return ident.to_bytes((ident.bit_length() + 7) // 8, "big")


def _size(value: int) -> bytes:
    """Write a length in as few bytes as it needs (RFC 8794 section 4)."""
    width = 1
    while value >= (1 << 7 * width) - 1:  # all ones mean "unknown"
        width += 1
    return (1 << 7 * width | value).to_bytes(width, "big")
