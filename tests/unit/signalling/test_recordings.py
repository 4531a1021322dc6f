"""Recordings over HTTP: for moderators alone, and every refusal is a sentence."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp import ClientSession, web

from sfu.signalling.recordings import MAX_BODY, RecordingRoutes
from sfu.signalling.tokens import Grant
from tests.support.house import House, only
from tests.support.studio import Studio

PATH = "/rooms/hall/recording"
KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
MODERATOR = {"Authorization": "Bearer moderator"}
GRANTS = {
    "moderator": Grant(moderator=True, name="Mo"),
    "guest": Grant(),
    "elsewhere": Grant(room="other", moderator=True),
}


class Site:
    """The routes over rooms in memory, on a port of this machine."""

    def __init__(self, root: Path) -> None:
        self.house = House(grants=GRANTS)
        self.studio = Studio(self.house.hall, root)
        self.client: ClientSession

    def join(self, **fields: object) -> None:
        """Somebody is in the room."""
        self.house.guest(token="guest", **fields)

    async def post(
        self, body: object = None, headers: dict[str, str] | None = None
    ) -> tuple[int, str]:
        """Ask for a recording."""
        data = body if isinstance(body, bytes) else json.dumps(body or {}).encode()
        async with self.client.post(PATH, data=data, headers=headers or MODERATOR) as answer:
            return answer.status, await answer.text()


@pytest_asyncio.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    """Served until the test is over."""
    site = Site(tmp_path)
    application = web.Application()
    RecordingRoutes(site.house.lobby, site.studio.recorder).add_to(application)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with ClientSession(f"http://127.0.0.1:{runner.addresses[0][1]}") as site.client:
        yield site
    await runner.cleanup()
    site.studio.stop()


async def test_from_the_start_to_the_file(site: Site) -> None:
    """Started, listed, stopped, fetched; a part of a file, too."""
    site.join(mode="e2ee-passphrase", hello="QW5h")
    status, text = await site.post({"public_key": KEY})
    assert status == 201
    ident = json.loads(text)["id"]
    async with site.client.get(PATH, headers=MODERATOR) as answer:
        (listed,) = (await answer.json())["recordings"]
        assert (listed["id"], listed["running"], listed["by"]) == (ident, True, "Mo")
    async with site.client.delete(PATH, headers=MODERATOR) as answer:
        assert (answer.status, await answer.json()) == (200, {"id": ident})
    site.studio.disk.close()
    async with site.client.get(PATH, headers=MODERATOR) as answer:
        (listed,) = (await answer.json())["recordings"]
        assert (listed["running"], listed["reason"]) == (False, "stopped")
        (file,) = listed["files"]
    asked = {**MODERATOR, "Range": "bytes=0-8"}
    async with site.client.get(f"{PATH}/{ident}/{file['name']}", headers=asked) as answer:
        assert (answer.status, await answer.read()) == (206, b"milkglass")
        assert "attachment" in answer.headers["Content-Disposition"]
        assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("token", "status"),
    [
        pytest.param(None, 401, id="none"),
        pytest.param("invented", 422, id="one that is refused in another way"),
        pytest.param("guest", 403, id="a guest's"),
        pytest.param("elsewhere", 403, id="of another room's moderator"),
    ],
)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        pytest.param("POST", PATH, id="start"),
        pytest.param("GET", PATH, id="list"),
        pytest.param("DELETE", PATH, id="stop"),
        pytest.param("GET", f"{PATH}/0123456789ab/001-camera-0a.webm", id="fetch"),
    ],
)
async def test_only_for_moderators(
    site: Site, token: str | None, status: int, method: str, path: str
) -> None:
    """Whatever is asked; and nothing is recorded."""
    site.join()
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    async with site.client.request(method, path, headers=headers) as answer:
        assert answer.status == status
        assert (await answer.text()).endswith(".\n")
    assert not site.studio.recorder.running


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param(b"", 201, id="nothing is the same as no wishes"),
        pytest.param(b"{", 400, id="no JSON"),
        pytest.param(b"[]", 400, id="no object"),
        pytest.param(b"\xff", 400, id="no text"),
        pytest.param(b"[" * 4000, 400, id="nested too deep"),
        pytest.param({"key": KEY}, 400, id="an unknown field"),
        pytest.param({"public_key": KEY[:-1]}, 400, id="a key of 31 bytes"),
        pytest.param({"public_key": KEY}, 400, id="a key in a clear room"),
        pytest.param(b" " * (MAX_BODY + 1), 413, id="too long"),
    ],
)
async def test_bodies(site: Site, body: object, status: int) -> None:
    """What is understood, and what is not."""
    site.join()
    assert (await site.post(body))[0] == status


async def test_refusals_of_the_recorder(site: Site) -> None:
    """Each has a status of its own."""
    assert (await site.post())[0] == 404
    async with site.client.delete(PATH, headers=MODERATOR) as answer:
        assert answer.status == 409
    site.join()
    assert (await site.post())[0] == 201
    assert (await site.post())[0] == 409
    async with site.client.get(f"{PATH}/0123456789ab/001-x.webm", headers=MODERATOR) as answer:
        assert answer.status == 404


async def test_pages_of_other_origins_do_not_record(site: Site) -> None:
    """In the open development mode a visited page could else do it with one request."""
    site.join()
    foreign = {**MODERATOR, "Origin": "https://example.org"}
    assert (await site.post(headers=foreign))[0] == 403
    own = {**MODERATOR, "Origin": str(site.client._base_url).rstrip("/")}  # noqa: SLF001
    assert (await site.post(headers=own))[0] == 201


class TestSignalling:
    """What clients are told, and what they send."""

    async def test_keys_go_into_the_file(self, site: Site) -> None:
        """Of the recording that runs, and no other."""
        ana = site.house.guest(token="guest", mode="e2ee-passphrase", hello="QW5h")
        problem = only(ana.say("send_recording_keys", recording="r1", sealed="c2VhbGVk"))
        assert problem["code"] == "not-recording"
        _, text = await site.post({"public_key": KEY})
        ident = json.loads(text)["id"]
        started = only(ana.hear())
        assert started["type"] == "recording_started"
        assert started["recording"] == {"id": ident, "public_key": KEY, "by": "Mo"}
        late = site.house.client().join(
            token="guest", name="Ben", mode="e2ee-passphrase", hello="QmVu"
        )
        assert late["recording"] == started["recording"]
        assert ana.hear()
        assert ana.say("send_recording_keys", recording=ident, sealed="c2VhbGVk") == []
        problem = only(ana.say("send_recording_keys", recording=ident, sealed="A" * 401))
        assert problem["code"] == "bad-message"
        problem = only(ana.say("send_recording_keys", recording=ident, sealed="A"))
        assert problem["code"] == "bad-message"
        site.studio.stop()
        assert only(ana.hear()) == {
            "type": "recording_stopped",
            "recording": ident,
            "reason": "stopped",
        }
        (stored,) = site.studio.stored()
        assert b"sealed" in site.studio.path(stored, "sealed").read_bytes()


async def test_a_server_without_a_folder(tmp_path: Path) -> None:
    """One sentence says what its operator would set."""
    routes = RecordingRoutes(Site(tmp_path).house.lobby, None)
    application = web.Application()
    routes.add_to(application)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    base = f"http://127.0.0.1:{runner.addresses[0][1]}"
    async with ClientSession(base) as client, client.post(PATH, headers=MODERATOR) as answer:
        assert (answer.status, "recording.directory" in await answer.text()) == (501, True)
    await runner.cleanup()
