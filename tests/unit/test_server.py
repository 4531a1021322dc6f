"""A node as a whole: real sockets, real clients, and nothing left when it stops."""

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from sfu.config import Auth, Config, Http, Media, Rooms
from sfu.errors import ConfigError
from sfu.server import Server
from sfu.signalling.tokens import Grant, issue
from tests.support.endpoint import Endpoint, on_udp
from tests.support.packets import rtp
from tests.support.visitor import OPUS

SECRET = "a secret of at least thirty-two bytes"


@asynccontextmanager
async def running(config: Config) -> AsyncIterator[tuple[Server, str]]:
    """Run a server on free ports; give it and its address; check that nothing is left of it."""
    before = asyncio.all_tasks()
    server = Server(config, None)
    stop, graceful = asyncio.Event(), asyncio.Event()
    task = asyncio.create_task(server.run(stop, graceful=graceful))
    await server.started.wait()
    try:
        yield server, f"http://127.0.0.1:{server.http_port}"
    finally:
        stop.set()
        await asyncio.wait_for(task, timeout=10)
        assert asyncio.all_tasks() == before


def settings(*, secret: str = "", drain_seconds: float = 10.0) -> Config:
    return Config(
        http=Http(port=0),
        media=Media(host="127.0.0.1", port=0, announce=("127.0.0.1",)),
        auth=Auth(secret=secret),
        rooms=Rooms(drain_seconds=drain_seconds),
    )


class Wire:
    """A WebSocket of a client."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket

    async def say(self, kind: str, **fields: object) -> None:
        await self._socket.send_str(json.dumps({"type": kind, **fields}))

    async def hear(self, kind: str) -> dict[str, Any]:
        """Wait for a message of this type; others are passed over."""
        async with asyncio.timeout(5):
            while True:
                message = json.loads(await self._socket.receive_str())
                if message["type"] == kind:
                    return dict(message)


@asynccontextmanager
async def joined(url: str, name: str, **fields: object) -> AsyncIterator[tuple[Wire, str]]:
    """Enter the room over a WebSocket; give it and the participant's identifier."""
    async with aiohttp.ClientSession() as http, http.ws_connect(f"{url}/ws") as socket:
        wire = Wire(socket)
        await wire.say("join", room="hall", name=name, **fields)
        yield wire, (await wire.hear("welcome"))["participant"]


OFFER = """v=0\r
o=- 7 1 IN IP4 127.0.0.1\r
s=-\r
t=0 0\r
a=group:BUNDLE 0\r
m=audio 9 UDP/TLS/RTP/SAVPF 111\r
c=IN IP4 0.0.0.0\r
a=ice-ufrag:{ufrag}\r
a=ice-pwd:{password}\r
a=fingerprint:{fingerprint}\r
a=setup:actpass\r
a=mid:0\r
a={direction}\r
a=rtcp-mux\r
a=rtpmap:111 opus/48000/2\r
"""


async def negotiate(wire: Wire, direction: str, **sections: object) -> Endpoint:
    """Offer one Opus m-line; return the endpoint that the answer describes."""
    endpoint = Endpoint(ufrag="", password="", fingerprint=f"sha-256 {'00:' * 31}00")
    sdp = OFFER.format(
        ufrag=endpoint.ufrag,
        password=endpoint.password,
        fingerprint=endpoint.fingerprint,
        direction=direction,
    )
    await wire.say("offer", id=1, sdp=sdp, **({"publish": [], "receive": []} | sections))
    answer = (await wire.hear("answer"))["sdp"]
    candidate = re.search(r"a=candidate:\S+ 1 udp \d+ (\S+) (\d+) ", answer)
    assert candidate is not None
    found = {name: re.search(rf"a={name}:(.+)", answer) for name in ("ice-ufrag", "ice-pwd")}
    fingerprint = re.search(r"a=fingerprint:(.+)", answer)
    assert fingerprint is not None
    credentials = {name: match[1].strip() for name, match in found.items() if match is not None}
    served = Endpoint(
        ufrag=credentials["ice-ufrag"],
        password=credentials["ice-pwd"],
        fingerprint=fingerprint[1].strip(),
        server=(candidate[1], int(candidate[2])),
        certificate=endpoint.certificate,
    )
    served.ufrag = endpoint.ufrag
    return served


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


async def fetch(url: str, *, status: int = 200, token: str | None = None) -> str:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    async with aiohttp.ClientSession() as http, http.get(url, headers=headers) as response:
        assert response.status == status
        return await response.text()


async def test_metrics_need_a_token_outside_the_open_mode() -> None:
    """One for reading metrics, not one for joining."""
    async with running(settings(secret=SECRET)) as (_, url):
        now = time.time()
        scrape = issue(Grant(scrape=True), SECRET, ttl=60, now=now)
        guest = issue(Grant(), SECRET, ttl=60, now=now)
        await fetch(f"{url}/metrics", status=401)
        await fetch(f"{url}/metrics", status=403, token=guest)
        assert "sfu_rooms 0.0" in await fetch(f"{url}/metrics", token=scrape)


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
