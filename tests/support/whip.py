"""Programs that publish and watch over HTTP, and what they are told."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from io import BytesIO

import aiohttp
from multidict import CIMultiDictProxy

from tests.support.endpoint import Endpoint
from tests.support.running import OFFER, running, settings

SDP = "application/sdp"
FRAGMENT = "application/trickle-ice-sdpfrag"


@dataclass
class Answer:
    """A response that was read."""

    status: int
    headers: CIMultiDictProxy[str]
    text: str


class Http:
    """Whoever asks the server."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self.url = url
        self._session = session

    async def ask(  # noqa: PLR0913 - what a request has
        self,
        method: str,
        path: str,
        body: str | bytes | BytesIO = "",
        *,
        kind: str = SDP,
        token: str | None = None,
        if_match: str | None = None,
        origin: str | None = None,
    ) -> Answer:
        """Send a request and read the answer."""
        headers = {"Content-Type": kind}
        if origin is not None:
            headers["Origin"] = origin
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        if if_match is not None:
            headers["If-Match"] = if_match
        async with self._session.request(
            method, self.url + path, data=body, headers=headers
        ) as response:
            return Answer(response.status, response.headers, await response.text())


@asynccontextmanager
async def site(*, secret: str = "") -> AsyncIterator[Http]:
    async with running(settings(secret=secret)) as (_, url), aiohttp.ClientSession() as session:
        yield Http(url, session)


@asynccontextmanager
async def raw(http: Http) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A bare connection to the server."""
    host, _, port = http.url.rpartition("/")[2].partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    yield reader, writer
    writer.close()
    await writer.wait_closed()


async def answer_line(reader: asyncio.StreamReader) -> str:
    """The first line of what the server says, which it must do soon."""
    async with asyncio.timeout(5):
        return (await reader.readline()).decode()


class Party:
    """A publisher or viewer of one Opus track."""

    def __init__(self, direction: str) -> None:
        self.endpoint = Endpoint(ufrag="", password="", fingerprint=f"sha-256 {'00:' * 31}00")
        self.offer = OFFER.format(
            ufrag=self.endpoint.ufrag,
            password=self.endpoint.password,
            fingerprint=self.endpoint.fingerprint,
            direction=direction,
        )

    def take(self, sdp: str) -> Endpoint:
        """Return the endpoint that talks to whom the answer describes."""
        found = {
            name: re.search(rf"a={name}:(.+)", sdp)
            for name in ("ice-ufrag", "ice-pwd", "fingerprint", "candidate")
        }
        said = {name: match[1].strip() for name, match in found.items() if match is not None}
        host, port = said["candidate"].split()[4:6]
        served = Endpoint(
            ufrag=said["ice-ufrag"],
            password=said["ice-pwd"],
            fingerprint=said["fingerprint"],
            server=(host, int(port)),
            certificate=self.endpoint.certificate,
        )
        served.ufrag = self.endpoint.ufrag
        return served
