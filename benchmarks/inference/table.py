"""The figures for people: tables that are also those of docs/inference.md."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

PAGE: Final = Path(__file__).parents[2] / "docs" / "inference.md"
BEGIN, END = "<!-- figures: begin -->\n", "<!-- figures: end -->"

_SPEECH: Final = (
    "mode",
    "mitigation",
    "kbit/s",
    "always the same",
    "the server's guess",
    "strong attacker",
    "audio level in clear",
)
_STREAMS: Final = (
    "mode",
    "mitigation",
    "audio or video",
    "key frames",
    "changes",
    "kbit/s of a film",
)

Row = Mapping[str, Any]


def tables(found: Row) -> str:
    """Speech first, then the rest."""
    parts = (
        "Speech, for each 0.1 s: accuracy, and balanced accuracy in brackets (0.50 knows nothing)",
        _table(_SPEECH, _speech(found)),
        "Streams: accuracy and base rate of audio or video; recall and precision of the others",
        _table(_STREAMS, _streams(found)),
    )
    return "\n\n".join(parts) + "\n"


def _speech(found: Row) -> Iterator[Sequence[str]]:
    for mode, mitigation in _places(found["speech"]):
        rows = {
            row["attacker"]: row
            for row in found["speech"]
            if (row["mode"], row["mitigation"]) == (mode, mitigation)
        }
        own, strong, level = rows["built in"], rows["strong"], rows["audio level"]
        yield (
            mode,
            mitigation,
            _bits(own),
            f"{own['base_rate']:.2f}",
            *map(_said, (own, strong, level)),
        )
    for row in found["chromium"]:
        yield _of_browser(row)


def _of_browser(row: Row) -> Sequence[str]:
    place = row["mode"], f"{row['mitigation']} (Chromium)", f"{row['kbps']:.1f}"
    if "built in" not in row:
        return (*place, "", f"unknown {row['unknown']:.0%}", "", "none to read")
    own, strong = row["built in"], row["strong"]
    return (*place, f"{own['base_rate']:.2f}", _said(own), _said(strong), "")


def _said(row: Row) -> str:
    if "accuracy" not in row:
        return "none to read"
    unknown = row.get("unknown", 0)
    words = f"{row['accuracy']:.2f} ({row['balanced_accuracy']:.2f})"
    return f"{words}, unknown {unknown:.0%}" if unknown > 0.01 else words  # noqa: PLR2004


def _bits(row: Row) -> str:
    return f"{row['kbps']:.1f} (x {row['ratio']:.2f})"


def _streams(found: Row) -> Iterator[Sequence[str]]:
    for kind, film in zip(found["kind"], found["pictures"], strict=True):
        yield (
            film["mode"],
            film["mitigation"],
            f"{kind['accuracy']:.3f}, {kind['base_rate']:.2f}",
            _found(film["key_frames"]),
            _found(film["changes"]),
            _bits(film),
        )
    for row in found["layers"]:
        yield row["mode"], "layers of a viewer", "", "", _found(row["changes"]), ""


def _found(row: Row) -> str:
    return f"{row['recall']:.2f}, {row['precision']:.2f}"


def _places(rows: Sequence[Row]) -> list[tuple[str, str]]:
    return list(dict.fromkeys((row["mode"], row["mitigation"]) for row in rows))


def _table(heads: Sequence[str], rows: Iterator[Sequence[str]]) -> str:
    """As Markdown, in columns that people can read as they are."""
    lines = [heads, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(heads))]
    written = [
        "| "
        + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        + " |"
        for line in lines
    ]
    written.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(written)


def put_into_page(text: str) -> None:
    """Have docs/inference.md say it."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text(before + BEGIN + text + END + after, encoding="utf-8")
