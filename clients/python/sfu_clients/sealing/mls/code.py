"""The call code: digits that two people share in one group with the same devices."""

from collections.abc import Iterable
from hashlib import pbkdf2_hmac


def call_code(devices: Iterable[bytes], group: bytes) -> str:
    """Six times five digits; `devices` are the keys of all devices in the group, in any order."""
    password = b"".join(sorted(set(devices)))
    salt = b"milkglass call code 1" + group
    digest = pbkdf2_hmac("sha256", password, salt, 100_000, 30)
    parts = (int.from_bytes(digest[at : at + 5], "big") for at in range(0, len(digest), 5))
    return " ".join(f"{part % 100_000:05}" for part in parts)
