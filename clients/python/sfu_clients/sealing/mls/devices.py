"""Who one is from call to call: the Ed25519 key of a device, and whose device it is."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from sfu_clients.errors import ClientError
from sfu_clients.sealing import base64url

if TYPE_CHECKING:
    from pathlib import Path

KEY_BYTES: Final = 32
SIGNATURE_BYTES: Final = 64
_ENDORSEMENT: Final = b"milkglass person 1"
_MAX_FILE_BYTES: Final = 4096


class Device:
    """A device of a person, who is known by the key of their first device."""

    def __init__(
        self, key: Ed25519PrivateKey, person: bytes | None = None, endorsement: bytes | None = None
    ) -> None:
        """Without a person it is somebody's first; raises ClientError for a false endorsement."""
        self._key = key
        self.key = key.public_key().public_bytes_raw()
        """Its public key."""
        self.person = self.key if person is None else person
        self.endorsement = bytes(SIGNATURE_BYTES) if endorsement is None else endorsement
        """By the person's first device; zeros for that itself."""
        if not self._is_endorsed():
            raise ClientError("This device is not endorsed by the person whose it says it is.")

    @classmethod
    def new(cls) -> Device:
        """The first device of somebody nobody knows."""
        return cls(Ed25519PrivateKey.generate())

    def _is_endorsed(self) -> bool:
        if self.person == self.key:
            return not any(self.endorsement)
        try:
            person = Ed25519PublicKey.from_public_bytes(self.person)
            person.verify(self.endorsement, _ENDORSEMENT + self.key)
        except (InvalidSignature, ValueError):
            return False
        return True

    def sign(self, data: bytes) -> bytes:
        """Ed25519 (RFC 8032) with the device's key."""
        return self._key.sign(data)

    def endorse(self, device: bytes) -> bytes:
        """Say that this key is another device of ours; raises ClientError on a further device."""
        if self.person != self.key:
            raise ClientError("Only the first device of a person endorses further ones.")
        return self._key.sign(_ENDORSEMENT + device)

    def endorsed(self, person: bytes, endorsement: bytes) -> Device:
        """The same device as one of another person's; raises ClientError if that is not so."""
        return Device(self._key, person, endorsement)

    def dump(self) -> bytes:
        """What a file keeps of it: the secret key, too."""
        return msgspec.json.encode(
            _Kept(
                key=base64url.encode(self._key.private_bytes_raw()),
                person=base64url.encode(self.person),
                endorsement=base64url.encode(self.endorsement),
            )
        )


class _Kept(msgspec.Struct, forbid_unknown_fields=True):
    key: str
    person: str
    endorsement: str


def load_device(data: bytes) -> Device:
    """Read what `Device.dump` wrote; raises ClientError for anything else."""
    try:
        kept = msgspec.json.decode(data, type=_Kept)
        key = Ed25519PrivateKey.from_private_bytes(base64url.decode(kept.key))
        person, endorsement = base64url.decode(kept.person), base64url.decode(kept.endorsement)
    except (msgspec.MsgspecError, ValueError) as error:
        raise ClientError("This is no device key.") from error
    return Device(key, person, endorsement)


class DeviceFile:
    """Where a device's key is kept, for its owner only."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def open(self) -> Device:
        """The device kept here, or a new one that is from now on; raises ClientError."""
        try:
            data = self._read()
        except FileNotFoundError:
            device = Device.new()
            self.save(device)
            return device
        except OSError as error:
            raise ClientError(f"Cannot read {self._path}: {error.strerror}.") from error
        try:
            return load_device(data)
        except ClientError as error:
            raise ClientError(f"{self._path} holds no device key.") from error

    def _read(self) -> bytes:
        with self._path.open("rb") as file:
            if os.fstat(file.fileno()).st_mode & 0o077:
                raise ClientError(f"Others may read {self._path}: run `chmod 600` on it.")
            return file.read(_MAX_FILE_BYTES)

    def save(self, device: Device) -> None:
        """Keep this one instead; raises ClientError. The file is whole at any moment."""
        fresh = self._path.with_name(self._path.name + ".new")
        try:
            with suppress(FileNotFoundError):
                fresh.unlink()
            descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(device.dump())
            fresh.replace(self._path)
        except OSError as error:
            raise ClientError(f"Cannot write {self._path}: {error.strerror}.") from error
