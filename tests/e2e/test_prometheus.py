"""A real Prometheus scrapes the server, and answers."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.page import Seat
from tests.support.patience import wait_until
from tests.support.prometheus import Prometheus
from tests.support.server import Server


@pytest.fixture
def prometheus(server: Server, tmp_path: Path) -> Iterator[Prometheus]:
    """A Prometheus that scrapes the server once a second."""
    prometheus = Prometheus(tmp_path, server)
    yield prometheus
    prometheus.stop()


def test_answers_a_query_for_forwarded_packets(
    prometheus: Prometheus, server: Server, person: Seat
) -> None:
    """While a call goes on, Prometheus knows its rate of forwarded packets, and who is there."""
    for name in ("Ana", "Ben"):
        person(name, "chromium").join(server.url, "watched", camera="320x180@15")
    forwarded = 'sum(rate(sfu_packets_total{direction="out"}[10s]))'
    wait_until(lambda: (prometheus.query(forwarded) or 0) > 10, 30, "Prometheus counts packets")
    assert prometheus.query('up{job="milkglass"}') == 1
    assert prometheus.query('sfu_participants{state="present"}') == 2
    assert (prometheus.query("sfu_forwarding_seconds_count") or 0) > 0
