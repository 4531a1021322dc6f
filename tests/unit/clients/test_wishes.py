"""Wishes as people write them."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu_clients.errors import ClientError
from sfu_clients.wishes import read_height, read_wish


@pytest.mark.parametrize(
    ("words", "height"),
    [("off", 0), ("base", 180), ("sd", 360), ("hd", 720), ("0", 0), ("1080", 1080), ("8640", 8640)],
)
def test_names_and_numbers(words: str, height: int) -> None:
    """As on the page, or lines."""
    assert read_height(words) == height
    assert read_wish(f"  {words} ") == (None, height)
    assert read_wish(f"a1b2 {words}") == ("a1b2", height)


@pytest.mark.parametrize("words", ["", "HD", "-1", "8641", "1.5", "²", "99999999999", "a b c"])
def test_anything_else_is_refused(words: str) -> None:
    """In a sentence."""
    with pytest.raises(ClientError, match=r"\.$"):
        read_wish(words)


@given(st.text(max_size=30))
def test_any_text_is_a_wish_or_refused(text: str) -> None:
    """ClientError, and nothing else."""
    with contextlib.suppress(ClientError):
        assert 0 <= read_wish(text)[1] <= 8640
