"""The Python clients as people run them: commands against the server, beside a browser."""

import re
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from sfu.signalling.tokens import Grant, issue
from tests.support.commands import CLIENT, ENVIRONMENT, Command, client, refused
from tests.support.films import write_film
from tests.support.page import Page, Seat
from tests.support.patience import wait_until
from tests.support.server import Serve, Server

MEDIA_SECONDS = 40
TOLD_SECONDS = 2
"""People hear of a switch a tenth of a second after it, and more on a busy machine."""

HEIGHTS = {"base": 180, "sd": 360, "hd": 720}


def one(reports: list[dict[str, Any]], kind: str) -> dict[str, Any]:
    """The only report of a kind."""
    (found,) = [report for report in reports if report["kind"] == kind]
    return found


def reported(command: Command) -> list[dict[str, Any]]:
    """What a command says after ctrl-C, which ends it well."""
    command.process.signal(signal.SIGINT)
    assert command.ends() == 0, command.process.said
    return command.publications()


@pytest.mark.parametrize("codec", ["vp8", "vp9", "h264", "av1"])
def test_what_one_publishes_the_other_receives(server: Server, tmp_path: Path, codec: str) -> None:
    """Pictures and tone arrive whole; latency is read from the picture."""
    room = (server.url, "--room", "pattern", "--json")
    with (
        client(tmp_path, "publish", *room, "--codec", codec, "--seconds", "9") as publisher,
        client(tmp_path, "subscribe", *room, "--seconds", "6") as subscriber,
    ):
        assert subscriber.ends() == 0
        assert publisher.ends() == 0
    sent, came = publisher.publications(), subscriber.publications()
    video, audio = one(came, "video"), one(came, "audio")
    assert (video["codec"], audio["codec"]) == (codec.upper(), "opus")
    assert (video["width"], video["height"]) == (640, 360)
    assert video["frames_decoded"] > 60
    assert audio["frames_decoded"] > 100
    assert video["loss"] == audio["loss"] == 0
    assert video["latency_from"] == "picture"
    assert 0 < video["latency_ms"]["p50"] <= video["latency_ms"]["p99"] < 2000
    assert 0 < video["first_frame_ms"] < 5000
    assert {report["id"] for report in sent} == {report["id"] for report in came}
    assert one(sent, "video")["frames_sent"] >= video["frames_decoded"]


def test_a_recording_is_seen_in_three_sizes(server: Server, person: Seat, tmp_path: Path) -> None:
    """`--wish base|sd|hd` gives 180, 360 and 720 lines; a browser that wishes so sees the same."""
    room = (server.url, "--room", "layers")
    with client(tmp_path, "publish", *room, "--source", "recording:vp9-l3t3-key"):
        ben = person("Ben", "chromium")
        ben.join(server.url, "layers", camera=0, mic=0)
        publication = ben.publication("Publisher", "camera")
        for wish, height in HEIGHTS.items():
            ben.wish(publication, wish)
            watching = ("subscribe", *room, "--json", "--wish", wish, "--seconds", "6")
            with client(tmp_path, *watching) as subscriber:
                wait_until(shows(ben, publication, height), MEDIA_SECONDS, f"Ben sees {height}")
                assert subscriber.ends() == 0
                video = one(subscriber.publications(), "video")
            assert (video["height"], video["codec"]) == (height, "VP9")
            assert video["frames_decoded"] > 0
            assert video["latency_ms"]["p50"] >= 0
            assert video["undecoded"] == 0 or video["key_frames_asked"] > 0


def shows(page: Page, publication: str, height: int) -> Callable[[], bool]:
    """Whether further frames of this height are decoded, three looks in a row."""
    seen: list[int] = []

    def look() -> bool:
        received = page.received(publication)
        if received.frame_height != height or received.frames_decoded in seen:
            return False
        seen.append(received.frames_decoded)
        return len(seen) > 10

    return look


def is_sent(server: Server, layer: str) -> bool:
    """Whether the only subscription to pictures gets this layer."""
    return server.metric("sfu_subscriptions", kind="video", layer=layer) == 1


def test_wishes_change_while_it_runs(server: Server, tmp_path: Path) -> None:
    """A line on standard input changes the layer; a line that is no wish is answered."""
    room = (server.url, "--room", "lines")
    with client(tmp_path, "publish", *room, "--source", "recording:vp9-l3t3-key"):
        process = subprocess.Popen(  # noqa: S603 - our own
            [*CLIENT, "subscribe", *room, "--json", "--wish", "hd"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=ENVIRONMENT,
        )
        assert process.stdin is not None
        try:
            for words, layer in (("", "S2T2"), ("huge\nbase\n", "S0T2"), ("off\n", "none")):
                process.stdin.write(words)
                process.stdin.flush()
                wait_until(partial(is_sent, server, layer), MEDIA_SECONDS, f"{layer} is sent")
            time.sleep(TOLD_SECONDS)
            process.send_signal(signal.SIGINT)
            said, complaints = process.communicate(timeout=20)
        finally:
            process.kill()
            process.wait()
    assert process.returncode == 0
    assert complaints.startswith("sfu-client: 'huge' is no wish")
    assert '"layer": null' in said


def test_a_file_is_seen_and_ends(server: Server, tmp_path: Path) -> None:
    """A media file is published until it ends, and its publications are reported as ended."""
    path = tmp_path / "film.mkv"
    write_film(path, seconds=8)
    room = (server.url, "--room", "film", "--json")
    with (
        client(tmp_path, "subscribe", *room) as subscriber,
        client(tmp_path, "publish", *room, "--source", str(path)) as publisher,
    ):
        assert publisher.ends(60) == 0, publisher.process.said
        came = reported(subscriber)
    video, audio = one(came, "video"), one(came, "audio")
    assert video["state"] == audio["state"] == "ended"
    assert (video["width"], video["height"]) == (320, 180)
    assert video["frames_decoded"] > 50
    assert audio["frames_decoded"] > 100


def test_a_browser_sees_the_pattern(server: Server, person: Seat, tmp_path: Path) -> None:
    """Chromium and Firefox decode and play what the publisher encodes."""
    with client(tmp_path, "publish", server.url, "--room", "browsers"):
        for page in (person("Ana", "chromium"), person("Ben", "firefox")):
            page.join(server.url, "browsers", camera=0, mic=0)
            page.sees("Publisher")
            page.hears("Publisher")


def test_the_table_stays(server: Server, tmp_path: Path) -> None:
    """Without --json the last table stands on standard output."""
    with client(tmp_path, "publish", server.url, "--room", "table", "--seconds", "3") as publisher:
        assert publisher.ends() == 0
    said = publisher.process.said
    assert "Room table" in said
    assert re.search(r"VP8 .*\d+", said)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("dance",), "choice"),
        (("publish",), "required"),
        (("publish", "ftp://x", "--room", "r"), "is no address of a server"),
        (("publish", "URL", "--room", "no spaces"), "server would refuse"),
        (("publish", "URL", "--room", "r", "--source", "/no/such"), "There is no file"),
        (("publish", "URL", "--room", "r", "--source", __file__), "cannot be read"),
        (("publish", "URL", "--room", "r", "--source", "recording:nothing"), "no recording"),
        (("publish", "URL", "--room", "r", "--size", "1x1"), "is no size"),
        (("publish", "URL", "--room", "r", "--mode", "e2ee"), "passphrase and e2ee-mls"),
        (("publish", "URL", "--room", "r", "--mode", "e2ee-mls"), "follows #mls="),
        (
            ("publish", "URL", "--room", "r", "--mode", "e2ee-mls", "--secret", "x"),
            "opens no group",
        ),
        (("publish", "URL", "--room", "r", "--identity", "file"), "for the mode e2ee-mls"),
        (("publish", "URL", "--room", "r", "--mode", "e2ee-passphrase"), "needs --secret"),
        (
            ("subscribe", "URL", "--room", "r", "--mode", "e2ee-passphrase", "--secret", "x"),
            "opens no room",
        ),
        (("publish", "URL", "--room", "r", "--secret", "x"), "no secret"),
        (("subscribe", "URL", "--room", "r", "--wish", "huge"), "is no wish"),
        (("subscribe", "URL", "--room", "r", "--seconds", "-1"), "seconds"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_mistakes_are_told_in_one_sentence(
    server: Server, arguments: tuple[str, ...], words: str
) -> None:
    """What the user asked wrongly: one line on standard error, exit code 2."""
    code, said = refused(*(server.url if one == "URL" else one for one in arguments))
    assert code == 2
    assert re.fullmatch(r"sfu-client: [^\n]+\.\n", said), said
    assert words in said


def test_a_wrong_token_is_a_mistake(serve: Serve) -> None:
    """The server's own words, from the option or from the environment."""
    server = serve(SFU_AUTH_SECRET="s" * 40)
    code, said = refused("subscribe", server.url, "--room", "r", "--token", "wrong")
    assert code == 2
    assert said.count("\n") == 1


def test_a_token_that_may_not_watch_is_told(serve: Serve, tmp_path: Path) -> None:
    """As soon as there is something to watch, after an empty report."""
    secret = "s" * 40
    server = serve(SFU_AUTH_SECRET=secret)
    watching, blind = (
        issue(Grant(may_subscribe=may), secret, ttl=600, now=time.time()) for may in (True, False)
    )
    room = (server.url, "--room", "r", "--json", "--token")
    with (
        client(tmp_path, "publish", *room, watching),
        client(tmp_path, "subscribe", *room, blind) as subscriber,
    ):
        assert subscriber.ends() == 2
    assert subscriber.process.said.splitlines() == [
        '{"publications": []}',
        "sfu-client: Your token does not let you watch.",
    ]


def test_nobody_there(server: Server) -> None:
    """No server at all is no mistake of the user's."""
    assert server
    code, said = refused("subscribe", "http://localhost:9", "--room", "r")
    assert (code, said) == (
        1,
        "sfu-client: Cannot reach ws://localhost:9/ws: connection refused.\n",
    )


def test_ctrl_c_before_there_is_a_call(tmp_path: Path) -> None:
    """Ends at once and in silence, though the server does not answer."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(MEDIA_SECONDS)
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with client(tmp_path, "subscribe", url, "--room", "r") as subscriber:
            connection, _ = silent.accept()
            with connection:
                subscriber.process.signal(signal.SIGINT)
                assert subscriber.ends() == 130
    assert subscriber.process.said == ""


def test_the_server_says_good_bye(serve: Serve, tmp_path: Path) -> None:
    """A server that shuts down ends the commands with its reason, after their report."""
    server = serve()
    with client(tmp_path, "publish", server.url, "--room", "end", "--json") as publisher:
        wait_until(
            lambda: server.metric("sfu_participants") == 1, MEDIA_SECONDS, "the publisher is there"
        )
        server.process.signal(signal.SIGTERM)
        assert publisher.ends() == 1
    report, reason = publisher.process.said.splitlines()
    assert report.startswith('{"publications"')
    assert reason == "sfu-client: The server is shutting down."


def test_a_crash_of_the_server_is_survived(serve: Serve, tmp_path: Path) -> None:
    """Another server at the same address: both commands return by themselves, with new ids."""
    crashed = Server(tmp_path)
    ports = {"SFU_HTTP_PORT": str(crashed.http_port), "SFU_MEDIA_PORT": str(crashed.media_port)}
    room = (crashed.url, "--room", "crash", "--json")
    with client(tmp_path, "publish", *room), client(tmp_path, "subscribe", *room) as subscriber:
        wait_until(partial(is_sent, crashed, "S0T2"), MEDIA_SECONDS, "pictures flow")
        crashed.process.signal(signal.SIGKILL)
        crashed.process.stop()
        server = serve(**ports)
        wait_until(partial(is_sent, server, "S0T2"), MEDIA_SECONDS, "pictures flow again")
        wait_until(
            lambda: server.metric("sfu_packets_total", direction="out", kind="video") > 100,
            MEDIA_SECONDS,
            "a hundred packets of pictures are forwarded",
        )
        came = [report for report in reported(subscriber) if report["kind"] == "video"]
    assert [report.get("state") for report in came] == ["ended", None]
    assert came[0]["id"] != came[1]["id"]
    assert all(report["frames_decoded"] > 0 for report in came)


def test_a_server_that_is_gone_ends_the_call(tmp_path: Path) -> None:
    """When nobody answers any more, the report comes, then a sentence, and exit code 1."""
    server = Server(tmp_path)
    room = (server.url, "--room", "gone", "--json")
    with client(tmp_path, "subscribe", *room) as subscriber:
        wait_until(lambda: server.metric("sfu_participants") == 1, MEDIA_SECONDS, "it is there")
        server.process.signal(signal.SIGKILL)
        server.process.stop()
        assert subscriber.ends() == 1
    report, reason = subscriber.process.said.splitlines()
    assert report == '{"publications": []}'
    assert "refused" in reason


def test_a_certificate_of_ones_own(serve: Serve, tmp_path: Path) -> None:
    """Is not believed, unless one says so; the token is in the link for guests."""
    server = serve("--lan")
    room = (server.url, "--room", "lan")
    code, said = refused("subscribe", *room)
    assert code == 1
    assert "certificate is not trusted (--insecure believes any)" in said
    token = next(url for url in server.announced_urls if "#token=" in url).partition("#token=")[2]
    with client(
        tmp_path, "publish", *room, "--token", token, "--insecure", "--seconds", "2", "--json"
    ) as publisher:
        assert publisher.ends() == 0, publisher.process.said
    assert one(publisher.publications(), "video")["packets"] > 0
