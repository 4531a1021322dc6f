"""The plot of a benchmark."""

from typing import Any
from xml.etree import ElementTree as ET

import pytest

from benchmarks.plot import HEIGHT, WIDTH, draw

SVG = "{http://www.w3.org/2000/svg}"


def found(*costs: float, processor: str = "Some <fast> & fine processor") -> dict[str, Any]:
    return {
        "machine": {"cores": 2, "processor": processor, "python": "3.11"},
        "commit": "abc",
        "capacity": [
            {
                "subscribers": 10**place,
                "server_us_per_packet": cost,
                "floor_us_per_packet": 5.0,
                "ratio": cost / 5.0,
                "load": {"limit": "neither"},
            }
            for place, cost in enumerate(costs)
        ],
    }


@pytest.mark.parametrize(
    "costs",
    [
        pytest.param((30.0,), id="one point"),
        pytest.param((150.0, 40.0, 25.5), id="three points"),
        pytest.param((5.1, 345.0), id="far apart"),
        pytest.param((0.4,), id="less than the floor"),
    ],
)
def test_draws_a_bar_for_each_point_within_the_frame(costs: tuple[float, ...]) -> None:
    """A bar is as high as its value, and so is the floor's in front of it."""
    drawn = ET.fromstring(draw(found(*costs)))  # noqa: S314 - our own
    bars = [rect for rect in drawn.iter(f"{SVG}rect") if rect.get("width") == "90"]
    assert len(bars) == 2 * len(costs)
    heights = [float(bar.get("height", "")) for bar in bars]
    for cost, high, low in zip(costs, heights[::2], heights[1::2], strict=True):
        assert high == pytest.approx(low * cost / 5, abs=0.1 + 0.1 * cost / 5)  # both are rounded
    for rect in bars:
        assert float(rect.get("y", "")) > 60
        assert float(rect.get("y", "")) + float(rect.get("height", "")) < HEIGHT - 40
        assert 0 < float(rect.get("x", "")) < WIDTH - 90


def test_says_what_was_measured_where() -> None:
    """Values, ratios, the machine and the commit, whatever characters are in them."""
    drawn = ET.fromstring(draw(found(25.5, 150.0)))  # noqa: S314 - our own
    said = " | ".join(text.text or "" for text in drawn.iter(f"{SVG}text"))
    for words in ("25.5 µs = 5.1 x floor", "1 subscriber |", "10 subscribers", "<fast> &", "abc"):
        assert words in said
