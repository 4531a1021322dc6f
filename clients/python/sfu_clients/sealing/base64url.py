"""Bytes as text that fits links and messages: base64url without padding (RFC 4648 section 5)."""

import base64


def encode(data: bytes) -> str:
    """Write bytes as text."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    """Read what `encode` wrote; raises ValueError for any other text, other forms included."""
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except ValueError as error:  # binascii.Error is one
        raise ValueError("not base64url") from error
    if encode(data) != text:
        raise ValueError("not in the one form of base64url")
    return data
