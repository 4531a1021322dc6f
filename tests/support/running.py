"""A whole server on free ports, and clients that talk to it over real sockets."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Literal

import aiohttp

from sfu.config import Auth, Config, Http, Media, Rooms, Visibility
from sfu.keylog import KeyLog
from sfu.server import Server
from tests.support.endpoint import Endpoint

SECRET = "a secret of at least thirty-two bytes"


@asynccontextmanager
async def running(
    config: Config, *, keylog: KeyLog | None = None
) -> AsyncIterator[tuple[Server, str]]:
    """Run a server on free ports; give it and its address; check that nothing is left of it."""
    server = Server(config, None, keylog)
    stop, graceful = asyncio.Event(), asyncio.Event()
    task = asyncio.create_task(server.run(stop, graceful=graceful))
    starting = asyncio.create_task(server.started.wait())
    await asyncio.wait((task, starting), return_when=asyncio.FIRST_COMPLETED)
    if task.done():
        starting.cancel()
        await task  # says why it did not start
    try:
        yield server, f"http://127.0.0.1:{server.http_port}"
    finally:
        stop.set()
        await asyncio.wait_for(task, timeout=10)
        assert not [t for t in asyncio.all_tasks() if t.get_name().startswith("sfu:")]


def settings(
    *, secret: str = "", drain_seconds: float = 10.0, witness: Literal["on", "off"] = "off"
) -> Config:
    return Config(
        http=Http(port=0),
        media=Media(host="127.0.0.1", port=0, announce=("127.0.0.1",)),
        auth=Auth(secret=secret),
        rooms=Rooms(drain_seconds=drain_seconds),
        visibility=Visibility(witness),
    )


class Wire:
    """A WebSocket of a client."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self.welcome: dict[str, Any] = {}

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
        wire.welcome = await wire.hear("welcome")
        yield wire, wire.welcome["participant"]


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


async def fetch(url: str, *, status: int = 200, token: str | None = None) -> str:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    async with aiohttp.ClientSession() as http, http.get(url, headers=headers) as response:
        assert response.status == status
        return await response.text()
