"""Sealed recordings: a file of records, in which frames lie as the server forwarded them.

docs/recording.md has the format. Nothing in it opens anything: what was sealed stays so.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from struct import Struct, error
from typing import BinaryIO, Final

from sfu.errors import MalformedPacket

MAGIC: Final = b"milkglass recording\x01"
KEY_BYTES: Final = 32
"""Of an X25519 public key."""

MAX_RECORD_BYTES: Final = 8 << 20

MODES: Final = ("hop", "e2ee-passphrase", "e2ee-mls")
SOURCES: Final = ("microphone", "camera", "screen", "screen_audio")
CODECS: Final = ("opus", "VP8", "VP9", "AV1")
"""By their numbers in a file; H.264 cannot be sealed."""

MAX_FRAMES: Final = 16
"""Of one picture: one for each spatial layer."""

_RECORD: Final = Struct("!BI")
_BEGUN: Final = Struct("!BQ32s")
_TRACK: Final = Struct("!HBB")
_PICTURE: Final = Struct("!HIQBB")
_LENGTH: Final = Struct("!I")
_FOLLOWS: Final = 0x01


@dataclass(frozen=True, slots=True)
class Begun:
    """The first record: what is recorded, and for whose key."""

    recording: str
    room: str
    mode: str
    started: int
    """Milliseconds since 1970."""
    public_key: bytes


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody is there, or has another hello."""

    participant: str
    name: str
    hello: str


@dataclass(frozen=True, slots=True)
class Track:
    """A publication, with one codec; pictures name it by its number."""

    number: int
    participant: str
    publication: str
    source: str
    codec: str


@dataclass(frozen=True, slots=True)
class SealedPicture:
    """The sealed frames of one picture, lowest layer first, or one piece of sound."""

    track: int
    at: int
    """When it came: milliseconds since the recording began."""
    timestamp: int
    """In units of the codec's clock, not cut to 32 bits."""
    follows: bool
    """Nothing is missing between the picture before and this one."""
    frames: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class SealedKeys:
    """What a participant who consents sealed for the recording's key."""

    participant: str
    sealed: bytes


@dataclass(frozen=True, slots=True)
class Ended:
    """The last record; a file without it was broken off."""

    reason: str


Record = Begun | Person | Track | SealedPicture | SealedKeys | Ended


def write(record: Record) -> bytes:
    """Return a record as bytes, which follow those of the one before; `MAGIC` begins a file."""
    kind, body = _body(record)
    assert len(body) <= MAX_RECORD_BYTES
    return _RECORD.pack(kind, len(body)) + body


def _body(record: Record) -> tuple[int, bytes]:
    if isinstance(record, SealedPicture):
        flags = _FOLLOWS if record.follows else 0
        head = _PICTURE.pack(record.track, record.at, record.timestamp, flags, len(record.frames))
        return 4, head + _lengths(record.frames)
    if isinstance(record, Begun):
        head = _BEGUN.pack(MODES.index(record.mode), record.started, record.public_key)
        return 1, head + _texts(record.recording, record.room)
    if isinstance(record, Person):
        return 2, _texts(record.participant, record.name, record.hello)
    if isinstance(record, Track):
        source, codec = SOURCES.index(record.source), CODECS.index(record.codec)
        head = _TRACK.pack(record.number, source, codec)
        return 3, head + _texts(record.participant, record.publication)
    if isinstance(record, SealedKeys):
        return 5, _lengths((record.participant.encode(), record.sealed))
    return 6, _texts(record.reason)


def _lengths(parts: Iterable[bytes]) -> bytes:
    return b"".join(_LENGTH.pack(len(part)) + part for part in parts)


def _texts(*texts: str) -> bytes:
    return _lengths(text.encode() for text in texts)


def read(file: BinaryIO) -> Iterator[Record]:
    """Yield the records of a file, `Begun` first; raises MalformedPacket where it is none.

    Also where it was broken off: what came before has been yielded then.
    """
    if file.read(len(MAGIC)) != MAGIC:
        raise MalformedPacket("this is no sealed recording")
    first = True
    while head := file.read(_RECORD.size):
        if len(head) < _RECORD.size:
            raise MalformedPacket("the recording ends inside a record")
        kind, length = _RECORD.unpack(head)
        if length > MAX_RECORD_BYTES:
            raise MalformedPacket("a record is too long")
        body = file.read(length)
        if len(body) < length:
            raise MalformedPacket("the recording ends inside a record")
        record = _parse(kind, body)
        if isinstance(record, Begun) != first:
            raise MalformedPacket("the recording does not begin with its beginning")
        first = False
        yield record
    if first:
        raise MalformedPacket("the recording does not begin with its beginning")


def _parse(kind: int, body: bytes) -> Record:
    try:
        return _READERS[kind](body)
    except (error, IndexError, KeyError, UnicodeDecodeError) as problem:
        raise MalformedPacket("a record makes no sense") from problem


def _parts(body: bytes, position: int, count: int) -> list[bytes]:
    """Return exactly so many parts with their lengths in front."""
    parts = []
    for _ in range(count):
        (length,) = _LENGTH.unpack_from(body, position)
        start = position + _LENGTH.size
        position = start + length
        if position > len(body):
            raise MalformedPacket("a part of a record is cut off")
        parts.append(body[start:position])
    if position != len(body):
        raise MalformedPacket("a record is longer than its parts")
    return parts


def _strings(body: bytes, position: int, count: int) -> list[str]:
    return [part.decode() for part in _parts(body, position, count)]


def _begun(body: bytes) -> Begun:
    mode, started, key = _BEGUN.unpack_from(body)
    recording, room = _strings(body, _BEGUN.size, 2)
    return Begun(recording, room, MODES[mode], started, key)


def _person(body: bytes) -> Person:
    return Person(*_strings(body, 0, 3))


def _track(body: bytes) -> Track:
    number, source, codec = _TRACK.unpack_from(body)
    participant, publication = _strings(body, _TRACK.size, 2)
    return Track(number, participant, publication, SOURCES[source], CODECS[codec])


def _picture(body: bytes) -> SealedPicture:
    track, at, timestamp, flags, count = _PICTURE.unpack_from(body)
    if count > MAX_FRAMES:
        raise MalformedPacket("a picture has too many frames")
    frames = tuple(_parts(body, _PICTURE.size, count))
    return SealedPicture(track, at, timestamp, flags & _FOLLOWS != 0, frames)


def _keys(body: bytes) -> SealedKeys:
    participant, sealed = _parts(body, 0, 2)
    return SealedKeys(participant.decode(), sealed)


def _ended(body: bytes) -> Ended:
    return Ended(*_strings(body, 0, 1))


_READERS: Final[dict[int, Callable[[bytes], Record]]] = {
    1: _begun,
    2: _person,
    3: _track,
    4: _picture,
    5: _keys,
    6: _ended,
}
