"""What one viewer wishes changes what this viewer gets, and nobody else."""

import json
from typing import Any

import pytest

from tests.support.page import Page, Seat
from tests.support.patience import stays, wait_until
from tests.support.server import Server, fetch

HD, SD, BASE, OFF = "hd", "sd", "base", "off"
SWITCH_SECONDS = 15
CLIMB_SECONDS = 60
"""Until a publisher's own estimate lets it send three layers."""


@pytest.fixture
def people(server: Server, person: Seat) -> list[Page]:
    """Ana sends HD; Ben and Chi watch."""
    people = [person("Ana", "chromium"), person("Ben", "chromium"), person("Chi", "firefox")]
    people[0].join(server.url, "wishes", camera="1280x720@15")
    for one in people[1:]:
        one.join(server.url, "wishes", camera=0, mic=0)
    return people


def chip_says(page: Page, publication: str, spatial: str | None) -> None:
    """The chip shows this spatial layer, or none."""
    wait_until(
        lambda: (page.layer(publication) or "")[:2] == (spatial or ""),
        SWITCH_SECONDS,
        f"{page.name}'s chip shows {spatial}",
    )


def counts(server: Server, layers: dict[str, int]) -> None:
    """So many viewers get these layers, and nobody another.

    A busy machine may make the publisher itself leave HD out for a while: then all go without.
    """

    def agree() -> bool:
        video = {name: server.metric("sfu_subscriptions", kind="video", layer=name)
                 for name in layers}  # fmt: skip
        return video == layers and server.metric("sfu_subscriptions", kind="video") == sum(
            layers.values()
        )

    wait_until(agree, CLIMB_SECONDS, f"the layers of the viewers are {layers}")


def test_a_wish_changes_one_viewer_only(people: list[Page], server: Server) -> None:
    """HD, SD, base, off and HD again: Ben's decoded size follows, Chi's stays."""
    _, ben, chi = people
    publication = ben.publication("Ana", "camera")
    chi.publication("Ana", "camera")
    for one in (ben, chi):
        one.wish(publication, HD)
    for one in (ben, chi):
        one.decodes(publication, 720, CLIMB_SECONDS)

    for wish, height, spatial in ((SD, 360, "S1"), (BASE, 180, "S0")):
        ben.wish(publication, wish)
        ben.decodes(publication, height, SWITCH_SECONDS)
        chip_says(ben, publication, spatial)
        chi.decodes(publication, 720, CLIMB_SECONDS)
        chip_says(chi, publication, "S2")
        counts(server, {f"{spatial}T2": 1, "S2T2": 1})

    ben.wish(publication, OFF)
    chip_says(ben, publication, None)
    wait_until(lambda: is_still(ben, publication), SWITCH_SECONDS, "nothing reaches Ben")
    chi.decodes(publication, 720, CLIMB_SECONDS)
    counts(server, {"none": 1, "S2T2": 1})

    ben.wish(publication, HD)
    ben.decodes(publication, 720, CLIMB_SECONDS)
    chip_says(ben, publication, "S2")
    counts(server, {"S2T2": 2})
    assert server.metric("sfu_key_frame_requests_total", cause="wish") > 0
    ben.screenshot("wishes-ben")

    wished = [one for one in traced(server, ben, publication) if "wish" in cause(one)]
    switches = iter([one for one in wished if one["event"] == "switch"])
    for shown in ("S1", "S0", "", "S2"):  # a busy publisher may change its sizes in between
        assert any((one["to"] or "")[:2] == shown for one in switches), wished
    assert any(one["event"] == "key_frame_request" for one in wished), wished


def traced(server: Server, viewer: Page, publication: str) -> list[dict[str, Any]]:
    """What the trace tells of a subscription of somebody who publishes nothing."""
    status, text = fetch(f"{server.url}/rooms/wishes/trace")
    assert status == 200, text
    ident = (viewer.state() or {})["self"]
    (told,) = [
        one
        for one in json.loads(text)["subscriptions"]
        if (one["viewer"], one["publication"]) == (ident, publication)
    ]
    assert told["watched"]
    times = [event["at"] for event in told["events"]]
    assert times == sorted(times)
    events: list[dict[str, Any]] = told["events"]
    return events


def cause(event: dict[str, Any]) -> str:
    """Why it happened, in the words of metrics."""
    return str(event.get("reason") or event.get("cause"))


def is_still(page: Page, publication: str) -> bool:
    """No packet arrives for half a second."""
    before = page.received(publication).packets
    return stays(lambda: page.received(publication).packets == before, 0.5)


def test_every_switch_has_its_reason(people: list[Page], server: Server) -> None:
    """A person's wish is the reason of the switches that it causes, on the chip and in metrics."""
    _, ben, _ = people
    publication = ben.publication("Ana", "camera")
    ben.wish(publication, HD)
    ben.decodes(publication, 720, CLIMB_SECONDS)
    down = server.metric("sfu_layer_switches_total", direction="down", reason="wish")
    ben.wish(publication, BASE)
    ben.decodes(publication, 180, SWITCH_SECONDS)
    assert server.metric("sfu_layer_switches_total", direction="down", reason="wish") == down + 1
    assert (ben.find("Ana", "camera") or {})["reason"] == "wish"
