"""Samples for the witness and its findings, as the bytes between the two processes."""

from typing import Annotated, Final, Generic, Literal, TypeVar

import msgspec

from sfu.errors import MalformedPacket
from sfu.visibility.sheet import Seen

MAX_MESSAGE: Final = 1 << 20
"""Bytes of one message; a longer one is a mistake, or an attack."""

MAX_PACKETS: Final = 600
MAX_BYTES: Final = 600_000
"""Of one sample: a key picture of 1080 lines and some pictures after it."""

LENGTH_BYTES: Final = 4


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


class Finding(msgspec.Struct, frozen=True, array_like=True):
    """What the witness makes of a sample."""

    number: int
    seen: Seen
    figures: Annotated[str, msgspec.Meta(max_length=400)]


Message = TypeVar("Message", Excerpt, Finding)


def write(message: Excerpt | Finding) -> bytes:
    """Return the message with its length in front."""
    body = msgspec.msgpack.encode(message)
    return len(body).to_bytes(LENGTH_BYTES, "big") + body


class Incoming(Generic[Message]):
    """Puts messages of one kind together from the pieces in which they come."""

    def __init__(self, kind: type[Message]) -> None:
        self._decoder: msgspec.msgpack.Decoder[Message] = msgspec.msgpack.Decoder(kind)
        self._data = bytearray()

    def feed(self, data: bytes) -> list[Message]:
        """Return what is complete by now; raises MalformedPacket."""
        self._data += data
        found: list[Message] = []
        while len(self._data) >= LENGTH_BYTES:
            end = LENGTH_BYTES + int.from_bytes(self._data[:LENGTH_BYTES], "big")
            if end > LENGTH_BYTES + MAX_MESSAGE:
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
