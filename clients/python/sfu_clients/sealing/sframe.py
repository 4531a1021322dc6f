"""SFrame (RFC 9605): headers, key derivation and authenticated encryption of one frame."""

import hashlib
import hmac
from dataclasses import dataclass
from typing import Final, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256, SHA512
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

MAX_HEADER_BYTES: Final = 17
NONCE_BYTES: Final = 12
_SHORT: Final = 8
"""KIDs and counters below this fit the first byte (section 4.3)."""
_LENGTH: Final = 7


class SealError(Exception):
    """A frame or a message that cannot be opened; the reason is for counting, not for people."""


class NotSFrameError(SealError):
    """The bytes are no SFrame ciphertext."""


class NotAuthenticError(SealError):
    """The tag does not fit: another key, other associated data, or changed bytes."""


@dataclass(frozen=True, slots=True)
class Suite:
    """A row of table 1 in section 4.5; all lengths in bytes."""

    number: int
    hash_name: str
    key_bytes: int
    tag_bytes: int
    encryption_key_bytes: int
    """Of AES alone; for the suites with HMAC the rest of the key authenticates."""


SUITES: Final = {
    suite.number: suite
    for suite in (
        Suite(0x0001, "sha256", 48, 10, 16),
        Suite(0x0002, "sha256", 48, 8, 16),
        Suite(0x0003, "sha256", 48, 4, 16),
        Suite(0x0004, "sha256", 16, 16, 16),
        Suite(0x0005, "sha512", 32, 16, 32),
    )
}
AES_128_GCM_SHA256_128: Final = SUITES[0x0004]

_HASHES: Final = {"sha256": SHA256, "sha512": SHA512}


def write_header(kid: int, counter: int) -> bytes:
    """Write the shortest header (section 4.3); both are below 2**64."""
    first, kid_field = _field(kid)
    second, counter_field = _field(counter)
    return bytes((first << 4 | second,)) + kid_field + counter_field


def _field(number: int) -> tuple[int, bytes]:
    if number < _SHORT:
        return number, b""
    length = (number.bit_length() + 7) // 8
    return 0x8 | length - 1, number.to_bytes(length, "big")


def read_header(data: bytes) -> tuple[int, int, int]:
    """Return KID, counter and the header's length; raises NotSFrameError.

    A header that is not the shortest for its numbers is refused: one frame, one form.
    """
    if not data:
        raise NotSFrameError("no header")
    kid, end = _read_field(data, data[0] >> 4, 1)
    counter, end = _read_field(data, data[0] & 0xF, end)
    if data[:end] != write_header(kid, counter):
        raise NotSFrameError("header is cut off or not in its shortest form")
    return kid, counter, end


def _read_field(data: bytes, nibble: int, start: int) -> tuple[int, int]:
    if not nibble & 0x8:
        return nibble, start
    end = start + (nibble & _LENGTH) + 1
    return int.from_bytes(data[start:end], "big"), end


def expand(secret: bytes, info: bytes, length: int, hash_name: str = "sha256") -> bytes:
    """HKDF-Expand (RFC 5869 section 2.3)."""
    return HKDFExpand(_HASHES[hash_name](), length, info).derive(secret)


def extract(salt: bytes, secret: bytes, hash_name: str = "sha256") -> bytes:
    """HKDF-Extract (RFC 5869 section 2.2)."""
    salt = salt or bytes(hashlib.new(hash_name).digest_size)
    return hmac.new(salt, secret, hash_name).digest()


class _Aead(Protocol):
    def encrypt(self, nonce: bytes, data: bytes, associated_data: bytes, /) -> bytes: ...

    def decrypt(self, nonce: bytes, data: bytes, associated_data: bytes, /) -> bytes: ...


class AesCtrHmac:
    """The AEAD of section 4.5.1."""

    def __init__(self, key: bytes, suite: Suite) -> None:
        """`key` has `suite.key_bytes`."""
        self._encryption_key = key[: suite.encryption_key_bytes]
        self._authentication_key = key[suite.encryption_key_bytes :]
        self._suite = suite

    def encrypt(self, nonce: bytes, data: bytes, associated_data: bytes) -> bytes:
        """Encrypt, then authenticate."""
        ciphertext = self._apply_stream(nonce, data)
        return ciphertext + self._tag(nonce, associated_data, ciphertext)

    def decrypt(self, nonce: bytes, data: bytes, associated_data: bytes) -> bytes:
        """Authenticate, then decrypt; raises InvalidTag."""
        at = max(0, len(data) - self._suite.tag_bytes)
        ciphertext, tag = data[:at], data[at:]
        if not hmac.compare_digest(tag, self._tag(nonce, associated_data, ciphertext)):
            raise InvalidTag
        return self._apply_stream(nonce, ciphertext)

    def _tag(self, nonce: bytes, associated_data: bytes, ciphertext: bytes) -> bytes:
        lengths = (len(associated_data), len(ciphertext), self._suite.tag_bytes)
        text = b"".join(length.to_bytes(8, "big") for length in lengths)
        text += nonce + associated_data + ciphertext
        digest = hmac.new(self._authentication_key, text, self._suite.hash_name).digest()
        return digest[: self._suite.tag_bytes]

    def _apply_stream(self, nonce: bytes, data: bytes) -> bytes:
        counter = modes.CTR(nonce + bytes(4))
        return Cipher(algorithms.AES(self._encryption_key), counter).encryptor().update(data)


class SFrameKey:
    """The key and salt of one KID (section 4.4.2); whoever seals keeps the counter."""

    __slots__ = ("_aead", "_salt", "kid", "suite")

    def __init__(self, base_key: bytes, kid: int, suite: Suite = AES_128_GCM_SHA256_128) -> None:
        self.kid = kid
        self.suite = suite
        key, salt = derive(base_key, kid, suite)
        self._salt = int.from_bytes(salt, "big")
        has_hmac = suite.key_bytes > suite.encryption_key_bytes
        self._aead: _Aead = AesCtrHmac(key, suite) if has_hmac else AESGCM(key)

    def seal(self, counter: int, metadata: bytes, plaintext: bytes) -> bytes:
        """Encrypt (section 4.4.3); a counter must never be used twice."""
        header = write_header(self.kid, counter)
        return header + self._aead.encrypt(self._nonce(counter), plaintext, header + metadata)

    def open(self, counter: int, header: bytes, metadata: bytes, ciphertext: bytes) -> bytes:
        """Decrypt what follows a header that was read (section 4.4.4); raises NotAuthenticError."""
        try:
            return self._aead.decrypt(self._nonce(counter), ciphertext, header + metadata)
        except InvalidTag as error:
            raise NotAuthenticError from error

    def _nonce(self, counter: int) -> bytes:
        return (self._salt ^ counter).to_bytes(NONCE_BYTES, "big")


def derive(base_key: bytes, kid: int, suite: Suite) -> tuple[bytes, bytes]:
    """Key and salt of a KID (section 4.4.2)."""
    secret = extract(b"", base_key, suite.hash_name)
    label = kid.to_bytes(8, "big") + suite.number.to_bytes(2, "big")
    key = expand(secret, b"SFrame 1.0 Secret key " + label, suite.key_bytes, suite.hash_name)
    salt = expand(secret, b"SFrame 1.0 Secret salt " + label, NONCE_BYTES, suite.hash_name)
    return key, salt
