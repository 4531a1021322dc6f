"""A model says how likely something is, whatever it is asked."""

from hypothesis import given
from hypothesis import strategies as st

from sfu.visibility.inference.logistic import Model


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False, width=32), min_size=2, max_size=2))
def test_it_is_between_never_and_always(features: list[float]) -> None:
    """Without overflow."""
    assert 0 <= Model((1.0, -2.0), 0.5).likelihood(features) <= 1


def test_weights_say_what_speaks_for_it() -> None:
    """And the bias what is so without knowing anything."""
    model = Model((1.0, -2.0), 0.0)
    assert model.likelihood((0.0, 0.0)) == 0.5
    assert model.likelihood((2.0, 0.0)) > 0.5 > model.likelihood((0.0, 2.0))
