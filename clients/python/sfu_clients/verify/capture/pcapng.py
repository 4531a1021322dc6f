"""The capture format of Wireshark (pcapng): sections of blocks, each with its length."""

from collections.abc import Iterator
from dataclasses import dataclass
from struct import Struct, error
from typing import Final, Literal

from sfu_clients.verify.capture.records import (
    MAX_RECORD_BYTES,
    MalformedCapture,
    Record,
    Unpacker,
)

SECTION: Final = b"\x0a\x0d\x0d\x0a"
"""How a file begins: the same in both byte orders."""

MAX_BLOCK_BYTES: Final = 1 << 24
MAX_INTERFACES: Final = 1024

_BYTE_ORDER: Final = 0x1A2B3C4D
_NAMES: Final[dict[str, Literal["little", "big"]]] = {"<": "little", ">": "big"}
_RESOLUTION, _OFFSET = 9, 14
_USUAL_UNIT: Final = 1e-6
_FRAME_BYTES: Final = 12
"""A block's type, and its length at both ends."""


@dataclass(frozen=True, slots=True)
class _Interface:
    link: int
    unit: float
    offset: int


def read_pcapng(file: Unpacker) -> Iterator[Record]:
    """The packets of a file whose first four bytes were read; raises MalformedCapture."""
    kind: bytes | None = SECTION
    order, interfaces = "<", list[_Interface]()
    while kind is not None:
        if kind == SECTION:
            order, interfaces = _section(file), []
        else:
            body = _body(file, order)
            try:
                record = _read_block(int.from_bytes(kind, _NAMES[order]), body, order, interfaces)
            except (error, IndexError) as cause:
                raise MalformedCapture("The capture is damaged inside a block.") from cause
            if record is not None:
                yield record
        kind = file.read_or_end(4)


def _section(file: Unpacker) -> str:
    """Skip a section's header; return the byte order of what follows."""
    head = file.read(8)
    for order in _NAMES:
        length, magic = Struct(f"{order}II").unpack(head)
        if magic == _BYTE_ORDER:
            _check_length(length, least=28)
            file.read(length - _FRAME_BYTES)
            return order
    raise MalformedCapture("The capture is damaged: a section of it has no byte order.")


def _body(file: Unpacker, order: str) -> bytes:
    (length,) = file.numbers(Struct(f"{order}I"))
    _check_length(length, least=_FRAME_BYTES)
    body = file.read(length - _FRAME_BYTES)
    if file.numbers(Struct(f"{order}I")) != (length,):
        raise MalformedCapture("The capture is damaged: the two lengths of a block differ.")
    return body


def _check_length(length: int, *, least: int) -> None:
    if not least <= length <= MAX_BLOCK_BYTES or length % 4:
        raise MalformedCapture("The capture is damaged: a block of it has no possible length.")


def _read_block(kind: int, body: bytes, order: str, interfaces: list[_Interface]) -> Record | None:
    """Take one block; only packets have something to return."""
    match kind:
        case 1:  # an interface description
            if len(interfaces) == MAX_INTERFACES:
                raise MalformedCapture("The capture is of more interfaces than machines have.")
            interfaces.append(_read_interface(body, order))
        case 2:  # a packet of old files
            number, _, high, low, length, original = Struct(f"{order}HHIIII").unpack_from(body)
            return _packet(interfaces[number], high << 32 | low, body[20:], length, original)
        case 3:  # a simple packet
            raise MalformedCapture("The capture has packets without times.")
        case 6:  # an enhanced packet
            number, high, low, length, original = Struct(f"{order}IIIII").unpack_from(body)
            return _packet(interfaces[number], high << 32 | low, body[20:], length, original)
        case _:
            pass  # names, statistics, comments
    return None


def _packet(interface: _Interface, ticks: int, rest: bytes, length: int, original: int) -> Record:
    if length > min(len(rest), MAX_RECORD_BYTES):
        raise MalformedCapture("The capture is damaged: a packet is longer than its block.")
    moment = interface.offset + ticks * interface.unit
    return Record(moment, interface.link, rest[:length], original > length)


def _read_interface(body: bytes, order: str) -> _Interface:
    """An interface description block: the kind of its frames, and the unit of its times."""
    link, _, _ = Struct(f"{order}HHI").unpack_from(body)
    unit, offset, position = _USUAL_UNIT, 0, 8
    while position + 4 <= len(body):
        code, length = Struct(f"{order}HH").unpack_from(body, position)
        value = body[position + 4 : position + 4 + length]
        position += 4 + (length + 3 & ~3)
        if code == _RESOLUTION and length == 1:
            power = value[0] & 0x7F
            unit = 2.0**-power if value[0] & 0x80 else 10.0**-power
        elif code == _OFFSET and length == 8:  # noqa: PLR2004 - 64 bits
            (offset,) = Struct(f"{order}q").unpack(value)
    return _Interface(link, unit, offset)
