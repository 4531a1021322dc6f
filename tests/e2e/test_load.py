"""A load on a real server: everybody sees everybody, nothing is lost, nothing is left."""

import json
import signal
import subprocess
import sys
import time
from typing import Any

import pytest

from tests.support.patience import wait_until
from tests.support.secrets import SECRET
from tests.support.server import Server

SECONDS = 5
SEALED = ("--mode", "e2ee-passphrase", "--secret", SECRET)


def load(server: Server, *options: str) -> dict[str, Any]:
    """Run `sfu-client load`; return its JSON."""
    done = subprocess.run(  # noqa: S603 - our own command
        command(server, *options), capture_output=True, text=True, timeout=90, check=False
    )
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def command(server: Server, *options: str) -> list[str]:
    return [sys.executable, "-m", "sfu_clients", "load", server.url, "--json", *options]


def is_forgotten(server: Server) -> None:
    """Everybody has left; whose signalling broke on a busy machine is waited for ten seconds."""
    wait_until(lambda: server.metric("sfu_participants") == 0, 20, "the server forgets them")
    assert server.metric("sfu_rooms") == 0


@pytest.mark.parametrize(
    ("options", "watchers", "streams"),
    [
        pytest.param(
            ("--layout", "webinar", "--publishers", "1", "--subscribers", "8"), 8, 16, id="webinar"
        ),
        pytest.param(("--layout", "meeting", "--publishers", "3"), 3, 12, id="meeting"),
        pytest.param(("--layout", "audio", "--publishers", "3"), 3, 6, id="audio"),
        pytest.param(
            ("--layout", "webinar", "--subscribers", "2", "--recording", "av1-l3t3"), 2, 4, id="AV1"
        ),
        pytest.param(
            ("--layout", "webinar", "--subscribers", "2", "--recording", "vp8-simulcast"),
            2,
            4,
            id="VP8",
        ),
        pytest.param(
            ("--layout", "webinar", "--subscribers", "2", "--recording", "h264-l1t3"),
            2,
            4,
            id="H.264",
        ),
        pytest.param(("--layout", "webinar", "--subscribers", "2", *SEALED), 2, 4, id="sealed"),
        pytest.param(
            ("--layout", "webinar", "--subscribers", "2", *SEALED, "--recording", "av1-l3t3-key"),
            2,
            4,
            id="sealed AV1",
        ),
    ],
)
def test_everybody_sees_everybody(
    server: Server, options: tuple[str, ...], watchers: int, streams: int
) -> None:
    """No packet is lost, every frame decodes, and the server forgets them all."""
    told = load(server, *options, "--seconds", str(SECONDS))
    assert (told["subscribers"], told["streams"]) == (watchers, streams)
    assert (told["loss"], told["duplicates"], told["without_picture"]) == (0.0, 0, 0)
    assert (told["not_connected"], told["lost_connections"]) == (0, 0)
    assert told["packets"] > streams * SECONDS * 15
    assert told["undecodable_frames"] == 0
    assert 0 < told["first_frame_ms"]["p50"] <= told["first_frame_ms"]["p95"]
    assert 0 < told["forward_ms"]["p50"] <= told["forward_ms"]["p999"]
    assert 0 <= told["headroom"] <= 1
    assert told["limit"] in {"neither", "generator", "server"}
    assert told["switch_ms"] is None
    assert told["server_us_per_packet"] > 0
    is_forgotten(server)


def test_reports_what_a_packet_costs_the_server(server: Server) -> None:
    """If it is told which process that is."""
    told = load(
        server,
        *("--layout", "webinar", "--subscribers", "3", "--seconds", "3"),
        *("--server-pid", str(server.process.pid)),
    )
    assert told["server_us_per_packet"] > 0
    assert 0 < told["server_cpu"] < 1.1


def test_ctrl_c_ends_it_with_its_report(server: Server) -> None:
    """Before its time, and as cleanly."""
    options = ("--layout", "webinar", "--subscribers", "2", "--seconds", "600")
    running = subprocess.Popen(  # noqa: S603 - our own command
        command(server, *options), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        wait_until(lambda: server.metric("sfu_subscriptions") == 4, 30, "everybody watches")
        time.sleep(1)
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=20)
    finally:
        running.kill()
        running.wait()
    assert running.returncode == 0, err
    assert json.loads(out)["seconds"] < 30
    is_forgotten(server)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        pytest.param(("--layout", "churn"), "There is no layout 'churn' yet", id="layout"),
        pytest.param(("--layout", "meeting", "--seconds", "4000"), "at most 3600", id="seconds"),
        pytest.param(
            ("--layout", "meeting", "--recording", "nothing"),
            "no recording nothing",
            id="recording",
        ),
        pytest.param(
            ("--layout", "meeting", *SEALED, "--recording", "h264-l1t3"),
            "cannot be sealed",
            id="a codec that cannot be sealed",
        ),
        pytest.param(
            ("--layout", "webinar", "--subscribers", "60"),
            "50 people are in the room",
            id="full room",
        ),
    ],
)
def test_says_mistakes_in_one_sentence(
    server: Server, options: tuple[str, ...], sentence: str
) -> None:
    """And leaves nothing behind."""
    done = subprocess.run(  # noqa: S603 - our own command
        command(server, *options), capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode in {1, 2}
    assert done.stderr.startswith("sfu-client: ")
    assert done.stderr.count("\n") == 1
    assert sentence in done.stderr
    is_forgotten(server)
