"""Small and large are what they were in the last minute."""

from hypothesis import given
from hypothesis import strategies as st

from sfu.visibility.inference.quantiles import REFRESH, Quantiles


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=80))
def test_they_are_values_in_order(values: list[float]) -> None:
    """Of those that were given."""
    quantiles = Quantiles(50)
    for value in values:
        quantiles.note(value)
        assert quantiles.low <= quantiles.middle <= quantiles.high
        assert {quantiles.low, quantiles.middle, quantiles.high} <= set(values)


def test_what_is_long_ago_is_forgotten() -> None:
    """And memory is bounded."""
    quantiles = Quantiles(50)
    for value in [1000.0] * 100 + [float(number) for number in range(50 + REFRESH)]:
        quantiles.note(value)
    assert len(quantiles) == 50
    assert quantiles.high < 1000
    assert abs(quantiles.middle - (quantiles.low + quantiles.high) / 2) < 2
