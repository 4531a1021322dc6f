"""The table of `sfu-client` on the terminal: a row per publication."""

from collections.abc import Sequence
from typing import Any, Final

from rich.box import SIMPLE_HEAD
from rich.table import Table

COLUMNS: Final = {
    "id": "publication",
    "codec": "codec",
    "layer": "layer",
    "size": "size",
    "frames": "frames",
    "kbps": "kbit/s",
    "loss": "loss",
    "freezes": "freezes",
    "latency": "ms p50/p99",
    "state": "",
}
"""Heading of each column; those that are empty in all rows are left out."""


def table(reports: Sequence[dict[str, Any]], *, title: str) -> Table:
    """What the JSON says, for people."""
    rows = [_row(report) for report in reports]
    shown = [name for name in COLUMNS if any(row[name] for row in rows)]
    drawn = Table(title=title, title_justify="left", box=SIMPLE_HEAD, show_edge=False, padding=0)
    for name in shown:
        left = name in {"id", "state"}
        drawn.add_column(COLUMNS[name], justify="left" if left else "right", no_wrap=left)
    for row in rows:
        drawn.add_row(*(row[name] for name in shown))
    return drawn


def _row(report: dict[str, Any]) -> dict[str, str]:
    latency = report.get("latency_ms") or {}
    known = [value for value in latency.values() if value is not None]
    frames = report.get("frames_decoded", report.get("frames_sent", 0))
    return {
        "id": report["id"] or "",
        "codec": report["codec"] or "",
        "layer": report.get("layer") or "",
        "size": f"{report['width']}x{report['height']}" if report.get("height") else "",
        "frames": str(frames),
        "kbps": f"{report['kbps']:.0f}",
        "loss": f"{report['loss']:.2%}",
        "freezes": str(report.get("freezes", "")),
        "latency": "/".join(f"{value:.0f}" for value in known),
        "state": report.get("state", ""),
    }
