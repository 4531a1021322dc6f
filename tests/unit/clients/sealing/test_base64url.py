"""Base64url: one text for the same bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu_clients.sealing import base64url


@given(st.binary(max_size=100))
def test_bytes_come_back(data: bytes) -> None:
    """Through characters that need no escape anywhere."""
    text = base64url.encode(data)
    assert base64url.decode(text) == data
    assert set(text) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


@given(st.text(max_size=40))
def test_any_text_is_decoded_or_refused(text: str) -> None:
    """And whatever is decoded had its only form."""
    try:
        data = base64url.decode(text)
    except ValueError:
        return
    assert base64url.encode(data) == text


@pytest.mark.parametrize("text", ["A", "AB", "AA=", "AA==", "A+", "A/", "AA\n", "ÄÄ"])
def test_other_forms_are_refused(text: str) -> None:
    """Unused bits, padding, the other alphabet, and what is no base64 at all."""
    with pytest.raises(ValueError, match="base64url"):
        base64url.decode(text)
