"""The capture format of tcpdump (pcap), in either byte order, with micro- or nanoseconds."""

from collections.abc import Iterator
from struct import Struct
from typing import Final, Literal

from sfu_clients.verify.capture.records import (
    MAX_RECORD_BYTES,
    MalformedCapture,
    Record,
    Unpacker,
)

_UNITS: Final = {0xA1B2C3D4: 1e-6, 0xA1B23C4D: 1e-9}
_ORDERS: Final[dict[str, Literal["little", "big"]]] = {"<": "little", ">": "big"}
_LINK_BITS: Final = 0x0FFFFFFF
"""Above them stands how long a checksum at the end of each frame is."""


def order_of(magic: bytes) -> str | None:
    """The byte order, as `struct` writes it, of a file that begins so; None if it is no pcap."""
    for sign, name in _ORDERS.items():
        if int.from_bytes(magic, name) in _UNITS:
            return sign
    return None


def read_pcap(magic: bytes, file: Unpacker) -> Iterator[Record]:
    """The packets of a file whose first four bytes were read; raises MalformedCapture."""
    order = order_of(magic)
    assert order is not None
    (number,) = Struct(f"{order}I").unpack(magic)
    unit, record = _UNITS[number], Struct(f"{order}IIII")
    major, _, _, _, _, network = file.numbers(Struct(f"{order}HHIIII"))
    if major != 2:  # noqa: PLR2004 - the only version of this century
        raise MalformedCapture(f"The capture is of version {major} of pcap, which is unknown.")
    while (head := file.read_or_end(record.size)) is not None:
        seconds, parts, length, original = record.unpack(head)
        if length > MAX_RECORD_BYTES:
            raise MalformedCapture("The capture is damaged: a packet of it has no possible length.")
        data = file.read(length)
        yield Record(seconds + parts * unit, network & _LINK_BITS, data, original > length)
