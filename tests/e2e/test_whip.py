"""FFmpeg's own WHIP muxer publishes into rooms; what it cannot do, nobody has to suffer for."""

import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.commands import client
from tests.support.ffmpeg import FfmpegPublisher
from tests.support.page import Seat
from tests.support.patience import wait_until
from tests.support.server import Serve, Server
from tests.support.tokens import SECRET, token

NAME = "WHIP publisher"
START_SECONDS = 30.0
CONSENT_SECONDS = 30.0
"""RFC 7675: how long somebody who vanished is waited for."""

Publish = Callable[..., FfmpegPublisher]


@pytest.fixture
def publish(serve: Serve, tmp_path: Path) -> Iterator[Publish]:
    """Start publishers; those that still run are ended."""
    assert serve
    running: list[FfmpegPublisher] = []

    def start(server: Server, *options: str) -> FfmpegPublisher:
        running.append(FfmpegPublisher(tmp_path, f"{server.url}/whip/studio", *options))
        return running[-1]

    yield start
    for publisher in running:
        publisher.stop()


def wait_for_media(server: Server, publisher: FfmpegPublisher) -> None:
    """Packets arrive."""

    def arrived() -> bool:
        assert publisher.alive, publisher.said
        return server.metric("sfu_packets_total", direction="in") > 0

    wait_until(arrived, START_SECONDS, "FFmpeg sends")


def wait_for_the_end(publisher: FfmpegPublisher) -> None:
    """It gives up by itself."""
    wait_until(lambda: not publisher.alive, START_SECONDS, "FFmpeg gives up")


def is_empty(server: Server) -> bool:
    """Whether nothing is left of anybody."""
    return not any(
        server.metric(f"sfu_{what}") for what in ("rooms", "participants", "publications")
    )


def test_a_page_sees_and_hears_it(server: Server, publish: Publish, person: Seat) -> None:
    """Pixels move and there is sound; when FFmpeg ends its publications end, by its DELETE."""
    ana = person("Ana", "chromium")
    ana.join(server.url, "studio", camera=0, mic=0)
    publisher = publish(server)
    ana.sees(NAME)
    ana.hears(NAME)
    ana.screenshot("whip")
    assert server.metric("sfu_participants", state="present") == 2
    assert server.metric("sfu_publications", kind="video") == 1
    assert server.metric("sfu_publications", kind="audio") == 1
    assert (ana.find(NAME, "camera") or {})["codec"] == "H264"
    assert publisher.stop() == 0, publisher.said
    wait_until(lambda: ana.find(NAME, "camera") is None, 10, "Ana sees that it has ended")
    assert server.metric("sfu_participants") == 1
    assert server.metric("sfu_publications") == 0


def test_a_client_decodes_it(server: Server, publish: Publish, tmp_path: Path) -> None:
    """`sfu-client subscribe` gets H.264 and Opus whole."""
    publisher = publish(server)
    wait_for_media(server, publisher)
    watching = ("subscribe", server.url, "--room", "studio", "--seconds", "10", "--json")
    with client(tmp_path, *watching) as subscriber:
        assert subscriber.ends() == 0, subscriber.process.said
        came = {report["codec"]: report for report in subscriber.publications()}
    assert came.keys() == {"H264", "opus"}
    assert all(report["frames_decoded"] > 50 for report in came.values())
    assert all(report["loss"] == 0 for report in came.values())


def test_who_comes_late_waits_for_its_next_key_frame(
    server: Server, publish: Publish, person: Seat
) -> None:
    """The muxer takes no PLI, so nobody sends one, and metrics say so; then the picture comes."""
    wait_for_media(server, publish(server, "--gop", "5"))
    ana = person("Ana", "chromium")
    ana.join(server.url, "studio", camera=0, mic=0)
    ana.sees(NAME)
    assert server.metric("sfu_key_frame_requests_total", cause="subscribed") > 0
    assert server.metric("sfu_key_frame_requests_unheard_total") > 0
    assert server.metric("sfu_key_frame_requests_sent_total") == 0


@pytest.mark.parametrize(
    ("option", "kind"),
    [
        pytest.param("--no-video", "audio", id="audio"),
        pytest.param("--no-audio", "video", id="video"),
    ],
)
def test_one_kind_is_enough(server: Server, publish: Publish, option: str, kind: str) -> None:
    """An offer of one m-line is as good as one of two."""
    wait_for_media(server, publish(server, option))
    assert server.metric("sfu_publications") == 1
    assert server.metric("sfu_publications", kind=kind) == 1


def test_a_profile_that_browsers_lack_is_refused(server: Server, publish: Publish) -> None:
    """H.264 high is what libx264 makes unless it is told otherwise."""
    publisher = publish(server, "--profile", "high")
    wait_for_the_end(publisher)
    assert "4XX" in publisher.said
    assert is_empty(server)


def test_a_token_opens_its_room_only(serve: Serve, publish: Publish) -> None:
    """FFmpeg's `authorization` is a token; without one, or with another room's, it gives up."""
    server = serve(SFU_AUTH_SECRET=SECRET)
    server.bearer = token("--scrape")
    for options, status in (
        ((), "401"),
        (("--token", "x"), "401"),
        (("--token", token("--room", "kitchen")), "403"),
    ):
        publisher = publish(server, *options)
        wait_for_the_end(publisher)
        assert status in publisher.said
    assert is_empty(server)
    publisher = publish(server, "--token", token("--room", "studio"))
    wait_for_media(server, publisher)
    assert publisher.stop() == 0
    wait_until(lambda: is_empty(server), 5, "nothing is left")


def test_one_that_vanishes_is_forgotten(server: Server, publish: Publish) -> None:
    """Killed, it says no goodbye: its consent expires, and nothing is left behind."""
    publisher = publish(server)
    wait_for_media(server, publisher)
    publisher.signal(signal.SIGKILL)
    assert server.metric("sfu_publications") == 2
    wait_until(lambda: is_empty(server), CONSENT_SECONDS + 30, "nothing is left")


def test_one_that_stays_is_kept(server: Server, publish: Publish) -> None:
    """Beyond the time of consent: the muxer goes on with its checks."""
    publisher = publish(server)
    wait_for_media(server, publisher)
    wait_until(
        lambda: server.metric("sfu_packets_total", direction="in", kind="audio") > 50 * 40,
        90,
        "forty seconds of sound have come",
    )
    assert publisher.alive
