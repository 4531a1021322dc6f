"""What is made of the counters: JSON and a verdict."""

from dataclasses import replace

import pytest

from sfu_clients.load.gauges import Histogram
from sfu_clients.load.report import Generator, Reception, judge, reception, report
from sfu_clients.load.server import Standing, Work, work
from tests.unit.clients.load.test_incoming import Viewer

AT_EASE = Generator(
    cpu=0.3, waited=0.02, lag_ms=1.0, sent=1000, sent_late=1, receive_drops=0, send_errors=0
)
UNKNOWN = Work(None, None)


def received_of(*viewers: Viewer) -> Reception:
    return reception([viewer.stream for viewer in viewers], replayed=0, now=viewers[0].now)


@pytest.fixture
def viewer() -> Viewer:
    """Somebody who saw sixty pictures."""
    viewer = Viewer()
    viewer.watch(60)
    return viewer


@pytest.mark.parametrize(
    ("generator", "lost", "slow", "server", "limit", "reason"),
    [
        pytest.param({}, 0, 2, None, "neither", "both had room", id="all is well"),
        pytest.param({"cpu": 0.9}, 0, 2, None, "generator", "90% of its core", id="busy"),
        pytest.param({"waited": 0.4}, 9, 2, None, "generator", "others had", id="starved"),
        pytest.param({"lag_ms": 80.0}, 0, 2, None, "generator", "80 ms late", id="late loop"),
        pytest.param({"sent_late": 50}, 0, 2, None, "generator", "5.0%", id="late packets"),
        pytest.param({"receive_drops": 3}, 3, 2, None, "generator", "3 datagrams", id="unread"),
        pytest.param({}, 0, 2, 0.95, "server", "95% of its core", id="the server is busy"),
        pytest.param({}, 9, 2, None, "server", "did not arrive", id="the server lost packets"),
        pytest.param({}, 0, 80, None, "server", "80 ms", id="the server is slow"),
    ],
)
def test_says_who_was_at_the_limit(  # noqa: PLR0913 - a table
    viewer: Viewer,
    *,
    generator: dict[str, float],
    lost: int,
    slow: float,
    server: float | None,
    limit: str,
    reason: str,
) -> None:
    """A generator that is itself at its limit must not judge a server."""
    received = replace(received_of(viewer), lost=lost)
    fared = replace(AT_EASE, **generator)  # type: ignore[arg-type]
    who, why = judge(fared, received, slow, Work(None, server))
    assert who == limit
    assert reason in why


def test_has_the_fields_that_others_rely_on(viewer: Viewer) -> None:
    """As in the interface of the command; what is not known is null."""
    told = report(received_of(viewer), Histogram(), AT_EASE, UNKNOWN, subscribers=1)
    assert told["subscribers"] == 1
    assert told["packets"] == viewer.stream.reception.received
    assert (told["loss"], told["freezes"]) == (0.0, 0)
    assert told["first_frame_ms"] == {"p50": pytest.approx(33.3), "p95": pytest.approx(33.3)}
    assert told["switch_ms"] is None
    assert told["forward_ms"] == {"p50": None, "p99": None, "p999": None}
    assert told["server_us_per_packet"] is None
    assert told["headroom"] == 0.7


def test_counts_those_who_saw_nothing_and_those_who_stand_still(viewer: Viewer) -> None:
    """A stream that never came, and one that never came back, have no freeze of their own."""
    blind = Viewer()
    viewer.now += 2.0
    received = received_of(viewer, blind)
    assert (received.without_picture, received.stalled, received.freezes) == (1, 1, 0)
    assert len(received.first_frames) == 1


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param(Standing(100, 1.0), Standing(1100, 1.05), (50.0, 0.01), id="all is known"),
        pytest.param(Standing(100, 1.0), Standing(100, 1.05), (None, 0.01), id="no packets"),
        pytest.param(Standing(100), Standing(1100), (None, None), id="no CPU time"),
        pytest.param(Standing(None, 1.0), Standing(None, 1.05), (None, 0.01), id="no metrics"),
    ],
)
def test_divides_cpu_time_by_packets(
    before: Standing, after: Standing, expected: tuple[float | None, float | None]
) -> None:
    """Between two moments, five seconds apart."""
    done = work(before, after, seconds=5.0)
    assert (done.us_per_packet, done.cpu_share) == pytest.approx(expected)
