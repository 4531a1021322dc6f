"""Keys for a recording: those who consent seal theirs for its key, whose holder opens them."""

import os
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from sfu.signalling.messages import Mode
from sfu_clients.errors import ClientError
from sfu_clients.sealing import base64url
from sfu_clients.sealing.frames import MLS_KIDS, PASSPHRASE_KIDS, Sender
from sfu_clients.sealing.sframe import NotAuthenticError, SealError

MODES: Final[dict[Mode, int]] = {"e2ee-passphrase": 1, "e2ee-mls": 2}
"""By their numbers in what is sealed."""

_SUITE: Final = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_128_GCM)  # RFC 9180, base mode
_INFO: Final = b"milkglass recording 1"
KEY_BYTES: Final = 32
_PLAIN_BYTES: Final = 1 + 8 + 4 + 16 + KEY_BYTES


def seal_keys(sender: Sender, mode: Mode, public_key: str, recording: str) -> str:
    """What is sent to consent; raises SealError for a key that is none."""
    plain = b"".join(
        (
            bytes((MODES[mode],)),
            sender.epoch.to_bytes(8, "big"),
            sender.ident.to_bytes(4, "big"),
            sender.context,
            sender.base_key,
        )
    )
    try:
        key = X25519PublicKey.from_public_bytes(base64url.decode(public_key))
        sealed = _SUITE.encrypt(plain, key, info=_INFO + recording.encode())
    except ValueError as error:
        raise SealError("the recording's key is none") from error
    return base64url.encode(sealed)


class RecordingKey:
    """The secret half of a recording's key."""

    def __init__(self, private: bytes) -> None:
        """Raises SealError unless it has 32 bytes."""
        if len(private) != KEY_BYTES:
            raise SealError("a recording's key has 32 bytes")
        self._private = X25519PrivateKey.from_private_bytes(private)

    @property
    def public(self) -> bytes:
        """The other half, which may be known to everybody."""
        return self._private.public_key().public_bytes_raw()

    def open_keys(self, sealed: bytes, recording: str) -> tuple[Mode, Sender]:
        """The keys of somebody who consented, in a room of this mode; raises SealError."""
        try:
            plain = _SUITE.decrypt(sealed, self._private, info=_INFO + recording.encode())
        except (InvalidTag, ValueError) as error:
            raise NotAuthenticError("these keys are sealed for another key") from error
        if len(plain) != _PLAIN_BYTES:
            raise SealError("the keys have another length")
        modes = [mode for mode, number in MODES.items() if number == plain[0]]
        if not modes:
            raise SealError("the keys are of no mode that we know")
        sender = Sender(
            base_key=plain[29:],
            ident=int.from_bytes(plain[9:13], "big"),
            context=plain[13:29],
            epoch=int.from_bytes(plain[1:9], "big"),
            kids=MLS_KIDS if modes[0] == "e2ee-mls" else PASSPHRASE_KIDS,
        )
        return modes[0], sender


def make_key(path: Path) -> str:
    """Write a new key into a file that only its owner reads, and return the public half.

    Raises ClientError; a file that is there stays as it is.
    """
    private = os.urandom(KEY_BYTES)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(base64url.encode(private) + "\n")
    except OSError as error:
        raise ClientError(f"Cannot write a key to {path} ({error.strerror}).") from error
    return base64url.encode(RecordingKey(private).public)


def load_key(path: Path) -> RecordingKey:
    """Read what `make_key` wrote; raises ClientError."""
    try:
        return RecordingKey(base64url.decode(path.read_text(encoding="ascii").strip()))
    except OSError as error:
        raise ClientError(f"Cannot read the key {path} ({error.strerror}).") from error
    except (ValueError, SealError) as error:
        raise ClientError(f"{path} is no key of a recording.") from error
