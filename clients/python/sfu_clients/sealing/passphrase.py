"""Keys of the mode `e2ee-passphrase`: one secret that all in a room share, and the server lacks."""

import os
from dataclasses import dataclass
from typing import Final

from argon2.low_level import Type, hash_secret_raw
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from sfu_clients.sealing import base64url
from sfu_clients.sealing.frames import Sender
from sfu_clients.sealing.sframe import NONCE_BYTES, SealError, expand, extract

SECRET_BYTES: Final = 16
"""Of a secret in a link, and of a salt there."""

MAX_HELLO_BYTES: Final = 512
_ROOT_SALT: Final = b"milkglass e2ee-passphrase v1"
_ARGON2_MEMORY_KIB: Final = 64 * 1024
_ARGON2_PASSES: Final = 3
_HELLO_VERSION: Final = 1
_HELLO_BYTES: Final = 21
"""Version, sender and salt; the name follows."""


class WrongSecretError(SealError):
    """Something was sealed under another secret than ours."""


def read_secret(text: str) -> bytes:
    """The room secret that a person gave: `KEY` of a link, or `SALT:PASSPHRASE`.

    Raises SealError for anything else. A passphrase takes a good part of a second.
    """
    salt, colon, passphrase = text.partition(":")
    if not colon:
        return _read_base64(text)
    if not passphrase:
        raise SealError("the passphrase is empty")
    return stretch(passphrase, _read_base64(salt))


def stretch(passphrase: str, salt: bytes) -> bytes:
    """Argon2id (RFC 9106) of what a person can remember."""
    return hash_secret_raw(
        passphrase.encode(),
        salt,
        time_cost=_ARGON2_PASSES,
        memory_cost=_ARGON2_MEMORY_KIB,
        parallelism=1,
        hash_len=32,
        type=Type.ID,
    )


def _read_base64(text: str) -> bytes:
    try:
        secret = base64url.decode(text)
    except ValueError as error:
        raise SealError("the secret is not the key of a link") from error
    if len(secret) != SECRET_BYTES:
        raise SealError(f"the secret of a link has {SECRET_BYTES} bytes, as 22 characters")
    return secret


@dataclass(frozen=True, slots=True)
class Hello:
    """What a participant says of themselves, under the room's secret."""

    name: str
    sender: Sender


class RoomKeys:
    """What follows from the secret of one room."""

    def __init__(self, secret: bytes, room: str) -> None:
        self._root = extract(_ROOT_SALT, secret)
        self.context = expand(self._root, b"context" + room.encode(), 16)
        self._hello = AESGCM(expand(self._root, b"hello", 16))

    def introduce(self, name: str) -> tuple[Sender, bytes]:
        """Draw a sender anew, for one join; and the hello that tells the others of it."""
        ident, salt = int.from_bytes(os.urandom(4), "big"), os.urandom(SECRET_BYTES)
        plain = bytes((_HELLO_VERSION,)) + ident.to_bytes(4, "big") + salt + name.encode()
        nonce = os.urandom(NONCE_BYTES)
        return self._sender(ident, salt), nonce + self._hello.encrypt(nonce, plain, self.context)

    def meet(self, hello: bytes) -> Hello:
        """Learn who somebody is; raises WrongSecretError, or SealError for what makes no sense."""
        if len(hello) > MAX_HELLO_BYTES:
            raise SealError("the hello is too long")
        nonce, sealed = hello[:NONCE_BYTES], hello[NONCE_BYTES:]
        if len(nonce) < NONCE_BYTES:
            raise SealError("the hello is cut off")
        try:
            plain = self._hello.decrypt(nonce, sealed, self.context)
        except InvalidTag as error:
            raise WrongSecretError("this hello is under another secret") from error
        if len(plain) < _HELLO_BYTES or plain[0] != _HELLO_VERSION:
            raise SealError("the hello has another version")
        try:
            name = plain[_HELLO_BYTES:].decode()
        except UnicodeDecodeError as error:
            raise SealError("the hello's name is no text") from error
        ident = int.from_bytes(plain[1:5], "big")
        return Hello(name, self._sender(ident, plain[5:_HELLO_BYTES]))

    def _sender(self, ident: int, salt: bytes) -> Sender:
        base_key = expand(self._root, b"sender" + salt + ident.to_bytes(4, "big"), 32)
        return Sender(base_key, ident, self.context)
