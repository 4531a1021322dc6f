"""The spread is the standard deviation, sooner."""

from statistics import pstdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.visibility.inference.spread import spread


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=40))
def test_it_is_that_of_the_library(values: list[float]) -> None:
    """Of any values."""
    assert spread(values) == pytest.approx(pstdev(values), abs=1e-3)
