"""Samples for the witness and its findings, as the bytes between the two processes."""

from typing import Annotated, Final, Generic, Literal, TypeVar

import msgspec

from sfu.errors import MalformedPacket
from sfu.visibility.sheet import Seen

MAX_PACKETS: Final = 600
MAX_BYTES: Final = 600_000
"""Of one sample: a key picture of 1080 lines and some pictures after it."""

LENGTH_BYTES: Final = 4

MAX_PICTURE: Final = 8192
"""Bytes of a thumbnail."""

MAX_COLUMNS: Final = 50
BANDS: Final = 20
LOUDEST: Final = 15
"""The highest level of a band; each is 5 dB more than the one below."""

SILENCE: Final = -100
"""The least loudness, in dB below the loudest that there is."""


Codec = Literal["opus", "VP8", "VP9", "H264", "AV1"]


class Excerpt(msgspec.Struct, frozen=True, array_like=True):
    """Packets of one stream in a row, of video from the beginning of a key frame on.

    As the forwarder keeps them: RTP headers and all, None for those that did not come.
    """

    number: int
    codec: Codec
    first: int  # 64-bit sequence number of the first
    packets: tuple[bytes | None, ...]


class Piece(msgspec.Struct, frozen=True, array_like=True):
    """One packet of a sample without its header."""

    sequence: int
    timestamp: int
    payload: bytes


class Sample(msgspec.Struct, frozen=True, array_like=True):
    """What the witness judges: the packets of an excerpt that are of one stream and codec."""

    number: int
    codec: Codec
    pieces: tuple[Piece, ...]


Decibels = Annotated[int, msgspec.Meta(ge=SILENCE, le=0)]
Level = Annotated[int, msgspec.Meta(ge=0, le=LOUDEST)]
Column = Annotated[tuple[Level, ...], msgspec.Meta(min_length=BANDS, max_length=BANDS)]


class Glimpse(msgspec.Struct, frozen=True, array_like=True):
    """What was got out of a readable sample: of video a picture, of sound how it sounds.

    It comes from a process that decodes what strangers send, so it is passed on, never decoded.
    """

    picture: Annotated[bytes, msgspec.Meta(max_length=MAX_PICTURE)] | None = None
    """Said to be a JPEG."""
    loudness: Annotated[tuple[Decibels, ...], msgspec.Meta(max_length=MAX_COLUMNS)] | None = None
    """Of each packet."""
    spectrogram: Annotated[tuple[Column, ...], msgspec.Meta(max_length=MAX_COLUMNS)] | None = None
    """Of each packet, from the lowest band to the highest."""


class Finding(msgspec.Struct, frozen=True, array_like=True):
    """What the witness makes of a sample."""

    number: int
    seen: Seen
    figures: Annotated[str, msgspec.Meta(max_length=400)]
    glimpse: Glimpse | None = None
    """Of a readable sample alone."""


Message = TypeVar("Message", Excerpt, Finding)

MOST_BYTES: Final[dict[type[msgspec.Struct], int]] = {Excerpt: 1 << 20, Finding: 1 << 14}
"""Of one message; a longer one is a mistake, or an attack."""


def write(message: Excerpt | Finding) -> bytes:
    """Return the message with its length in front."""
    body = msgspec.msgpack.encode(message)
    return len(body).to_bytes(LENGTH_BYTES, "big") + body


class Incoming(Generic[Message]):
    """Puts messages of one kind together from the pieces in which they come."""

    def __init__(self, kind: type[Message]) -> None:
        self._decoder: msgspec.msgpack.Decoder[Message] = msgspec.msgpack.Decoder(kind)
        self._most = LENGTH_BYTES + MOST_BYTES[kind]
        self._data = bytearray()

    def feed(self, data: bytes) -> list[Message]:
        """Return what is complete by now; raises MalformedPacket."""
        self._data += data
        found: list[Message] = []
        while len(self._data) >= LENGTH_BYTES:
            end = LENGTH_BYTES + int.from_bytes(self._data[:LENGTH_BYTES], "big")
            if end > self._most:
                raise MalformedPacket("a message of a length that is never sent")
            if len(self._data) < end:
                break
            found.append(self._decode(bytes(self._data[LENGTH_BYTES:end])))
            del self._data[:end]
        return found

    def _decode(self, body: bytes) -> Message:
        try:
            return self._decoder.decode(body)
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            raise MalformedPacket("a message that was never written") from error
