"""Metrics: what is counted can be read, under names that the documentation has."""

import re
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from sfu.media.depth import Depth
from sfu.metrics import Sources, registry_of, render
from sfu.transport.latency import Histogram
from sfu.visibility.guesses import Guesses
from tests.support.hall import Hall
from tests.support.media import VIDEO_SSRC, VP8, audio_track, video_track
from tests.support.packets import rtp, vp8

PAGE = Path(__file__).parents[2] / "docs" / "operations.md"


def registry_over(hall: Hall) -> CollectorRegistry:
    return registry_of(
        Sources(
            directory=hall.directory,
            node=hall.node,
            forwarding=Histogram(),
            loop_lag=Histogram(),
            socket_drops=lambda: {"receive_buffer_full": 3},
            websockets=lambda: {"silent": 2},
            recorded_bytes=lambda: 17,
            guesses=Guesses(hall.directory),
        )
    )


@pytest.fixture
def hall() -> Hall:
    return Hall()


def value(registry: CollectorRegistry, name: str, **labels: str) -> float:
    return registry.get_sample_value(name, labels) or 0.0


def picture(number: int) -> bytes:
    return rtp(
        vp8(key_frame=number == 0, picture_id=number),
        sequence_number=number,
        timestamp=6000 * number,
        ssrc=VIDEO_SSRC,
        payload_type=VP8,
        marker=True,
    )


def test_a_switch_counts_even_if_its_viewer_leaves_at_once(hall: Hall) -> None:
    """What has happened since the last tick is counted before the copy is forgotten."""
    ana, (camera,) = hall.publisher(video_track())
    ben = hall.viewer(camera)
    ana.send([picture(0)])
    ben.watch()
    registry = registry_over(hall)
    labels = {"direction": "on", "reason": "start"}
    assert value(registry, "sfu_layer_switches_total", **labels) == 1


def test_packets_are_counted_on_both_sides(hall: Hall) -> None:
    """Each copy counts."""
    ana, (camera,) = hall.publisher(video_track())
    hall.viewer(camera)
    hall.viewer(camera)
    ana.send([picture(number) for number in range(5)])
    registry = registry_over(hall)
    assert value(registry, "sfu_packets_total", direction="in", kind="video") == 5
    assert value(registry, "sfu_packets_total", direction="out", kind="video") == 10
    assert value(registry, "sfu_subscriptions", kind="video", layer="S0T0") == 2


def test_no_sum_goes_back_when_people_leave(hall: Hall) -> None:
    """Prometheus would take it for a restart."""
    registry = registry_over(hall)
    ana, (camera,) = hall.publisher(video_track())
    ben = hall.viewer(camera)
    ben.participant.wish(camera, 0, now=hall.now)
    ana.send([picture(number) for number in range(5)])
    hall.pass_time(1)
    before = _counters(registry)
    for guest in (ben, ana):
        guest.participant.room.remove(guest.participant, "left")
    hall.pass_time(1)
    after = _counters(registry)
    assert before
    assert all(after.get(sample, 0) >= count for sample, count in before.items())
    assert value(registry, "sfu_participants", state="present") == 0


def _counters(registry: CollectorRegistry) -> dict[tuple[str, str], float]:
    return {
        (sample.name, str(sorted(sample.labels.items()))): sample.value
        for family in registry.collect()
        if family.type in {"counter", "histogram"}
        for sample in family.samples
    }


def test_a_switch_is_counted_with_its_reason_and_its_delay(hall: Hall) -> None:
    """In the histogram too."""
    ana, (camera,) = hall.publisher(video_track())
    ben = hall.viewer(camera)
    ana.send([picture(0)])
    hall.pass_time(0.2)
    ben.participant.wish(camera, 0, now=hall.now)
    ana.send([picture(1)])
    hall.pass_time(0.2)
    registry = registry_over(hall)
    assert value(registry, "sfu_layer_switches_total", direction="on", reason="start") == 1
    assert value(registry, "sfu_layer_switches_total", direction="off", reason="wish") == 1
    assert value(registry, "sfu_layer_switch_seconds_count", direction="off") == 1


def test_who_is_away_is_counted_apart(hall: Hall) -> None:
    """Until they return or are gone."""
    ana, _ = hall.enter(), hall.enter()
    ana.participant.drop_out(now=hall.now)
    registry = registry_over(hall)
    assert value(registry, "sfu_participants", state="absent") == 1
    assert value(registry, "sfu_participants", state="present") == 1


def test_every_metric_is_documented_and_exists(hall: Hall) -> None:
    """The table of docs/operations.md names them all, with their labels, and no other."""
    ana, publications = hall.publisher(video_track(), audio_track())
    hall.viewer(*publications)
    ana.send([picture(0)])
    hall.pass_time(2)
    body, _ = render(registry_over(hall))
    exposed = {
        family.name + ("_total" if family.type == "counter" else "")
        for family in text_string_to_metric_families(body.decode())
    }
    table = PAGE.read_text().partition("<!-- metrics: begin -->")[2].partition("<!-- metrics: end")
    documented = set(re.findall(r"^\| `(\w+)` \|", table[0], flags=re.MULTILINE))
    assert exposed == documented


@pytest.mark.parametrize(
    ("mode", "held", "depth"),
    [
        pytest.param("hop", "clear", Depth.MEDIA, id="hop"),
        pytest.param("e2ee-passphrase", "opaque", Depth.SHIM, id="sealed"),
    ],
)
def test_what_could_be_seen_is_counted(hall: Hall, mode: str, held: str, depth: Depth) -> None:
    """Bytes and depth by mode, two SRTP sessions each, a recording; and nothing of it goes back."""
    ana = hall.enter(mode=mode)
    ana.connect()
    ana.publish(video_track())
    ana.send([picture(number) for number in range(5)])
    ana.participant.room.recording = object()  # type: ignore[assignment]
    registry = registry_over(hall)
    size = 5 * len(picture(0))
    where = {"mode": mode, "kind": "video"}
    assert value(registry, "sfu_visibility_bytes_total", held=held, **where) == size
    assert value(registry, "sfu_visibility_depth", **where) == depth
    assert value(registry, "sfu_visibility_keys", kind="srtp") == 2
    assert value(registry, "sfu_visibility_keys", kind="frame") == 0
    assert value(registry, "sfu_visibility_recordings", held=held) == 1
    assert value(registry, "sfu_visibility_witness_streams", verdict="untried", **where) == 1
    ana.publish()
    assert value(registry, "sfu_visibility_bytes_total", held=held, **where) == size


def test_labels_are_bounded_and_name_nobody(hall: Hall) -> None:
    """Identifiers, names and rooms do not appear; a room may tell who meets in it."""
    ana, publications = hall.publisher(room="secret-meeting")
    hall.viewer(*publications, room="secret-meeting")
    hall.pass_time(2)
    body, _ = render(registry_over(hall))
    text = body.decode()
    for name in ("secret-meeting", ana.participant.id, ana.participant.name, publications[0].id):
        assert name not in text
