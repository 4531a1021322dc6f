"""What the alert rules and the dashboard ask Prometheus, taken apart as far as tests need.

Not a parser of PromQL: promtool is the judge of that. It reads the form that we write, in which
labels are given behind a metric (`name{label="value"}`) or before what is aggregated
(`sum by (label) (...)`).
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

CONFIG: Final = Path(__file__).parents[2] / "config"

METRIC: Final = re.compile(r"\b((?:sfu|process)_\w+|up\b|ALERTS\b)(?:\{([^}]*)\})?")
MATCHER: Final = re.compile(r'(\w+)\s*(=~|!~|!=|=)\s*"([^"]*)"')
KEPT: Final = re.compile(r"\bby\s*\(([^)]*)\)\s*")


class Expression(NamedTuple):
    """What is asked, and where."""

    where: str
    text: str
    shown: frozenset[str]  # the labels that a legend or an annotation mentions


class Matcher(NamedTuple):
    """`label="value"` behind a metric."""

    metric: str
    label: str
    operator: str
    value: str


def read_yaml(path: Path) -> Any:  # noqa: ANN401 - of any shape
    """What a YAML file says."""
    return msgspec.yaml.decode(path.read_bytes())


def dashboard() -> dict[str, Any]:
    """The dashboard, as Grafana imports it."""
    return dict(json.loads((CONFIG / "dashboard.json").read_text(encoding="utf-8")))


def alerts() -> list[dict[str, Any]]:
    """The alert rules, in their order."""
    groups = read_yaml(CONFIG / "alerts.yml")["groups"]
    return [rule for group in groups for rule in group["rules"]]


def questions() -> Iterator[Expression]:
    """Everything that rules and dashboard ask, with the variables of the dashboard as they are."""
    for rule in alerts():
        words = " ".join(rule["annotations"].values())
        shown = frozenset(re.findall(r"\$labels\.(\w+)", words))
        yield Expression(rule["alert"], rule["expr"], shown)
    for panel in dashboard()["panels"]:
        for target in panel.get("targets", []):
            shown = frozenset(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
            yield Expression(f"{panel['title']} {target['refId']}", target["expr"], shown)


def with_values(expression: str, *, window: str) -> str:
    """The expression as Grafana sends it, for all servers."""
    return expression.replace("$__rate_interval", window).replace("$instance", ".*")


def metrics(expression: str) -> set[str]:
    """The metrics that are asked for."""
    return {match[1] for match in METRIC.finditer(expression)}


def matchers(expression: str) -> list[Matcher]:
    """What is asked of the labels of each metric."""
    return [
        Matcher(metric[1], *matcher)
        for metric in METRIC.finditer(expression)
        for matcher in MATCHER.findall(metric[2] or "")
    ]


def kept_labels(expression: str) -> list[tuple[set[str], set[str]]]:
    """For each `by`: its labels, and the metrics that have to have them."""
    found = []
    for match in KEPT.finditer(expression):
        labels = {label.strip() for label in match[1].split(",")}
        found.append((labels, metrics(_parenthesis(expression[match.end() :]))))
    return found


def _parenthesis(text: str) -> str:
    """`text` up to the parenthesis that closes the one with which it begins."""
    assert text.startswith("("), f"`by` belongs before what is aggregated, not behind: {text}"
    depth = 0
    for at, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if depth == 0:
            return text[:at]
    raise AssertionError(f"never closed: {text}")
