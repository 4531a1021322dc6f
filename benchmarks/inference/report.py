"""What the figures are: for each mode and mitigation, who is right how often, and what it costs."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from statistics import fmean
from typing import Any, Final

from benchmarks.inference import attackers, events
from benchmarks.inference.observed import Observed

ATTACKERS: Final = {
    "built in": None,
    "same features": attackers.built_in_rows,
    "strong": attackers.strong_rows,
    "audio level": attackers.level_rows,
}
"""By name; what each reads. The first is the server's own; the others have learnt from calls with
the same mitigation, in the same mode."""

FULL: Final = 50.0
"""Packets of sound in a second, if everybody keeps up."""


LONG_GAP: Final = 0.1
"""Seconds between two packets of sound: five were due."""


def judge(observed: Sequence[Observed], browsers: Sequence[Observed]) -> dict[str, Any]:
    """All figures, for the JSON."""
    conditions = _places(observed)
    test = [one for one in observed if one.split == "test"]
    filmed = _places(one for one in test if one.key_frames)
    return {
        "kept_up": _kept_up(observed),
        "speech": [row for place in conditions for row in _speech(observed, *place)],
        "kind": [_kind(test, *place) for place in filmed],
        "pictures": [_pictures(test, *place) for place in filmed],
        "chromium": [_chromium(observed, browsers, *place) for place in _places(browsers)],
        "layers": [_layers(test, mode) for mode in _modes(test)],
    }


def _places(observed: Iterable[Observed]) -> list[tuple[str, str]]:
    return list(dict.fromkeys((one.mode, one.mitigation) for one in observed))


def _modes(observed: Iterable[Observed]) -> list[str]:
    return list(dict.fromkeys(one.mode for one in observed))


def _of(
    observed: Iterable[Observed], mode: str, mitigation: str, kind: str, split: str
) -> list[Observed]:
    wanted = mode, mitigation, kind, split
    return [one for one in observed if (one.mode, one.mitigation, one.kind, one.split) == wanted]


def _kept_up(observed: Iterable[Observed]) -> dict[str, float]:
    """Whether the machine did: of the packets of sound that were due, those that came; and gaps."""
    rates: list[float] = []
    gaps: list[float] = []
    for one in observed:
        if one.kind == "audio":
            times = [packet.time for packet in one.packets]
            rates.append((len(times) - 1) / (times[-1] - times[0]) / FULL)
            gaps += [after - before for before, after in pairwise(times)]
    return {
        "packets_of_those_due": round(fmean(rates), 4),
        "worst_stream": round(min(rates), 4),
        "gaps_over_100_ms": round(sum(gap > LONG_GAP for gap in gaps) / len(gaps), 5),
    }


def _speech(observed: Sequence[Observed], mode: str, mitigation: str) -> list[dict[str, Any]]:
    test = _of(observed, mode, mitigation, "audio", "test")
    train = _of(observed, mode, mitigation, "audio", "train")
    plain = _of(observed, mode, "none", "audio", "test")
    if not test:
        return []
    kbps, before = fmean(one.kbps for one in test), fmean(one.kbps for one in plain)
    rows = []
    for name, read in ATTACKERS.items():
        row: dict[str, Any] = {"mode": mode, "mitigation": mitigation, "attacker": name}
        if read is None:
            confusion, unknown = attackers.built_in(test)
            row |= {"unknown": round(unknown, 3), **confusion.told()}
        else:
            judged = attackers.adapted(train, test, read)
            row |= {"nothing_to_read": True} if judged is None else judged.told()
        rows.append(row | {"kbps": round(kbps, 1), "ratio": round(kbps / before, 2)})
    return rows


def _kind(test: Iterable[Observed], mode: str, mitigation: str) -> dict[str, Any]:
    streams = [one for one in test if (one.mode, one.mitigation) == (mode, mitigation)]
    confusion, unknown = events.kinds(streams)
    return {
        "mode": mode,
        "mitigation": mitigation,
        "unknown": round(unknown, 3),
        **confusion.told(),
    }


def _pictures(test: Iterable[Observed], mode: str, mitigation: str) -> dict[str, Any]:
    streams = [one for one in _of(test, mode, mitigation, "video", "test") if one.key_frames]
    plain = [one for one in _of(test, mode, "none", "video", "test") if one.key_frames]
    kbps = fmean(one.kbps for one in streams)
    return {
        "mode": mode,
        "mitigation": mitigation,
        "key_frames": events.key_frames(streams).told(),
        "changes": events.changes(streams).told(),
        "kbps": round(kbps, 1),
        "ratio": round(kbps / fmean(one.kbps for one in plain), 2),
    }


def _layers(test: Iterable[Observed], mode: str) -> dict[str, Any]:
    streams = [one for one in _of(test, mode, "none", "video", "test") if not one.key_frames]
    return {"mode": mode, "changes": events.changes(streams).told()}


def _chromium(
    observed: Sequence[Observed], browsers: Iterable[Observed], mode: str, mitigation: str
) -> dict[str, Any]:
    """Who has learnt from Python clients listens to browsers; those that hide have no labels."""
    test = [one for one in browsers if (one.mode, one.mitigation) == (mode, mitigation)]
    confusion, unknown = attackers.built_in(test)
    row: dict[str, Any] = {
        "mode": mode,
        "mitigation": mitigation,
        "kbps": round(fmean(one.kbps for one in test), 1),
    }
    if mitigation != "none":
        sizes = [len({packet.size for packet in one.packets}) for one in test]
        return row | {"unknown": round(unknown, 3), "sizes": sizes}
    train = _of(observed, mode, "none", "audio", "train")
    strong = attackers.adapted(train, test, attackers.strong_rows)
    return row | {
        "built in": {"unknown": round(unknown, 3), **confusion.told()},
        "strong": None if strong is None else strong.told(),
    }
