"""A real Prometheus takes the rules, scrapes the server, and answers what the dashboard asks."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.page import Seat
from tests.support.patience import wait_until
from tests.support.prometheus import Prometheus, configure, promtool
from tests.support.promql import CONFIG, alerts, questions, read_yaml, with_values
from tests.support.server import Serve, Server

SECRET = "a secret of at least thirty-two bytes"
TRIALS = Path(__file__).parents[1] / "data" / "alerts.yml"

NOT_IN_THIS_CALL = {
    "Chat in clear or opaque A",
    "Chat in clear or opaque B",
    "Groups A",
    "Held back on purpose A",
    "Other drops A",
    "Packets asked for again A",
    "Retransmissions A",
    "Sealed frames refused A",
}
"""What stays empty while small pictures are watched in full, nothing is lost and nothing said."""


@pytest.fixture
def prometheus(server: Server, tmp_path: Path) -> Iterator[Prometheus]:
    """A Prometheus that scrapes the server once a second."""
    prometheus = Prometheus(tmp_path, server)
    yield prometheus
    prometheus.stop()


def test_alert_rules_are_rules() -> None:
    """Promtool reads them all."""
    assert f"{len(alerts())} rules found" in promtool("check", "rules", f"{CONFIG / 'alerts.yml'}")


def test_alerts_fire_when_they_should() -> None:
    """And only then: tests/data/alerts.yml plays what happens, and each alert is tried there."""
    assert "SUCCESS" in promtool("test", "rules", str(TRIALS))
    tried = TRIALS.read_text(encoding="utf-8")
    assert [rule["alert"] for rule in alerts() if rule["alert"] not in tried] == []


def test_the_configuration_is_one(tmp_path: Path) -> None:
    """With the token and the rules where it looks for them."""
    configuration = configure(tmp_path, port=8080, token="t")
    said = promtool("check", "config", str(configuration))
    assert f"{len(alerts())} rules found" in said


def test_what_the_dashboard_asks_is_promql(tmp_path: Path) -> None:
    """Each expression, with the variables filled in as Grafana does."""
    rules = [
        {"record": f"asked:{number}", "expr": with_values(question.text, window="1m")}
        for number, question in enumerate(questions())
    ]
    file = tmp_path / "rules.yml"  # JSON is YAML
    file.write_text(json.dumps({"groups": [{"name": "all", "rules": rules}]}), encoding="utf-8")
    assert f"{len(rules)} rules found" in promtool("check", "rules", str(file))


def test_scrapes_with_the_token_that_the_compose_file_makes(serve: Serve, tmp_path: Path) -> None:
    """A server with a secret lets Prometheus in, which loads all rules and has none fire."""
    server = serve(SFU_AUTH_SECRET=SECRET)
    command = read_yaml(CONFIG / "compose.yaml")["services"]["scrape-token"]["entrypoint"]
    command[-1] = command[-1].replace("/token/scrape", str(tmp_path / "scrape"))
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = {"PATH": path, "SFU_AUTH_SECRET": SECRET}
    subprocess.run(command, check=True, timeout=30, env=environment)  # noqa: S603 - ours
    server.bearer = (tmp_path / "scrape").read_text(encoding="utf-8")
    prometheus = Prometheus(tmp_path, server)
    try:
        wait_until(lambda: prometheus.query("up") == 1, 30, "the token is taken")
        wait_until(lambda: prometheus.query("sfu_rooms") == 0, 30, "metrics are there")
        (group,) = prometheus.ask("rules")["groups"]
        assert {rule["state"] for rule in group["rules"]} == {"inactive"}
        assert [rule["name"] for rule in group["rules"]] == [rule["alert"] for rule in alerts()]
    finally:
        prometheus.stop()


def test_answers_what_the_dashboard_asks_during_a_call(
    prometheus: Prometheus, server: Server, person: Seat
) -> None:
    """Every panel has something to show, but those about loss and wishes; no alert is firing."""
    for name in ("Ana", "Ben"):
        person(name, "chromium").join(server.url, "watched", camera="320x180@15")
    forwarded = 'sum(rate(sfu_packets_total{direction="out"}[10s]))'
    wait_until(lambda: (prometheus.query(forwarded) or 0) > 10, 30, "Prometheus counts packets")
    assert prometheus.query('up{job="milkglass"}') == 1
    assert prometheus.query('sfu_participants{state="present"}') == 2
    asked = {
        question.where: with_values(question.text, window="10s")
        for question in questions()
        if not question.where.startswith("Milkglass") and question.where not in NOT_IN_THIS_CALL
    }

    unanswered = set(asked)

    def ask() -> bool:
        unanswered.difference_update(w for w in asked if prometheus.series(asked[w]))
        return not unanswered

    try:
        wait_until(ask, 30, "every panel has something to show")
    except AssertionError as error:
        error.add_note(f"unanswered: {unanswered}")
        raise
    assert prometheus.series('ALERTS{alertstate="firing"}') == []
