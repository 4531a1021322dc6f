"""The plot of a benchmark, as an SVG that needs no library."""

from collections.abc import Mapping, Sequence
from html import escape
from math import ceil, floor, log10
from typing import Any, Final

WIDTH, HEIGHT = 720, 420
LEFT, RIGHT, TOP, BOTTOM = 80, 20, 80, 80

SERVER, FLOOR, INK, FAINT = "#3d6f9e", "#c8702a", "#222222", "#dddddd"
NAMES: Final = {
    "server_us_per_packet": ("server", SERVER),
    "floor_us_per_packet": ("floor: protect and send", FLOOR),
}


def draw(found: Mapping[str, Any]) -> str:
    """CPU per forwarded packet by number of subscribers, and the floor, on a logarithmic scale."""
    points: Sequence[Mapping[str, Any]] = found["capacity"]
    scale = _Scale([point[name] for point in points for name in NAMES])
    pitch = (WIDTH - LEFT - RIGHT) / len(points)
    middles = [LEFT + pitch * (place + 0.5) for place in range(len(points))]
    machine = found["machine"]
    about = f"{machine['cores']} cores, {machine['processor']}, Python {machine['python']}"
    parts = [
        _text(LEFT, 28, "CPU of the server per forwarded packet", size=18, weight="bold"),
        _text(LEFT, 50, "webinar, one publisher; lower is better", size=13),
        *scale.lines(),
        *_legend(),
        _text(LEFT, HEIGHT - 12, f"{about}; commit {found['commit']}", size=11),
    ]
    for name, (_, colour) in NAMES.items():
        ys = [scale.y(point[name]) for point in points]
        parts += _curve(middles, ys, colour)
    for middle, point in zip(middles, points, strict=True):
        parts += _words(point, middle, scale)
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" '
        f'viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" fill="{INK}">\n'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>\n{body}\n</svg>\n'
    )


class _Scale:
    """From whole decade to whole decade, with room above the highest point."""

    def __init__(self, values: Sequence[float]) -> None:
        self._lowest = floor(log10(min(values)))
        self._highest = max(ceil(log10(max(values) * 1.3)), self._lowest + 1)

    def y(self, value: float) -> float:
        part = (log10(value) - self._lowest) / (self._highest - self._lowest)
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * part

    def lines(self) -> list[str]:
        parts = []
        for decade in range(self._lowest, self._highest + 1):
            y = self.y(10.0**decade)
            parts.append(f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="{FAINT}"/>')
            parts.append(_text(LEFT - 8, y + 4, f"{10.0**decade:g} µs", size=12, anchor="end"))
        return parts


def _legend() -> list[str]:
    parts = []
    for x, (name, colour) in zip((WIDTH - 300, WIDTH - 210), NAMES.values(), strict=True):
        parts.append(f'<circle cx="{x}" cy="46" r="5" fill="{colour}"/>')
        parts.append(_text(x + 10, 50, name, size=13))
    return parts


def _curve(xs: Sequence[float], ys: Sequence[float], colour: str) -> list[str]:
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in zip(xs, ys, strict=True))
    dots = [
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="6" fill="{colour}"/>'
        for x, y in zip(xs, ys, strict=True)
    ]
    return [f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>', *dots]


def _words(point: Mapping[str, Any], middle: float, scale: _Scale) -> list[str]:
    cost, least = point["server_us_per_packet"], point["floor_us_per_packet"]
    number, limit = point["subscribers"], point["load"]["limit"]
    ratio = f"{cost:.1f} µs = {point['ratio']:.1f} x floor"
    name = f"{number} subscriber{'s' if number > 1 else ''}"
    at = "both had room left" if limit == "neither" else f"at the limit: {limit}"
    return [
        _text(middle, scale.y(cost) - 12, ratio, size=13, anchor="middle"),
        _text(middle, scale.y(least) - 12, f"{least:.1f} µs", size=13, anchor="middle"),
        _text(middle, HEIGHT - BOTTOM + 20, name, size=13, anchor="middle"),
        _text(middle, HEIGHT - BOTTOM + 38, at, size=11, anchor="middle"),
    ]


def _text(  # noqa: PLR0913 - by name: how it looks
    x: float, y: float, text: str, *, size: int, anchor: str = "start", weight: str = "normal"
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" '
        f'font-weight="{weight}" paint-order="stroke" stroke="white" stroke-width="4">'
        f"{escape(text)}</text>"
    )
