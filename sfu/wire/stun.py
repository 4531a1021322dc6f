"""STUN Binding messages: requests, responses, errors and indications (RFC 8489, RFC 8445).

Only what ICE needs is read: unknown attributes are skipped, or listed when they ask to be
understood. MESSAGE-INTEGRITY is computed over the received bytes, never over a rebuilt message.
"""

import hmac
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import IntEnum
from ipaddress import IPv4Address, IPv6Address
from struct import Struct, pack
from typing import Final
from zlib import crc32

from sfu.errors import MalformedPacket

MAGIC_COOKIE: Final = 0x2112A442
BINDING: Final = 0x0001
HEADER_BYTES: Final = 20
MAX_ATTRIBUTES: Final = 32
"""Most attributes that we read of one message; browsers send eight."""

_FINGERPRINT_MASK: Final = 0x5354554E
_INTEGRITY_BYTES: Final = 20  # HMAC-SHA1
_ERROR_CODE_BYTES: Final = 4  # and then a phrase
_COMPREHENSION_OPTIONAL: Final = 0x8000  # from here on
_IPV4, _IPV6 = 1, 2
_HEADER = Struct("!HHI12s")
_ATTRIBUTE = Struct("!HH")


class StunClass(IntEnum):
    """The two class bits of a message type, where they stand (RFC 8489 section 5)."""

    REQUEST = 0x0000
    INDICATION = 0x0010
    RESPONSE = 0x0100
    ERROR = 0x0110


class Attribute(IntEnum):
    """The attributes that we read or write (RFC 8489 section 14, RFC 8445 section 16.1)."""

    USERNAME = 0x0006
    MESSAGE_INTEGRITY = 0x0008
    ERROR_CODE = 0x0009
    UNKNOWN_ATTRIBUTES = 0x000A
    XOR_MAPPED_ADDRESS = 0x0020
    PRIORITY = 0x0024
    USE_CANDIDATE = 0x0025
    FINGERPRINT = 0x8028
    ICE_CONTROLLED = 0x8029
    ICE_CONTROLLING = 0x802A


class StunError(IntEnum):
    """The error codes that an ICE agent answers with, named as in their RFCs."""

    BAD_REQUEST = 400
    UNAUTHENTICATED = 401
    UNKNOWN_ATTRIBUTE = 420
    ROLE_CONFLICT = 487


_FIXED_LENGTHS: Final = {
    Attribute.MESSAGE_INTEGRITY: _INTEGRITY_BYTES,
    Attribute.PRIORITY: 4,
    Attribute.USE_CANDIDATE: 0,
    Attribute.FINGERPRINT: 4,
    Attribute.ICE_CONTROLLED: 8,
    Attribute.ICE_CONTROLLING: 8,
}
_KNOWN: Final = frozenset(int(attribute) for attribute in Attribute)
_ALSO_UNDERSTOOD: Final = frozenset({0x001C})  # MESSAGE-INTEGRITY-SHA256, sent beside the other


@dataclass(frozen=True, slots=True)
class StunMessage:
    """A message and where its integrity stands; `data` are the received bytes."""

    kind: StunClass
    method: int
    transaction: bytes  # 12 bytes
    data: bytes = field(repr=False)
    attributes: dict[int, bytes]  # the first of each before MESSAGE-INTEGRITY, and FINGERPRINT
    unknown: tuple[int, ...]  # the comprehension-required ones that we do not know
    integrity_offset: int  # of the MESSAGE-INTEGRITY attribute in `data`; 0 when there is none

    def has_integrity(self, password: str) -> bool:
        """Whether MESSAGE-INTEGRITY is there and right (RFC 8489 section 14.5)."""
        offset = self.integrity_offset
        if not offset:
            return False
        expected = _integrity(self.data[:offset], password)
        value = self.data[offset + 4 : offset + 4 + _INTEGRITY_BYTES]
        return hmac.compare_digest(expected, value)

    def username(self) -> tuple[str, str] | None:
        """The ufrags of receiver and sender (RFC 8445 section 7.2.2), or None."""
        value = self.attributes.get(Attribute.USERNAME)
        if value is None or not value.isascii():
            return None
        receiver, colon, sender = value.decode("ascii").partition(":")
        return (receiver, sender) if colon else None

    def priority(self) -> int:
        """The PRIORITY of a check, 0 when there is none."""
        return int.from_bytes(self.attributes.get(Attribute.PRIORITY, b""), "big")

    def mapped_address(self) -> tuple[str, int] | None:
        """The address and port in XOR-MAPPED-ADDRESS, or None."""
        value = self.attributes.get(Attribute.XOR_MAPPED_ADDRESS)
        return None if value is None else _read_address(value, self.transaction)

    def error_code(self) -> int | None:
        """The ERROR-CODE of an error response, or None."""
        value = self.attributes.get(Attribute.ERROR_CODE)
        return None if value is None else (value[2] & 7) * 100 + value[3]


def parse_stun(data: bytes) -> StunMessage:
    """Read one message; raises MalformedPacket, also for a wrong FINGERPRINT."""
    if len(data) < HEADER_BYTES:
        raise MalformedPacket("a STUN message has at least 20 bytes")
    kind, length, cookie, transaction = _HEADER.unpack_from(data)
    if kind & 0xC000 or cookie != MAGIC_COOKIE:
        raise MalformedPacket("not STUN: no magic cookie")
    if length % 4 or length + HEADER_BYTES != len(data):
        raise MalformedPacket("the STUN length is wrong")
    attributes, unknown, integrity_offset = _read_attributes(data)
    return StunMessage(
        kind=StunClass(kind & 0x0110),
        method=kind & 0x000F | (kind & 0x00E0) >> 1 | (kind & 0x3E00) >> 2,
        transaction=transaction,
        data=data,
        attributes=attributes,
        unknown=unknown,
        integrity_offset=integrity_offset,
    )


def build_stun(
    kind: StunClass,
    transaction: bytes,
    attributes: Iterable[tuple[int, bytes]] = (),
    *,
    password: str | None = None,
) -> bytes:
    """A Binding message with these attributes, MESSAGE-INTEGRITY if told, and FINGERPRINT."""
    body = b"".join(map(_write_attribute, attributes))
    message = _HEADER.pack(kind | BINDING, len(body), MAGIC_COOKIE, transaction) + body
    if password is not None:
        integrity = _integrity(message, password)
        message += _write_attribute((Attribute.MESSAGE_INTEGRITY, integrity))
    message = _with_length(message, 8)
    return message + _write_attribute((Attribute.FINGERPRINT, _fingerprint(message)))


def success_response(request: StunMessage, host: str, port: int, *, password: str) -> bytes:
    """The answer to a Binding request that came from `host` and `port` (RFC 8489 section 6.3.1)."""
    address = _write_address(host, port, request.transaction)
    attributes = ((Attribute.XOR_MAPPED_ADDRESS, address),)
    return build_stun(StunClass.RESPONSE, request.transaction, attributes, password=password)


def error_response(request: StunMessage, error: StunError, *, password: str | None = None) -> bytes:
    """The refusal of a request; signed only when the request was (RFC 8489 section 9.1.3)."""
    reason = error.name.replace("_", " ").capitalize().encode()
    attributes = [(Attribute.ERROR_CODE, pack("!HBB", 0, *divmod(error, 100)) + reason)]
    if error is StunError.UNKNOWN_ATTRIBUTE:
        listed = pack(f"!{len(request.unknown)}H", *request.unknown)
        attributes.append((Attribute.UNKNOWN_ATTRIBUTES, listed))
    return build_stun(StunClass.ERROR, request.transaction, attributes, password=password)


def _read_attributes(data: bytes) -> tuple[dict[int, bytes], tuple[int, ...], int]:
    attributes: dict[int, bytes] = {}
    unknown: list[int] = []
    integrity_offset = 0
    offset, end, count = HEADER_BYTES, len(data), 0
    while offset < end:
        kind, length = _ATTRIBUTE.unpack_from(data, offset)
        following = offset + 4 + (length + 3 & ~3)
        count += 1
        if following > end or count > MAX_ATTRIBUTES:
            raise MalformedPacket("STUN attributes beyond the message, or too many")
        value = data[offset + 4 : offset + 4 + length]
        if kind == Attribute.FINGERPRINT:
            _check_fingerprint(data, offset, value)
            attributes[kind] = value
        elif integrity_offset:
            pass  # what follows MESSAGE-INTEGRITY is not authenticated (RFC 8489 section 14.5)
        elif kind in _KNOWN:
            _check_value(kind, value)
            attributes.setdefault(kind, value)
            integrity_offset = offset if kind == Attribute.MESSAGE_INTEGRITY else 0
        elif kind < _COMPREHENSION_OPTIONAL and kind not in _ALSO_UNDERSTOOD:
            unknown.append(kind)
        offset = following
    return attributes, tuple(unknown), integrity_offset


def _check_value(kind: int, value: bytes) -> None:
    expected = _FIXED_LENGTHS.get(Attribute(kind))
    if expected is not None and len(value) != expected:
        raise MalformedPacket("a STUN attribute has the wrong length")
    if kind == Attribute.ERROR_CODE and len(value) < _ERROR_CODE_BYTES:
        raise MalformedPacket("a STUN error without a code")
    if kind == Attribute.XOR_MAPPED_ADDRESS and (len(value), value[1:2]) not in (
        (8, b"\x01"),
        (20, b"\x02"),
    ):
        raise MalformedPacket("a STUN address of no known family")


def _check_fingerprint(data: bytes, offset: int, value: bytes) -> None:
    if offset + 8 != len(data) or value != _fingerprint(data[:offset]):
        raise MalformedPacket("the STUN fingerprint is wrong")


def _fingerprint(message: bytes) -> bytes:
    return (crc32(message) ^ _FINGERPRINT_MASK).to_bytes(4, "big")


def _integrity(message: bytes, password: str) -> bytes:
    covered = _with_length(message, 4 + _INTEGRITY_BYTES)
    return hmac.digest(password.encode(), covered, "sha1")


def _with_length(message: bytes, following: int) -> bytes:
    """The message with a header that counts its own body and `following` bytes more."""
    length = len(message) - HEADER_BYTES + following
    return message[:2] + length.to_bytes(2, "big") + message[4:]


def _write_attribute(attribute: tuple[int, bytes]) -> bytes:
    kind, value = attribute
    return _ATTRIBUTE.pack(kind, len(value)) + value + bytes(-len(value) % 4)


def _write_address(host: str, port: int, transaction: bytes) -> bytes:
    address = IPv6Address(host) if ":" in host else IPv4Address(host)
    family = _IPV6 if ":" in host else _IPV4
    return bytes((0, family)) + _mask(port.to_bytes(2, "big"), address.packed, transaction)


def _read_address(value: bytes, transaction: bytes) -> tuple[str, int]:
    plain = _mask(value[2:4], value[4:], transaction)
    address = IPv4Address(plain[2:]) if value[1] == _IPV4 else IPv6Address(plain[2:])
    return str(address), int.from_bytes(plain[:2], "big")


def _mask(port: bytes, address: bytes, transaction: bytes) -> bytes:
    """Port and address, each XORed with the cookie and the transaction (RFC 8489 section 14.2)."""
    pad = MAGIC_COOKIE.to_bytes(4, "big") + transaction
    masked_port = bytes(a ^ b for a, b in zip(port, pad, strict=False))
    return masked_port + bytes(a ^ b for a, b in zip(address, pad, strict=False))
