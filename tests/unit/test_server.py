"""A node as a whole: real sockets, real clients, and nothing left when it stops."""

import asyncio
import errno
import resource
import time
from typing import Literal

import aiohttp
import pytest

from sfu.config import Auth, Config, Http, Media, Visibility
from sfu.errors import ConfigError
from sfu.server import Server, allow_many_files
from sfu.signalling.tokens import Grant, issue
from sfu.transport.tcp import TcpShell
from tests.support.endpoint import on_udp
from tests.support.packets import rtp
from tests.support.running import SECRET, fetch, joined, negotiate, running, settings
from tests.support.visitor import OPUS


async def test_media_crosses_real_sockets_and_is_counted() -> None:
    """From one client's socket to another's; `/metrics` tells how much."""
    async with (
        running(settings()) as (_, url),
        joined(url, "Ana") as (ana, _),
        joined(url, "Ben") as (ben, _),
    ):
        here = await negotiate(ana, "sendonly", publish=[{"mid": "0", "source": "microphone"}])
        publication = (await ben.hear("publication_added"))["publication"]["id"]
        there = await negotiate(ben, "recvonly", receive=[{"mid": "0", "publication": publication}])
        async with on_udp(here) as sender, on_udp(there) as receiver:
            await sender.until(lambda: here.connected)
            await receiver.until(lambda: there.connected)
            for number in range(20):
                here.send_rtp(rtp(b"opus", sequence_number=number, ssrc=1, payload_type=OPUS))
            sender.flush()
            await receiver.until(lambda: len(there.rtp) == 20)
        text = await fetch(f"{url}/metrics")
        assert 'sfu_packets_total{direction="out",kind="audio"} 20.0' in text
        assert (
            'sfu_handshakes_total{profile="SRTP_AEAD_AES_128_GCM",result="connected"} 2.0' in text
        )


SCRAPE = Grant(may_publish=False, may_subscribe=False, scrape=True)
MODERATOR, GUEST = Grant(moderator=True), Grant()
ELSEWHERE = Grant(room="other", moderator=True)
SHEET, TRACE = "/rooms/hall/visibility", "/rooms/hall/trace"


@pytest.mark.parametrize(
    ("path", "good", "refused"),
    [
        pytest.param("/metrics", SCRAPE, {"guest": GUEST, "moderator": MODERATOR}, id="metrics"),
        pytest.param(SHEET, MODERATOR, {"elsewhere": ELSEWHERE, "scrape": SCRAPE}, id="sheet"),
        pytest.param(
            TRACE,
            MODERATOR,
            {"elsewhere": ELSEWHERE, "scrape": SCRAPE, "guest": GUEST},
            id="trace",
        ),
    ],
)
async def test_outside_the_open_mode_a_token_is_needed(
    path: str, good: Grant, refused: dict[str, Grant]
) -> None:
    """The right one, for this room, in its time and with our signature."""
    now = time.time()

    def signed(grant: Grant, *, secret: str = SECRET, ttl: float = 600) -> str:
        return issue(grant, secret, ttl=ttl, now=now)

    async with (
        running(settings(secret=SECRET)) as (_, url),
        joined(url, "Ana", token=signed(GUEST)),
    ):
        for none in (
            None,
            "",
            "x.y.z",
            signed(good, ttl=-600),
            signed(good, secret=SECRET[::-1]),
        ):
            await fetch(f"{url}{path}", status=401, token=none)
        for name, grant in refused.items():
            assert "{" not in await fetch(f"{url}{path}", status=403, token=signed(grant)), name
        assert len(await fetch(f"{url}{path}", token=signed(good))) > 50


@pytest.mark.parametrize("path", ["/metrics", SHEET, TRACE])
async def test_in_the_open_mode_no_token_is_needed(path: str) -> None:
    """It is for one machine alone."""
    async with running(settings()) as (_, url), joined(url, "Ana"):
        assert len(await fetch(f"{url}{path}")) > 50


async def test_only_the_open_mode_insists_on_its_own_names() -> None:
    """With tokens, a name that points here gives nobody anything; a proxy may use any."""
    foreign = {"Host": "rebound.example"}
    async with running(settings()) as (_, url), aiohttp.ClientSession() as http:
        async with http.get(f"{url}/healthz", headers=foreign) as answer:
            assert answer.status == 421
        async with http.get(f"{url}/healthz") as answer:
            assert answer.status == 200
    async with (
        running(settings(secret=SECRET)) as (_, url),
        aiohttp.ClientSession() as http,
        http.get(f"{url}/healthz", headers=foreign) as answer,
    ):
        assert answer.status == 200


async def test_sigterm_lets_people_finish() -> None:
    """Nobody new is let in; those inside may go on, up to the limit, and then hear why."""
    server = Server(settings(drain_seconds=0.5), None)
    stop, graceful = asyncio.Event(), asyncio.Event()
    task = asyncio.create_task(server.run(stop, graceful=graceful))
    await server.started.wait()
    url = f"http://127.0.0.1:{server.http_port}"
    async with joined(url, "Ana") as (ana, _):
        graceful.set()
        await asyncio.sleep(0.1)
        assert "shutting down" in await fetch(f"{url}/readyz", status=503)
        await ana.say("send_chat", text="still here")
        assert (await ana.hear("chat"))["text"] == "still here"
        assert (await ana.hear("removed"))["reason"] == "drained"
    await asyncio.wait_for(task, timeout=10)


async def test_a_server_without_people_stops_at_once() -> None:
    """Draining waits for somebody, not for nobody."""
    server = Server(settings(drain_seconds=60), None)
    stop, graceful = asyncio.Event(), asyncio.Event()
    graceful.set()
    await asyncio.wait_for(server.run(stop, graceful=graceful), timeout=5)


async def test_a_taken_port_is_the_operators_to_change() -> None:
    """One sentence that says which setting."""
    async with running(settings()) as (server, _):
        taken = Config(
            http=Http(port=0), media=Media(host="127.0.0.1", port=server.udp.port, tcp=False)
        )
        with pytest.raises(ConfigError, match=r"media\.port"):
            await Server(taken, None).run(asyncio.Event(), graceful=asyncio.Event())


@pytest.mark.parametrize(
    ("host", "name"),
    [
        pytest.param("127.0.0.1", "localhost", id="this machine"),
        pytest.param("::", "localhost", id="all addresses"),
        pytest.param("127.0.0.2", "127.0.0.2", id="another address of this machine"),
        pytest.param("::1", "[::1]", id="IPv6"),
    ],
)
def test_the_address_that_is_told_is_one_that_answers(host: str, name: str) -> None:
    """A name that leads elsewhere helps nobody."""
    told = Server(Config(http=Http(host=host, port=8080)), None).greeting()
    assert told.startswith(f"Milkglass is at http://{name}:8080/\n")


@pytest.mark.parametrize(
    ("wanted", "secret", "runs"),
    [
        pytest.param("auto", "", True, id="open development mode"),
        pytest.param("auto", SECRET, False, id="with tokens"),
        pytest.param("on", SECRET, True, id="on"),
        pytest.param("off", "", False, id="off"),
    ],
)
def test_the_witness_is_on_where_the_operator_says_so(
    wanted: Literal["auto", "on", "off"],
    secret: str,
    runs: bool,  # noqa: FBT001
) -> None:
    """By itself in the open development mode alone; no process runs before somebody publishes."""
    config = Config(auth=Auth(secret=secret), visibility=Visibility(wanted))
    server = Server(config, None)
    assert (server.witness is not None) is runs
    assert server.lobby.witness is runs


def test_a_witness_without_a_decoder_is_the_operators_to_mend(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In one sentence, where it was asked for; else it stays off."""
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(ConfigError, match="PyAV"):
        Server(Config(visibility=Visibility("on")), None)
    assert Server(Config(), None).witness is None


def test_as_many_connections_as_the_system_allows() -> None:
    """Few idle strangers must not be enough to keep everybody else out."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(256, before[1]), before[1]))
    try:
        allow_many_files()
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == (before[1], before[1])
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


async def test_any_free_port_is_free_for_tcp_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the first number is taken, another one is tried."""
    opened, tried = TcpShell.open, []

    async def taken_at_first(shell: TcpShell) -> None:
        tried.append(shell.udp.port)
        if len(tried) == 1:
            raise OSError(errno.EADDRINUSE, "Address already in use")
        await opened(shell)

    monkeypatch.setattr(TcpShell, "open", taken_at_first)
    async with running(settings()) as (server, _):
        assert len(tried) == 2
        assert server.udp.port == tried[1]
