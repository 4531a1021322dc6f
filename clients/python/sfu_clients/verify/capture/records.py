"""What all capture files are made of, and how they are read without trusting a length in them."""

from struct import Struct
from typing import BinaryIO, Final, NamedTuple

from sfu_clients.errors import ClientError

MAX_RECORD_BYTES: Final = 1 << 18
"""Of a packet: what tcpdump and Wireshark allow."""


class MalformedCapture(ClientError):  # noqa: N818 - named for what was read
    """A file that is not what its first bytes promised, or that ends too early."""


class Record(NamedTuple):
    """One packet of a capture."""

    time: float
    """Seconds since 1970."""
    link: int
    """What kind of frame it is: a LINKTYPE number."""
    data: bytes
    cut: bool
    """The packet was longer on the network than in the file."""


class Unpacker:
    """Reads exactly what is asked of a file, or raises MalformedCapture."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def read(self, length: int) -> bytes:
        """The next so many bytes."""
        data = self._file.read(length)
        if len(data) < length:
            raise MalformedCapture("The capture is cut off inside a packet.")
        return data

    def read_or_end(self, length: int) -> bytes | None:
        """The same; None where the file properly ends."""
        data = self._file.read(length)
        if not data:
            return None
        return data + self.read(length - len(data))

    def numbers(self, layout: Struct) -> tuple[int, ...]:
        """The next numbers, laid out like this."""
        return layout.unpack(self.read(layout.size))
