"""What the dashboard and the alert rules ask for is what the server's /metrics has."""

import re
from collections.abc import Mapping
from itertools import combinations
from pathlib import Path
from typing import Any, get_args

import pytest
from prometheus_client.parser import text_string_to_metric_families

from sfu.media.feedback import RTCP_KINDS
from sfu.media.inbound import Drop
from sfu.media.key_frames import KeyFrameCause
from sfu.media.retransmission import Answer
from sfu.media.selector import Direction, SwitchReason, Verdict
from sfu.rooms.events import Said
from sfu.rooms.tally import tally_commit, tally_refusals
from sfu.server import Server
from sfu.signalling.values import Mode
from sfu.signalling.websocket import Ending
from sfu.transport.drops import DatagramDrop, PeerDrop
from sfu.visibility.guesses import HEARD
from sfu.visibility.sheet import Seen
from sfu.wire.rtcp import GenericNack
from tests.support.hall import Hall
from tests.support.media import RTX, VIDEO_RTX_SSRC, VIDEO_SSRC, VP8
from tests.support.packets import rtp, vp8
from tests.support.promql import (
    Expression,
    alerts,
    dashboard,
    kept_labels,
    matchers,
    metrics,
    questions,
)
from tests.support.running import settings

PAGE = Path(__file__).parents[2] / "docs" / "operations.md"

QUESTIONS = [pytest.param(question, id=question.where) for question in questions()]

OF_PROMETHEUS = {"up": {"job", "instance"}, "ALERTS": {"alertname", "alertstate", "instance"}}
"""Series that Prometheus makes itself."""

PANELS = dashboard()["panels"]
GRAPHS = [panel for panel in PANELS if panel["type"] != "row"]
COLUMNS = 24


def picture(number: int) -> bytes:
    return rtp(
        vp8(key_frame=number == 0, picture_id=number),
        sequence_number=number,
        timestamp=6000 * number,
        ssrc=VIDEO_SSRC,
        payload_type=VP8,
        marker=True,
    )


def repeated_picture(number: int) -> bytes:
    """The same again, as RFC 4588 has it."""
    payload = number.to_bytes(2, "big") + vp8(key_frame=False, picture_id=number)
    timestamp = 6000 * number
    return rtp(
        payload, sequence_number=9, timestamp=timestamp, ssrc=VIDEO_RTX_SSRC, payload_type=RTX
    )


def busy_call(server: Server) -> None:
    """People on a server without sockets: one sample at least of everything that is counted."""
    hall = Hall()
    hall.directory, hall.node = server.directory, server.node
    ana, (camera, microphone) = hall.publisher()
    ben = hall.viewer(camera, microphone)
    ana.send([picture(0), picture(1), picture(3), repeated_picture(2)])
    hall.pass_time(0.5)
    (watched, _) = ben.participant.subscriptions.values()
    nack = GenericNack(1, watched.outbound.ssrc, (0,))
    ben.participant.router.receive_rtcp(nack.encode(), now=hall.now)
    ben.participant.router.feedback.round_trip = 0.25
    ben.participant.wish(camera, 0, now=hall.now)
    hall.viewer(camera)
    ana.send([picture(4)])
    stranger = hall.enter()
    stranger.connect(ready=False)
    stranger.participant.room.remove(stranger.participant, "left")
    tally_refusals(ana.participant.room.ended, {"replayed": 1})
    tally_commit(ana.participant.room.ended, accepted=True)
    ana.participant.room.say(Said(ana.participant, "Hello."), 6)
    hall.pass_time(0.5)


@pytest.fixture(scope="module")
def exposed() -> Mapping[str, set[str]]:
    """The labels of each series of /metrics, by its name."""
    server = Server(settings(), None)
    busy_call(server)
    body, _ = server.services().render_metrics()
    found: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(body.decode()):
        assert family.samples, f"nothing is counted in {family.name}: its labels are unknown"
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels, {"job", "instance"})
    return found | OF_PROMETHEUS


@pytest.mark.parametrize("question", QUESTIONS)
def test_asks_for_what_is_there(question: Expression, exposed: Mapping[str, set[str]]) -> None:
    """Each metric exists, and has the labels that are looked at, kept or shown."""
    assert metrics(question.text)
    assert metrics(question.text) <= exposed.keys()
    for matcher in matchers(question.text):
        assert matcher.label in exposed[matcher.metric], matcher
    kept = {"instance"} if "by (" not in question.text else set()
    for labels, series in kept_labels(question.text):
        assert series
        assert all(labels <= exposed[metric] for metric in series), labels
        kept |= labels
    assert question.shown <= kept | {"instance"}


def names(*enumerations: Any) -> set[str]:  # noqa: ANN401 - classes of IntEnum
    return {name.lower() for enumeration in enumerations for name in enumeration.__members__}


VALUES: Mapping[str, set[str]] = {
    "job": {"milkglass"},
    "alertstate": {"pending", "firing"},
    "alertname": {rule["alert"] for rule in alerts()},
    "kind": {"audio", "video"},
    "leg": {"publisher", "subscriber"},
    "of": {"mean", "worst"},
    "state": {"present", "absent"},
    "stage": {"datagram", "peer", "stream", "copy", "rtcp", "socket"},
    "direction": {"in", "out", *Direction},
    "type": set(RTCP_KINDS),
    "cause": set(KeyFrameCause),
    "answer": names(Answer),
    "by": names(Ending),
    "layer": {"none"},
    "held": {"clear", "opaque"},
    "mode": set(get_args(Mode)),
    "heard": set(HEARD.values()),
    "verdict": {*get_args(Seen), "untried"},
    "result": {"connected", "closed", "closed_by_peer"},
    "reason": names(DatagramDrop, PeerDrop, Drop, Verdict)
    | set(SwitchReason)
    | set(Server(settings(), None)._socket_drops()),  # noqa: SLF001 - its names
}


@pytest.mark.parametrize("question", QUESTIONS)
def test_asks_for_values_that_occur(question: Expression) -> None:
    """A misspelled reason would be an alert that never fires."""
    for matcher in matchers(question.text):
        if matcher.value.startswith("$"):
            continue
        alternatives = [matcher.value] if "(" in matcher.value else matcher.value.split("|")
        for value in alternatives:
            found = [one for one in VALUES[matcher.label] if re.fullmatch(value, one)]
            assert found, f"{matcher.label} is never {value}"


def test_every_alert_is_explained() -> None:
    """One row each in docs/operations.md; each rule has a severity, and says what to do."""
    text = PAGE.read_text(encoding="utf-8")
    table = text.partition("<!-- alerts: begin -->")[2].partition("<!-- alerts: end -->")[0]
    explained = re.findall(r"^\| `(\w+)` \| (\w+) \|", table, flags=re.MULTILINE)
    assert explained == [(rule["alert"], rule["labels"]["severity"]) for rule in alerts()]
    for rule in alerts():
        assert rule["labels"]["severity"] in {"critical", "warning"}
        assert rule["annotations"].keys() == {"summary", "action"}


def test_panels_have_a_place_of_their_own() -> None:
    """Nothing overlaps or sticks out, and no two have the same number."""
    places = [panel["gridPos"] for panel in PANELS]
    assert all(0 <= place["x"] <= COLUMNS - place["w"] for place in places)
    for one, other in combinations(places, 2):
        apart_x = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        apart_y = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert apart_x or apart_y, (one, other)
    assert len({panel["id"] for panel in PANELS}) == len(PANELS)


def test_rows_are_full_and_in_order() -> None:
    """What is under a heading fills the page's width, without gaps that Grafana would close."""
    for top in {panel["gridPos"]["y"] for panel in PANELS}:
        line = [panel["gridPos"] for panel in PANELS if panel["gridPos"]["y"] == top]
        assert sum(place["w"] for place in line) == COLUMNS
        assert len({place["h"] for place in line}) == 1
    order = [(panel["gridPos"]["y"], panel["gridPos"]["x"]) for panel in PANELS]
    assert order == sorted(order)


@pytest.mark.parametrize("panel", GRAPHS, ids=[panel["title"] for panel in GRAPHS])
def test_a_panel_says_what_it_shows(panel: dict[str, Any]) -> None:
    """Title, description, unit, legend, thresholds that rise; data from the chosen Prometheus."""
    assert panel["title"]
    assert panel["description"].endswith(".")
    defaults = panel["fieldConfig"]["defaults"]
    assert defaults["unit"]
    steps = [step["value"] for step in defaults["thresholds"]["steps"]]
    assert steps[0] is None
    assert steps[1:] == sorted(steps[1:])
    assert len({target["refId"] for target in panel["targets"]}) == len(panel["targets"]) > 0
    for part in (panel, *panel["targets"]):
        assert part["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
    for target in panel["targets"]:
        assert target["legendFormat"]
        assert all(
            'instance=~"$instance"' in chosen
            for chosen in re.findall(r"\{([^}]*)\}", target["expr"])
        )


def test_the_dashboard_imports_as_it_is() -> None:
    """No input to fill in, no number of another Grafana; every variable used is declared."""
    board = dashboard()
    assert "__inputs" not in board
    assert board.get("id") is None
    assert board["uid"]
    declared = {variable["name"] for variable in board["templating"]["list"]}
    assert declared == {"datasource", "instance"}
    used = set(re.findall(r"\$\{?(\w+)", (str(board["panels"]) + str(board["annotations"]))))
    assert used <= declared | {"__rate_interval"}


def test_everything_that_the_server_counts_is_on_the_dashboard(
    exposed: Mapping[str, set[str]],
) -> None:
    """A metric that nobody looks at need not be counted."""
    asked = {metric for panel in GRAPHS for t in panel["targets"] for metric in metrics(t["expr"])}
    bases = {re.sub(r"_(bucket|sum|count)$", "", metric) for metric in exposed}
    assert bases - {re.sub(r"_bucket$", "", metric) for metric in asked} == set()
