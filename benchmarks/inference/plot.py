"""The plot of inference: what is left of each guess behind each mitigation, as an SVG."""

from collections.abc import Mapping
from html import escape
from typing import Any, Final

WIDTH, HEIGHT = 760, 380
LEFT, TOP, BOTTOM = 60, 70, 320
COLOURS: Final = {
    "built in": ("the server's guess", "#3d6f9e"),
    "strong": ("strong attacker", "#c8702a"),
    "audio level": ("audio level in clear", "#7a9e3d"),
}
MODE: Final = "e2ee-passphrase"
BAR: Final = 32
INK, FAINT = "#222222", "#dddddd"


def draw(found: Mapping[str, Any]) -> str:
    """Balanced accuracy of speech in the sealed calls; the axis begins at chance."""
    rows = [row for row in found["speech"] if row["mode"] == MODE]
    mitigations = list(dict.fromkeys(row["mitigation"] for row in rows))
    pitch = (WIDTH - LEFT - 20) / max(1, len(mitigations))
    parts = [
        _text(LEFT, 26, "Who speaks when, in sealed calls: balanced accuracy", size=17),
        *_lines(),
        *_legend(),
    ]
    for place, mitigation in enumerate(mitigations):
        x = LEFT + pitch * place
        parts.append(_text(x + 8, BOTTOM + 22, mitigation, size=13))
        of_it = {row["attacker"]: row for row in rows if row["mitigation"] == mitigation}
        for number, (name, (_, colour)) in enumerate(COLOURS.items()):
            parts += _bar(x + 8 + number * (BAR + 6), of_it[name], colour)
    about = f"commit {found['commit']}; 0.50 knows nothing"
    parts.append(_text(LEFT, HEIGHT - 12, about, size=11))
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" '
        f'font-family="sans-serif">\n<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>\n'
        f"{body}\n</svg>\n"
    )


def _y(value: float) -> float:
    return BOTTOM - (max(0.5, value) - 0.5) * 2 * (BOTTOM - TOP)


def _bar(x: float, row: Mapping[str, Any], colour: str) -> list[str]:
    if "balanced_accuracy" not in row:
        return [_text(x + 12, BOTTOM - 4, "-", size=11)]
    value = row["balanced_accuracy"]
    y = _y(value)
    return [
        f'<rect x="{x:.0f}" y="{y:.0f}" width="{BAR}" height="{BOTTOM - y:.0f}" fill="{colour}"/>',
        _text(x + 3, y - 4, f"{value:.2f}", size=11),
    ]


def _lines() -> list[str]:
    parts = []
    for tenth in range(5, 11):
        y = _y(tenth / 10)
        parts.append(f'<path d="M{LEFT} {y:.0f}H{WIDTH - 20}" stroke="{FAINT}"/>')
        parts.append(_text(LEFT - 34, y + 4, f"{tenth / 10:.1f}", size=12))
    return parts


def _legend() -> list[str]:
    parts = []
    for place, (words, colour) in enumerate(COLOURS.values()):
        x = LEFT + 190 * place
        parts.append(f'<rect x="{x}" y="40" width="12" height="12" fill="{colour}"/>')
        parts.append(_text(x + 18, 51, words, size=13))
    return parts


def _text(x: float, y: float, words: str, *, size: int) -> str:
    return f'<text x="{x:.0f}" y="{y:.0f}" font-size="{size}" fill="{INK}">{escape(words)}</text>'
