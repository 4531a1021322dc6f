"""A key log: the SRTP keys of one's own legs, for `sfu-client verify` (docs/verify.md).

Whoever has it can read the media of those legs as the server can; only its owner may read it.
"""

import os
from typing import Final

HEADER: Final = "# Milkglass key log 1: whoever has these keys can read the media"
KEY_BYTES: Final = {
    "SRTP_AEAD_AES_128_GCM": 16,
    "SRTP_AEAD_AES_256_GCM": 32,
    "SRTP_AES128_CM_SHA1_80": 16,
    "SRTP_AES128_CM_SHA1_32": 16,
}
"""Of the master key, by OpenSSL's name of a profile; the salt follows."""

ANY: Final = "*"
"""For an SSRC, or a host of one's own that is not known."""


class KeyLog:
    """A file that lines are added to, each at once."""

    def __init__(self, path: str) -> None:
        """Raises OSError."""
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.fchmod(descriptor, 0o600)  # it may have been there
        self._file = os.fdopen(descriptor, "a", encoding="ascii", buffering=1)
        self.write(HEADER)

    def write(self, *words: str) -> None:
        """Add one line."""
        self._file.write(" ".join(words) + "\n")

    def write_srtp(self, source: str, target: str, profile: str, key_and_salt: bytes) -> None:
        """What `source` (host:port, as the network sees it) protects for `target`."""
        length = KEY_BYTES[profile]
        key, salt = key_and_salt[:length].hex(), key_and_salt[length:].hex()
        self.write("srtp", source, target, ANY, profile, key, salt)

    def close(self) -> None:
        """No more lines."""
        self._file.close()


def endpoint(host: str, port: int) -> str:
    """An address as it is written here, and in reports."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
