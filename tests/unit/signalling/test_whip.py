"""WHIP and WHEP over real HTTP: status codes, headers, and media in the end."""

import asyncio
import re
import time
from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio

from sfu.signalling.resources import MAX_BODY
from sfu.signalling.tokens import Grant, issue
from sfu.signalling.whip import STATUS
from tests.support.endpoint import on_udp
from tests.support.packets import rtp
from tests.support.running import SECRET, fetch, running, settings
from tests.support.visitor import OPUS
from tests.support.whip import FRAGMENT, SDP, Http, Party, site

DOCS = Path(__file__).resolve().parents[3] / "docs"


@pytest_asyncio.fixture
async def http() -> AsyncIterator[Http]:
    """A server in the open mode."""
    async with site() as http:
        yield http


async def test_a_publisher_and_a_viewer_meet(http: Http) -> None:
    """Sound goes from one to the other; when both have ended nothing is left."""
    publisher, viewer = Party("sendonly"), Party("recvonly")
    published = await http.ask("POST", "/whip/hall", publisher.offer)
    assert (published.status, published.headers["Content-Type"]) == (201, f"{SDP}; charset=utf-8")
    watched = await http.ask("POST", "/whep/hall", viewer.offer)
    assert watched.status == 201
    here, there = publisher.take(published.text), viewer.take(watched.text)
    async with on_udp(here) as sender, on_udp(there) as receiver:
        await sender.until(lambda: here.connected)
        await receiver.until(lambda: there.connected)
        for number in range(5):
            here.send_rtp(rtp(b"opus", sequence_number=number, ssrc=1, payload_type=OPUS))
        sender.flush()
        await receiver.until(lambda: len(there.rtp) == 5)
    for answer in (watched, published):
        assert (await http.ask("DELETE", answer.headers["Location"])).status == 200
    assert "sfu_rooms 0.0" in await fetch(f"{http.url}/metrics")


async def test_a_session_ends_once(http: Http) -> None:
    """The second time there is nothing to end; the same for what never was."""
    created = await http.ask("POST", "/whip/hall", Party("sendonly").offer)
    location = created.headers["Location"]
    assert (await http.ask("DELETE", location)).status == 200
    assert (await http.ask("DELETE", location)).status == 404
    assert (await http.ask("DELETE", f"/whip/hall/{'0' * 48}")).status == 404


async def test_a_resource_belongs_to_its_endpoint(http: Http) -> None:
    """A secret of one room opens nothing in another, nor in the other protocol."""
    created = await http.ask("POST", "/whip/hall", Party("sendonly").offer)
    secret = created.headers["Location"].rpartition("/")[2]
    for path in (f"/whip/other/{secret}", f"/whep/hall/{secret}"):
        assert (await http.ask("DELETE", path)).status == 404


@pytest.mark.parametrize(
    ("path", "kind", "body", "status"),
    [
        pytest.param("/whip/hall", "text/plain", b"v=0", 415, id="wrong content type"),
        pytest.param("/whip/hall", SDP, b"v=1", 400, id="no SDP"),
        pytest.param("/whip/hall", SDP, b"\xff\xfe", 400, id="no text"),
        pytest.param("/whip/hall", SDP, b"x" * (MAX_BODY + 1), 413, id="too long"),
        pytest.param("/whip/no room", SDP, b"v=0", 404, id="no name of a room"),
    ],
)
async def test_what_cannot_be_served_is_refused(
    http: Http, path: str, kind: str, body: bytes, status: int
) -> None:
    """With the status of the specification and a sentence, and nothing is left behind."""
    answer = await http.ask("POST", path, body, kind=kind)
    assert answer.status == status
    assert answer.text.strip().endswith(".")
    assert "sfu_rooms 0.0" in await fetch(f"{http.url}/metrics")


async def test_ten_megabytes_are_refused_before_they_are_read(http: Http) -> None:
    """By what the header says of them."""
    answer = await http.ask("POST", "/whip/hall", BytesIO(bytes(10_000_000)))
    assert answer.status == 413


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
async def test_an_endpoint_takes_offers_only(http: Http, method: str) -> None:
    """405, and Allow says what it takes."""
    answer = await http.ask(method, "/whip/hall")
    assert answer.status == 405
    assert answer.headers["Allow"] == "GET, HEAD, OPTIONS, POST"


@pytest.mark.parametrize("path", ["/whip/hall", f"/whep/hall/{'0' * 48}"])
async def test_there_is_nothing_to_read(http: Http, path: str) -> None:
    """RFC 9725 section 4.1: success without content."""
    answer = await http.ask("GET", path)
    assert (answer.status, answer.text) == (204, "")


async def test_a_viewer_of_an_empty_room_may_come_again(http: Http) -> None:
    """409, as the draft wants it, and when to try."""
    answer = await http.ask("POST", "/whep/hall", Party("recvonly").offer)
    assert (answer.status, answer.headers["Retry-After"]) == (409, "5")


@pytest.mark.parametrize("endpoint", ["whip", "whep"])
@pytest.mark.parametrize("mode", ["e2ee-passphrase", "e2ee-mls"])
async def test_a_sealed_room_takes_nobody_who_cannot_seal(endpoint: str, mode: str) -> None:
    """Refused in words, and nobody in the room hears of it: there is no way down from a mode."""
    async with (
        running(settings()) as (_, url),
        aiohttp.ClientSession() as session,
        session.ws_connect(f"{url}/ws") as ana,
    ):
        join = {"type": "join", "room": "hall", "name": "Ana", "mode": mode}
        await ana.send_json(join | {"hello": "QW5h"})
        assert (await ana.receive_json())["mode"] == mode
        party = Party("sendonly" if endpoint == "whip" else "recvonly")
        refused = await Http(url, session).ask("POST", f"/{endpoint}/hall", party.offer)
        assert refused.status == 403
        assert mode in refused.text
        assert "sfu_joins_total 1.0" in await fetch(f"{url}/metrics")


async def test_an_offer_without_our_codecs_is_refused(http: Http) -> None:
    """422, with the reason."""
    offer = Party("sendonly").offer.replace("opus/48000/2", "PCMU/8000")
    answer = await http.ask("POST", "/whip/hall", offer)
    assert answer.status == 422
    assert "codec" in answer.text


async def test_what_is_served_with_a_limit_says_so(http: Http) -> None:
    """In a Warning (RFC 7234 section 5.5), by m-line."""
    offer = Party("sendonly").offer + "a=simulcast:send a;b\r\n"
    answer = await http.ask("POST", "/whip/hall", offer)
    assert answer.status == 201
    assert answer.headers["Warning"] == ('299 - "0: Simulcast is not taken; one encoding is sent."')


class TestIceOverPatch:
    """Trickle ICE and ICE restart (RFC 9725 section 4.3)."""

    CANDIDATES = "m=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\na=end-of-candidates\r\n"

    async def test_candidates_need_nothing(self, http: Http) -> None:
        """Addresses show themselves by their checks."""
        party = Party("sendonly")
        created = await http.ask("POST", "/whip/hall", party.offer)
        answer = await http.ask(
            "PATCH",
            created.headers["Location"],
            self.CANDIDATES,
            kind=FRAGMENT,
            if_match=created.headers["ETag"],
        )
        assert answer.status == 204

    async def test_other_credentials_restart_ice(self, http: Http) -> None:
        """Ours are new too, and so is the tag; media goes on with the old keys."""
        party = Party("sendonly")
        created = await http.ask("POST", "/whip/hall", party.offer)
        location, tag = created.headers["Location"], created.headers["ETag"]
        endpoint = party.take(created.text)
        async with on_udp(endpoint) as shell:
            await shell.until(lambda: endpoint.connected)
            credentials = "a=ice-ufrag:NEWu\r\na=ice-pwd:" + "n" * 22 + "\r\n"
            answer = await http.ask(
                "PATCH", location, credentials + self.CANDIDATES, kind=FRAGMENT, if_match="*"
            )
            assert answer.status == 200
            assert answer.headers["ETag"] != tag
            found = re.findall(r"a=ice-(?:ufrag|pwd):(\S+)", answer.text)
            endpoint.restart(ufrag=found[0], password=found[1])
            endpoint.ufrag = "NEWu"
            before = endpoint.answered
            await shell.until(lambda: endpoint.answered > before)
            stale = await http.ask("PATCH", location, self.CANDIDATES, kind=FRAGMENT, if_match=tag)
            assert stale.status == 412

    @pytest.mark.parametrize(
        ("kind", "if_match", "status"),
        [
            pytest.param(FRAGMENT, None, 428, id="no If-Match"),
            pytest.param(FRAGMENT, '"other"', 412, id="another tag"),
            pytest.param(SDP, "*", 415, id="wrong content type"),
        ],
    )
    async def test_others_are_refused(
        self, http: Http, kind: str, if_match: str | None, status: int
    ) -> None:
        """And the session goes on."""
        created = await http.ask("POST", "/whip/hall", Party("sendonly").offer)
        location = created.headers["Location"]
        answer = await http.ask("PATCH", location, self.CANDIDATES, kind=kind, if_match=if_match)
        assert answer.status == status
        assert (await http.ask("DELETE", location)).status == 200


class TestTokens:
    """Outside the open mode every request needs one."""

    async def test_what_they_allow(self) -> None:
        """401 without or with a bad one, 403 for what a good one does not allow."""
        async with site(secret=SECRET) as http:
            offer = Party("sendonly").offer
            now = time.time()
            guest = issue(Grant(room="hall"), SECRET, ttl=60, now=now)
            watcher = issue(Grant(may_publish=False), SECRET, ttl=60, now=now)
            expired = issue(Grant(), SECRET, ttl=1, now=now - 3600)
            asked = [
                (await http.ask("POST", "/whip/hall", offer)).status,
                (await http.ask("POST", "/whip/hall", offer, token="x")).status,
                (await http.ask("POST", "/whip/hall", offer, token=expired)).status,
                (await http.ask("POST", "/whip/hall", offer, token=watcher)).status,
                (await http.ask("POST", "/whip/other", offer, token=guest)).status,
            ]
            assert asked == [401, 401, 401, 403, 403]
            created = await http.ask("POST", "/whip/hall", offer, token=guest)
            assert created.status == 201
            location = created.headers["Location"]
            assert (await http.ask("DELETE", location)).status == 401
            assert (await http.ask("DELETE", location, token=guest)).status == 200

    async def test_a_token_for_metrics_publishes_nothing(self) -> None:
        """403, as for other things that a good token does not allow."""
        async with site(secret=SECRET) as http:
            grant = Grant(may_publish=False, may_subscribe=False, scrape=True)
            token = issue(grant, SECRET, ttl=60, now=time.time())
            answer = await http.ask("POST", "/whip/hall", Party("sendonly").offer, token=token)
            assert answer.status == 403


class TestPagesOfOtherOrigins:
    """CORS: who may read the answers, and be asked to send a token (Fetch standard)."""

    @pytest.mark.parametrize(
        ("secret", "origin", "allowed"),
        [
            pytest.param(SECRET, "https://elsewhere.example", "*", id="tokens protect it"),
            pytest.param(SECRET, "null", "*", id="a file, and tokens protect it"),
            pytest.param("", "http://localhost:9000", "http://localhost:9000", id="this machine's"),
            pytest.param("", "http://[::1]:9000", "http://[::1]:9000", id="by its IPv6 address"),
            pytest.param("", "https://elsewhere.example", None, id="open, a stranger's"),
            pytest.param("", "https://localhost.example", None, id="open, a stranger's trick"),
            pytest.param("", "http://[", None, id="open, nonsense"),
            pytest.param("", "null", None, id="open, a file"),
        ],
    )
    async def test_are_let_in_where_they_do_no_harm(
        self, secret: str, origin: str, allowed: str | None
    ) -> None:
        """The open mode is for the users of this machine; tokens are for whoever has one."""
        async with site(secret=secret) as http:
            before = await http.ask("OPTIONS", "/whip/hall", origin=origin)
            after = await http.ask("POST", "/whip/hall", "v=0", origin=origin)
            assert (before.status, before.headers["Accept-Post"]) == (200, SDP)
            for answer in (before, after):
                assert answer.headers.get("Access-Control-Allow-Origin") == allowed
            if allowed is not None:
                assert "Authorization" in before.headers["Access-Control-Allow-Headers"]
                assert "POST" in before.headers["Access-Control-Allow-Methods"]
                assert "Location" in after.headers["Access-Control-Expose-Headers"]


def test_the_page_lists_every_status() -> None:
    """docs/whip.md tells of each status that a refusal may have, and of no other."""
    page = (DOCS / "whip.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([0-9]{3}(?:, [0-9]{3})*) \|", page, re.MULTILINE)
    listed = {int(status) for row in rows for status in row.split(", ")}
    assert listed == {*STATUS.values(), 401, 405, 415, 422}


async def test_a_publisher_that_vanishes_is_forgotten(
    http: Http, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When its transport has ended, so have its publications."""
    monkeypatch.setattr("sfu.transport.peer.FIRST_CHECK_SECONDS", 0.1)
    created = await http.ask("POST", "/whip/hall", Party("sendonly").offer)
    assert created.status == 201
    async with asyncio.timeout(5):
        while "sfu_rooms 0.0" not in await fetch(f"{http.url}/metrics"):  # noqa: ASYNC110 - a scrape
            await asyncio.sleep(0.02)
    assert (await http.ask("DELETE", created.headers["Location"])).status == 404
