"""What programs do wrong over WHIP and WHEP costs them a status, and leaves nothing behind."""

from collections.abc import AsyncIterator
from io import BytesIO
from typing import NamedTuple

import pytest
import pytest_asyncio
from aiohttp import ClientSession

from tests.support.server import Serve, Server
from tests.support.tokens import SECRET, token
from tests.support.whip import FRAGMENT, SDP, Http, Party

MEGABYTES = 10 * 1_000_000


@pytest.fixture
def guarded(serve: Serve) -> Server:
    """A server that takes tokens only; what its metrics say of people stays readable."""
    server = serve(SFU_AUTH_SECRET=SECRET)
    server.bearer = token("--scrape")
    return server


@pytest_asyncio.fixture
async def http(guarded: Server) -> AsyncIterator[Http]:
    """A program; when it is done, nothing may be left of it on the server."""
    async with ClientSession() as session:
        yield Http(guarded.url, session)
    for what in ("rooms", "participants", "publications"):
        assert guarded.metric(f"sfu_{what}") == 0, what


OFFER = Party("sendonly").offer


class Bad(NamedTuple):
    """A request, and what becomes of it."""

    status: int
    word: str
    """Of the sentence in the answer."""
    kind: str = SDP
    body: str | bytes = OFFER
    options: tuple[str, ...] | None = ()
    """Of the command that makes the token; None for no token."""


BAD = {
    "no token": Bad(401, "needs a token", options=None),
    "an expired token": Bad(401, "expired", options=("--hours", "-1")),
    "another room's token": Bad(403, "another room", options=("--room", "kitchen")),
    "a token for metrics": Bad(403, "opens no room", options=("--scrape",)),
    "another content type": Bad(415, SDP, kind="text/plain"),
    "half an SDP": Bad(400, "o= line", body="v=0"),
    "bytes": Bad(400, "v=0", body=b"\x00\xff" * 500),
    "no audio and no video": Bad(422, "no audio", body=OFFER.replace("m=audio", "m=text")),
    "ten megabytes": Bad(413, "200000 bytes", body=bytes(MEGABYTES)),
}


@pytest.mark.parametrize("protocol", ["whip", "whep"])
async def test_a_bad_offer_is_refused(http: Http, protocol: str) -> None:
    """The status for programs, a sentence for people, and the server goes on."""
    for name, bad in BAD.items():
        bearer = None if bad.options is None else token(*bad.options)
        body = BytesIO(bad.body) if isinstance(bad.body, bytes) else bad.body
        answer = await http.ask("POST", f"/{protocol}/office", body, kind=bad.kind, token=bearer)
        assert (answer.status, bad.word in answer.text) == (bad.status, True), (name, answer.text)


async def test_a_room_where_nobody_publishes_may_be_asked_again(http: Http) -> None:
    """409, and when."""
    offer = Party("recvonly").offer
    answer = await http.ask("POST", "/whep/office", offer, token=token("--room", "office"))
    assert (answer.status, answer.headers["Retry-After"]) == (409, "5")


async def test_a_session_is_changed_and_ended_by_who_may(http: Http) -> None:
    """Wrong tags, wrong tokens and wrong content change nothing; DELETE ends it once."""
    mine, other = token("--room", "office"), token("--room", "kitchen")
    created = await http.ask("POST", "/whip/office", OFFER, token=mine)
    assert created.status == 201
    location, tag = created.headers["Location"], created.headers["ETag"]
    fragment = "a=ice-ufrag:NEWu\r\na=ice-pwd:nnnnnnnnnnnnnnnnnnnnnnnn\r\n"
    asked = [
        ("PATCH", FRAGMENT, mine, '"other"', 412),
        ("PATCH", FRAGMENT, mine, None, 428),
        ("PATCH", FRAGMENT, None, "*", 401),
        ("PATCH", FRAGMENT, other, "*", 403),
        ("PATCH", SDP, mine, "*", 415),
        ("DELETE", SDP, None, None, 401),
        ("DELETE", SDP, other, None, 403),
        ("PUT", SDP, mine, None, 405),
        ("GET", SDP, mine, None, 204),
        ("PATCH", FRAGMENT, mine, tag, 200),
        ("PATCH", FRAGMENT, mine, tag, 412),
        ("DELETE", SDP, mine, '"other"', 200),
        ("DELETE", SDP, mine, None, 404),
        ("PATCH", FRAGMENT, mine, "*", 404),
    ]
    for method, kind, bearer, if_match, status in asked:
        answer = await http.ask(
            method, location, fragment, kind=kind, token=bearer, if_match=if_match
        )
        assert answer.status == status, (method, if_match, answer.text)
