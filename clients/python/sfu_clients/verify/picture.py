"""Draws, pair by pair, which payloads were equal over time and how far sizes agree, as an SVG."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Final

from sfu_clients.verify.pairing.rates import pearson

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sfu_clients.verify.examination import Examination
    from sfu_clients.verify.judging import Judged
    from sfu_clients.verify.pairing.pair import Pair

MAX_PAIRS: Final = 12
BINS: Final = 60
WIDTH, ROW, TOP = 900, 150, 70
LEFT, RIGHT, BAND = 60, 20, 70

INK, FAINT = "#222222", "#dddddd"
ON_NETWORK, INSIDE, SIZES = "#c8702a", "#3d6f9e", "#5a8f4a"
LEGEND: Final = (
    (ON_NETWORK, "payload equal as captured"),
    (INSIDE, "equal without SRTP"),
    (SIZES, "correlation of sizes"),
)


def draw(found: Examination) -> str:
    """A band per pair but of retransmissions: equal payloads and correlating sizes, 0 to 1."""
    shown = [one for one in found.judged if not one.pair.repeats][:MAX_PAIRS]
    height = TOP + ROW * max(1, len(shown)) + 20
    parts = [
        _text(LEFT, 26, found.verdict.value, size=18),
        *_legend(),
    ]
    for place, judged in enumerate(shown):
        parts += _band(judged, TOP + ROW * place)
    if not shown:
        parts.append(_text(LEFT, TOP + 40, "no pair of streams was found", size=13))
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
        f'viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" fill="{INK}">\n'
        f'<rect width="{WIDTH}" height="{height}" fill="white"/>\n{body}\n</svg>\n'
    )


def _legend() -> list[str]:
    parts = []
    for place, (colour, words) in enumerate(LEGEND):
        x = LEFT + 220 * place
        parts.append(f'<rect x="{x}" y="40" width="12" height="12" fill="{colour}"/>')
        parts.append(_text(x + 18, 51, words, size=12))
    return parts


def _band(judged: Judged, top: float) -> list[str]:
    pair = judged.pair
    bottom = top + 34 + BAND
    title = f"{pair.sent.kind or 'RTP'} {pair.sent.ssrc:08x} > {pair.received.ssrc:08x}: "
    title += f"{judged.finding.value}; {judged.verdict.value}"
    parts = [
        _text(LEFT, top + 24, title, size=13),
        _line(bottom - BAND),
        _line(bottom),
        _text(LEFT - 8, bottom - BAND + 4, "1", size=11, anchor="end"),
        _text(LEFT - 8, bottom + 4, "0", size=11, anchor="end"),
        _text(WIDTH - RIGHT, bottom + 16, f"{pair.received.seconds:.1f} s", size=11, anchor="end"),
    ]
    for values, colour, wide in (
        (equal_over_time(pair, "prints"), ON_NETWORK, 6),
        (equal_over_time(pair, "plain_prints") if pair.both_open else [], INSIDE, 4),
        (sizes_over_time(pair), SIZES, 2),
    ):
        parts += _curve(values, bottom, colour, wide)
    return parts


def _line(y: float) -> str:
    return f'<path d="M{LEFT} {y}H{WIDTH - RIGHT}" stroke="{FAINT}"/>'


def _in_bins(pair: Pair) -> list[list[tuple[int, int]]]:
    """The matches, by when the second leg had them."""
    bins: list[list[tuple[int, int]]] = [[] for _ in range(BINS)]
    length = max(pair.received.seconds, 0.001) * 1.000001
    for one, other in pair.matches:
        at = pair.received.times[other] - pair.received.first_time
        bins[min(BINS - 1, max(0, int(at / length * BINS)))].append((one, other))
    return bins


def equal_over_time(pair: Pair, prints: str) -> list[float | None]:
    """Part of the matches whose payloads are equal, by time; None where there are none."""
    ours, theirs = getattr(pair.sent, prints), getattr(pair.received, prints)
    if prints == "plain_prints":
        return [
            _part([_is_equal(pair, one, other) for one, other in found]) for found in _in_bins(pair)
        ]
    return [_part([ours[one] == theirs[other] for one, other in found]) for found in _in_bins(pair)]


def _is_equal(pair: Pair, one: int, other: int) -> bool:
    sent, received = pair.sent, pair.received
    same = sent.plain_prints[one] == received.plain_prints[other]
    return same or sent.media_prints[one] == received.media_prints[other]


def _part(equal: Sequence[bool]) -> float | None:
    return sum(equal) / len(equal) if equal else None


def sizes_over_time(pair: Pair) -> list[float | None]:
    """Correlation of the sizes of matches, by time; None where too few can be compared."""
    return [
        None
        if len(found) < 3  # noqa: PLR2004 - of two points anything correlates
        else max(0.0, _size_correlation(pair, found))
        for found in _in_bins(pair)
    ]


def _size_correlation(pair: Pair, found: Sequence[tuple[int, int]]) -> float:
    ours = [float(pair.sent.sizes[one]) for one, _ in found]
    theirs = [float(pair.received.sizes[other]) for _, other in found]
    if [b - a for a, b in zip(ours, theirs, strict=True)] == [float(pair.grown)] * len(found):
        return 1.0  # also where all are of one size
    return pearson(ours, theirs)


def _curve(values: Sequence[float | None], bottom: float, colour: str, wide: int) -> list[str]:
    pitch = (WIDTH - LEFT - RIGHT) / BINS
    path, pen = [], "M"
    for place, value in enumerate(values):
        if value is None:
            pen = "M"
            continue
        y = bottom - BAND * value
        path.append(f"{pen}{LEFT + pitch * place:.1f} {y:.1f}h{pitch:.1f}")
        pen = "L"
    if not path:
        return []
    return [f'<path d="{"".join(path)}" fill="none" stroke="{colour}" stroke-width="{wide}"/>']


def _text(x: float, y: float, text: str, *, size: int, anchor: str = "start") -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}">'
        f"{escape(text)}</text>"
    )
