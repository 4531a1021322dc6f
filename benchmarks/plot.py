"""The plot of a benchmark, as an SVG that needs no library."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, Final

WIDTH, HEIGHT = 720, 420
LEFT, RIGHT, TOP, BOTTOM = 70, 20, 70, 80
BAR_WIDTH: Final = 90
STEPS: Final = (1, 2, 5)
MAX_LINES: Final = 6

SERVER, FLOOR, INK, FAINT = "#3d6f9e", "#c8702a", "#222222", "#dddddd"


def draw(found: Mapping[str, Any]) -> str:
    """Bars: CPU per forwarded packet by number of subscribers; in each, the floor beside it."""
    points: Sequence[Mapping[str, Any]] = found["capacity"]
    step = _step(max(point["server_us_per_packet"] for point in points))
    top = step * MAX_LINES
    parts = [
        _text(LEFT, 28, "CPU of the server per forwarded packet", size=18, weight="bold"),
        _text(LEFT, 50, "webinar, one publisher; lower is better", size=13),
    ]
    for place in range(MAX_LINES + 1):
        level = _y(place * step, top)
        parts += [
            f'<path d="M{LEFT} {level:.1f}H{WIDTH - RIGHT}" stroke="{FAINT}"/>',
            _text(LEFT - 8, level + 4, f"{place * step:g} µs", size=12, anchor="end"),
        ]
    pitch = (WIDTH - LEFT - RIGHT) / len(points)
    for place, point in enumerate(points):
        parts += _bar(point, LEFT + pitch * (place + 0.5), top)
    machine = found["machine"]
    about = f"{machine['cores']} cores, {machine['processor']}, Python {machine['python']}"
    parts += [
        f'<rect x="{WIDTH - 290}" y="18" width="12" height="12" fill="{SERVER}"/>',
        _text(WIDTH - 272, 29, "server", size=13),
        f'<rect x="{WIDTH - 210}" y="18" width="12" height="12" fill="{FLOOR}"/>',
        _text(WIDTH - 192, 29, "floor: protect and send", size=13),
        _text(LEFT, HEIGHT - 12, f"{about}; commit {found['commit']}", size=11),
    ]
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" '
        f'viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" fill="{INK}">\n'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>\n{body}\n</svg>\n'
    )


def _bar(point: Mapping[str, Any], middle: float, top: float) -> list[str]:
    cost, floor = point["server_us_per_packet"], point["floor_us_per_packet"]
    left = middle - BAR_WIDTH / 2
    bars = [
        f'<rect x="{left:.1f}" y="{_y(value, top):.1f}" width="{BAR_WIDTH}" '
        f'height="{_y(0, top) - _y(value, top):.1f}" fill="{colour}"/>'
        for value, colour in ((cost, SERVER), (floor, FLOOR))
    ]
    ratio = f"{cost:.1f} µs = {point['ratio']:.1f} x floor"
    number = point["subscribers"]
    name = f"{number} subscriber{'s' if number > 1 else ''}"
    return [
        *bars,
        _text(middle, _y(cost, top) - 6, ratio, size=13, anchor="middle"),
        _text(middle, HEIGHT - BOTTOM + 20, name, size=13, anchor="middle"),
        _text(middle, HEIGHT - BOTTOM + 38, _limit(point), size=11, anchor="middle"),
    ]


def _limit(point: Mapping[str, Any]) -> str:
    limit = point["load"]["limit"]
    return "both had room left" if limit == "neither" else f"at the limit: {limit}"


def _step(highest: float) -> float:
    """Between two lines: the least round number with which all fits, and a label above it."""
    step = 1.0
    while True:
        for factor in STEPS:
            if step * factor * MAX_LINES >= highest * 1.1:
                return step * factor
        step *= 10


def _y(value: float, top: float) -> float:
    return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * value / top


def _text(  # noqa: PLR0913 - by name: how it looks
    x: float, y: float, text: str, *, size: int, anchor: str = "start", weight: str = "normal"
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" '
        f'font-weight="{weight}">{escape(text)}</text>'
    )
