"""Viewing: freezes as the W3C counts them, latencies, and the report."""

from hypothesis import given
from hypothesis import strategies as st

from sfu_clients.viewing import REMEMBERED, Viewing, percentile


def watched(pauses: list[float]) -> Viewing:
    """Pictures with these pauses between them."""
    viewing, now = Viewing(asked_at=0.0), 1.0
    viewing.show(now=now)
    for pause in pauses:
        now += pause
        viewing.show(now=now)
    return viewing


def test_counts_freezes() -> None:
    """150 ms more than the average, and three times it; not in the first second."""
    assert watched([1 / 30] * 100).freezes == 0
    assert watched([1 / 30] * 40 + [0.19, 1 / 30, 0.17, 0.3]).freezes == 2
    assert watched([0.5, 1 / 30, 2.0]).freezes == 0
    assert watched([1.0] * 40 + [2.5]).freezes == 0, "two and a half times a slow average"


def test_a_pause_on_purpose_is_no_freeze() -> None:
    """A wish for nothing, and something again."""
    viewing = watched([1 / 30] * 40)
    viewing.interrupt()
    assert viewing.silent_since(now=100.0) is None
    viewing.show(now=100.0)
    assert viewing.freezes == 0
    assert viewing.silent_since(now=101.0) == 1.0


def test_reports_what_is_known() -> None:
    """Null before the first picture; the picture's own time is preferred to sender reports."""
    viewing = Viewing(asked_at=10.0)
    empty = viewing.report()
    assert empty["first_frame_ms"] is None
    assert empty["latency_ms"] == {"p50": None, "p99": None}
    assert empty["latency_from"] is None
    viewing.note_latency(0.5, from_picture=False)
    assert viewing.report()["latency_from"] == "sender report"
    for number in range(100):
        viewing.note_latency(number / 1000, from_picture=True)
    viewing.show(now=10.25)
    viewing.note_size(640, 360)
    report = viewing.report()
    assert report["latency_ms"] == {"p50": 50.0, "p99": 99.0}
    assert report["latency_from"] == "picture"
    assert (report["width"], report["height"], report["first_frame_ms"]) == (640, 360, 250.0)


@given(st.lists(st.floats(0, 10), min_size=1), st.floats(0, 1))
def test_percentiles_are_among_the_values(values: list[float], part: float) -> None:
    """Whatever part is asked for."""
    found = percentile(sorted(values), part)
    assert found is not None
    assert min(values) * 1000 - 0.01 <= found <= max(values) * 1000 + 0.01


def test_memory_is_bounded() -> None:
    """Only the last latencies count."""
    viewing = Viewing(asked_at=0.0)
    for _ in range(REMEMBERED):
        viewing.note_latency(9.0, from_picture=True)
    for _ in range(REMEMBERED):
        viewing.note_latency(0.1, from_picture=True)
    assert viewing.report()["latency_ms"]["p99"] == 100.0
