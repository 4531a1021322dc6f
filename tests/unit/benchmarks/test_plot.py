"""The plot of a benchmark."""

from math import log10
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
def test_draws_a_point_for_each_figure_within_the_frame(costs: tuple[float, ...]) -> None:
    """Ten times as much is a decade higher, wherever it is drawn."""
    drawn = ET.fromstring(draw(found(*costs)))  # noqa: S314 - our own
    dots = [dot for dot in drawn.iter(f"{SVG}circle") if dot.get("r") == "6"]
    heights = [float(dot.get("cy", "")) for dot in dots]
    above, below = heights[: len(costs)], heights[len(costs) :]
    levels = [
        float(path.get("d", "").split()[1].split("H")[0]) for path in drawn.iter(f"{SVG}path")
    ]
    decade = levels[0] - levels[1]
    for cost, high, low in zip(costs, above, below, strict=True):
        assert low - high == pytest.approx(decade * log10(cost / 5.0), abs=0.2)
    for dot in dots:
        assert 60 < float(dot.get("cy", "")) < HEIGHT - 60
        assert 60 < float(dot.get("cx", "")) < WIDTH


def test_says_what_was_measured_where() -> None:
    """Values, ratios, the machine and the commit, whatever characters are in them."""
    drawn = ET.fromstring(draw(found(25.5, 150.0)))  # noqa: S314 - our own
    said = " | ".join(text.text or "" for text in drawn.iter(f"{SVG}text"))
    for words in ("25.5 µs = 5.1 x floor", "1 subscriber |", "10 subscribers", "<fast> &", "abc"):
        assert words in said
