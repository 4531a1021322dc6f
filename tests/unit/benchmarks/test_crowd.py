"""What is concluded from what the members of a crowd told."""

from typing import Any

import pytest

from benchmarks.crowd import judge_crowd
from benchmarks.crowd_members import Gaps


def told(name: str, *, keys: str = "same", seen_at: float = 2.5) -> dict[str, Any]:
    """Of three: one leaves at 22 s, and two see each other after that."""
    leaves = name == "c"
    epochs = [(1.0, 1, "first"), (2.4, 2, keys)]
    sizes = [(1.0, 2), (seen_at, 3)]
    if not leaves:
        epochs.append((22.5, 3, "last"))
        sizes.append((22.6, 2))
    heard = {"first": 2.0, "last": 29.0, "longest": {"joining": 0.5, "calm": 0.1}}
    return {
        "name": name,
        "entered": {"a": 0.0, "b": 0.5, "c": 1.5}[name],
        "left": 22.0 if leaves else 30.0,
        "epochs": epochs,
        "sizes": sizes,
        "sent": {"SendCommit": 1},
        "sent_bytes": 100,
        "told_bytes": 1000,
        "thought": 0.5,
        "refused": {"repeated": 1},
        "heard": {other: heard for other in "abc" if other != name},
    }


def test_a_crowd_agrees_when_the_last_one_sees_all() -> None:
    """From when the last one came, and from when the last of those who leave went."""
    found = judge_crowd([told("a"), told("b", seen_at=2.9), told("c")], ["a", "b"])
    assert found["joining"]["converged_s"] == pytest.approx(1.4)
    assert found["leaving"]["converged_s"] == pytest.approx(0.6)
    assert found["joining"]["commits"] == 2
    assert found["joining"]["longest_silence_s"] == {"p50": 0.5, "max": 0.5}
    assert found["joining"]["first_sound_s"]["max"] == 1.5
    assert found["unheard_pairs"] == 0
    assert found["sent"] == {"SendCommit": 3}
    assert found["refused"] == {"repeated": 3}


def test_other_keys_are_no_agreement() -> None:
    """However many members they show."""
    found = judge_crowd([told("a"), told("b", keys="other"), told("c")], ["a", "b"])
    assert found["joining"]["converged_s"] is None
    assert found["leaving"]["converged_s"] == pytest.approx(0.6)


def test_gaps_belong_to_the_window_in_which_they_end() -> None:
    """The longest of each, and how many may be heard."""
    gaps = Gaps((("first", 0.0, 1.0), ("second", 1.0, 2.0)))
    for now in (0.5, 0.52, 0.6, 1.3, 1.32, 5.0):
        gaps.heard(now)
    assert gaps.longest == pytest.approx({"first": 0.08, "second": 0.7})
    assert gaps.gaps == {"first": 1, "second": 1}
    assert (gaps.first, gaps.last, gaps.pieces) == (0.5, 5.0, 6)
