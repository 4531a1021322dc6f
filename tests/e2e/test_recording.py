"""Recordings by the real server: playable in `hop`, sealed and opened by consent elsewhere."""

import asyncio
import json
import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver.common.by import By

from sfu.signalling.messages import Mode, RecordingStarted, RecordingStopped
from sfu_clients.client import Client
from sfu_clients.media.recorded import RecordedSource
from sfu_clients.media.sources import PatternSource, Source, ToneSource
from sfu_clients.payload import EncodedFrame
from sfu_clients.recordings.recording import load_recording
from sfu_clients.sealing import base64url
from tests.support.commands import ran, refused
from tests.support.page import Page, Seat
from tests.support.patience import wait_until
from tests.support.recording import ask, fetched, watch
from tests.support.server import Serve, Server
from tests.support.tokens import SECRET, token

SECONDS = 5.0
WINDOW = 48
"""Bytes of a frame that are looked for: no two frames share so many."""


@pytest.fixture
def recorder(serve: Serve, tmp_path: Path) -> Server:
    """A server that records, in open development mode."""
    return serve(SFU_RECORDING_DIRECTORY=str(tmp_path / "recordings"))


def hall(server: Server) -> str:
    """Where the room's recordings are."""
    return f"{server.url}/rooms/hall/recording"


def layered(name: str) -> list[Source]:
    """A camera with layers, and a tone."""
    return [RecordedSource(load_recording(name)), ToneSource()]


def drawn(codec: str) -> list[Source]:
    """A camera without layers, and a tone."""
    return [PatternSource(codec), ToneSource()]


async def start(server: Server, **body: str) -> str:
    """Record; return the recording's id."""
    status, text = await asyncio.to_thread(ask, hall(server), "POST", body=body)
    assert status == 201, text
    return str(json.loads(text)["id"])


async def stop(server: Server, ident: str, folder: Path) -> list[Path]:
    """End the recording, and return its files."""
    status, text = await asyncio.to_thread(ask, hall(server), "DELETE")
    assert status == 200, text
    return await asyncio.to_thread(fetched, hall(server), ident, folder)


@pytest.mark.parametrize(
    ("sources", "size", "decoded"),
    [
        pytest.param(lambda: layered("vp9-l3t3-key"), (1280, 720), "webm", id="VP9 L3T3_KEY"),
        pytest.param(lambda: layered("vp9-l3t3"), (1280, 720), "webm", id="VP9 L3T3"),
        pytest.param(lambda: layered("av1-l3t3-key"), (1280, 720), "webm", id="AV1 L3T3_KEY"),
        pytest.param(lambda: drawn("VP8"), (640, 360), "webm", id="VP8"),
        pytest.param(lambda: drawn("H264"), (640, 360), "mkv", id="H.264"),
    ],
)
async def test_what_is_published_in_clear_plays(
    recorder: Server,
    tmp_path: Path,
    sources: Callable[[], list[Source]],
    size: tuple[int, int],
    decoded: str,
) -> None:
    """Each publication is a file of its own, as large and as long as what was sent."""
    async with Client(recorder.url, "hall", name="Ana") as ana:
        await ana.publish(*sources())
        ident = await start(recorder)
        await asyncio.sleep(SECONDS)
        files = await stop(recorder, ident, tmp_path)
    assert sorted(path.suffix for path in files) == sorted([".webm", f".{decoded}"])
    seen = {name: track for path in files for name, track in watch(path).items()}
    camera, microphone = seen["Ana, camera"], seen["Ana, microphone"]
    assert set(camera.sizes) == {size}
    assert camera.sizes[size] > SECONDS * 10
    assert SECONDS - 2 < camera.seconds < SECONDS + 1
    assert SECONDS - 2 < microphone.seconds < SECONDS + 1
    assert microphone.loudest > 0.1


async def test_everybody_hears_of_it(recorder: Server, tmp_path: Path) -> None:
    """Those who are there get messages; who comes later has it in the welcome."""
    heard: list[object] = []
    async with Client(recorder.url, "hall", name="Ana") as ana:
        ana.listen(heard.append)
        ident = await start(recorder)
        late: list[Any] = []
        cleo = Client(recorder.url, "hall", name="Cleo")
        cleo.listen(late.append)
        async with cleo:
            assert late[0].recording.id == ident
        await stop(recorder, ident, tmp_path)
        async with asyncio.timeout(5):
            while not any(isinstance(one, RecordingStopped) for one in heard):  # noqa: ASYNC110
                await asyncio.sleep(0.02)
    started = [one for one in heard if isinstance(one, RecordingStarted)]
    assert [one.recording.id for one in started] == [ident]
    assert started[0].recording.public_key is None


@pytest.mark.parametrize(
    ("options", "status"),
    [
        pytest.param((), 403, id="a guest"),
        pytest.param(("--room", "other", "--moderator"), 403, id="another room's moderator"),
        pytest.param(None, 401, id="no token"),
        pytest.param(("--moderator",), 404, id="a moderator, and nobody in the room"),
    ],
)
def test_only_moderators_record(
    serve: Serve, tmp_path: Path, options: tuple[str, ...] | None, status: int
) -> None:
    """Starting takes a moderator's token for this room, and somebody in it."""
    server = serve(SFU_AUTH_SECRET=SECRET, SFU_RECORDING_DIRECTORY=str(tmp_path / "recordings"))
    given = None if options is None else token(*options)
    assert ask(hall(server), "POST", token=given)[0] == status
    listing = 200 if status == 404 else status
    assert ask(hall(server), token=given)[0] == listing


def test_without_a_directory_nothing_is_recorded(server: Server) -> None:
    """And one sentence says what the operator would do."""
    status, text = ask(hall(server), "POST")
    assert (status, b"recording.directory" in text) == (501, True)


class Call:
    """Two people in a sealed room, of whom one consents, and what they sent before sealing."""

    def __init__(self, server: Server, mode: Mode, key: str) -> None:
        """`key` is the public key that Ana consents to."""
        self._server = server
        self._key = key
        self._mode: Mode = mode
        self._secret = base64url.encode(os.urandom(16))
        self.sent: dict[str, list[bytes]] = {"Ana": [], "Ben": []}

    @asynccontextmanager
    async def going_on(self) -> AsyncIterator[None]:
        """Ana consents, Ben does not."""
        async with self.client("Ana", consents_to=self._key) as ana, self.client("Ben") as ben:
            await ana.publish(*drawn("VP9"))
            await ben.publish(*drawn("VP8"))
            await asyncio.gather(self._watch(ana, "Ben"), self._watch(ben, "Ana"))
            yield

    def client(self, name: str, *, consents_to: str | None = None) -> Client:
        """Somebody who is in the call meanwhile."""
        url, secret, mode = self._server.url, self._secret, self._mode
        return Client(url, "hall", name=name, secret=secret, mode=mode, consents_to=consents_to)

    async def _watch(self, viewer: Client, name: str) -> None:
        """Keep what arrives of somebody, opened: it is what they sent."""
        publication = await viewer.find(name, "camera")
        (subscriber,) = await viewer.subscribe(publication)

        def keep(frame: EncodedFrame) -> None:
            self.sent[name].append(frame.data)

        subscriber.on_encoded(keep)


@pytest.fixture
def key(tmp_path: Path) -> tuple[Path, str]:
    """A recording's key: its file, and the half that may be known."""
    path = tmp_path / "key"
    code, said, _ = ran("recording-key", str(path))
    assert (code, path.stat().st_mode & 0o777) == (0, 0o600)
    return path, said.strip()


@pytest.mark.parametrize("mode", ["e2ee-passphrase", "e2ee-mls"])
async def test_who_consents_can_be_opened_and_nobody_else(
    recorder: Server, tmp_path: Path, key: tuple[Path, str], mode: Mode
) -> None:
    """Adversarial test 39: of the other, of whom the file has just as much, nothing opens.

    Somebody comes and goes meanwhile, so that a group has three epochs.
    """
    call = Call(recorder, mode, key[1])
    async with call.going_on():
        status, text = await asyncio.to_thread(ask, hall(recorder), "POST")
        assert (status, b"public_key" in text) == (400, True)
        ident = await start(recorder, public_key=key[1])
        began = time.monotonic()
        await asyncio.sleep(SECONDS / 2)
        async with call.client("Cleo"):
            await asyncio.sleep(SECONDS / 2)
        await asyncio.sleep(SECONDS / 2)
        lasted = time.monotonic() - began
        (sealed,) = await stop(recorder, ident, tmp_path)

    stored = sealed.read_bytes()
    for name, frames in call.sent.items():
        big = [frame for frame in frames if len(frame) > 4 * WINDOW]
        assert len(big) > 20, name
        assert not any(frame[2 * WINDOW : 3 * WINDOW] in stored for frame in big)

    out = tmp_path / "out.webm"
    opening = ("unseal", str(sealed), "--key", str(key[0]), "-o", str(out))
    code, said, _ = await asyncio.to_thread(ran, *opening, "--json")
    assert code == 0, said
    report = json.loads(said)
    assert {track["person"] for track in report["tracks"]} == {"Ana"}
    assert {(one["person"], one["source"]) for one in report["unreadable"]} == {
        ("Ben", "camera"),
        ("Ben", "microphone"),
    }
    assert not report["broken"]
    seen = watch(out)
    assert set(seen) == {"Ana, camera", "Ana, microphone"}
    assert set(seen["Ana, camera"].sizes) == {(640, 360)}
    assert seen["Ana, camera"].sizes[640, 360] > SECONDS * 20
    assert lasted - 2 < seen["Ana, camera"].seconds < lasted + 1
    assert seen["Ana, microphone"].loudest > 0.1
    shown = out.read_bytes()
    middle = [frame for frame in call.sent["Ana"] if frame in shown]
    assert len(middle) > SECONDS * 20
    assert not any(frame in shown for frame in call.sent["Ben"])


async def test_another_key_opens_nothing(
    recorder: Server, tmp_path: Path, key: tuple[Path, str]
) -> None:
    """One sentence says so, and no file is written."""
    call = Call(recorder, "e2ee-passphrase", key[1])
    async with call.going_on():
        ident = await start(recorder, public_key=key[1])
        await asyncio.sleep(1)
        (sealed,) = await stop(recorder, ident, tmp_path)
    other, out = tmp_path / "other", tmp_path / "out.webm"
    await asyncio.to_thread(ran, "recording-key", str(other))
    code, said = await asyncio.to_thread(
        refused, "unseal", str(sealed), "--key", str(other), "-o", str(out)
    )
    assert code == 2
    assert "another key" in said
    assert not out.exists()


def consents(page: Page) -> str:
    """What the page knows of its person's consent."""
    return str((page.state() or {}).get("consent"))


def answer(page: Page, word: str) -> None:
    """Press a button of the dialog that asks."""
    selector = f"dialog [data-consent={word}]"
    wait_until(
        lambda: page.driver.find_elements(By.CSS_SELECTOR, selector), 10, f"{page.name} is asked"
    )
    page.driver.find_element(By.CSS_SELECTOR, selector).click()


def shows_key(page: Page, key: str) -> None:
    """In the dialog, so that people can ask whether it is that of who records."""
    wait_until(
        lambda: page.driver.find_elements(By.CSS_SELECTOR, "[data-recording-key]"), 10, "asks"
    )
    code = page.driver.find_element(By.CSS_SELECTOR, "[data-recording-key]")
    assert code.text.replace(" ", "") == key


def shows_rec(page: Page) -> None:
    """In the header, where nobody can overlook it."""
    mark = page.driver.find_element(By.CSS_SELECTOR, "button[data-rec]")
    wait_until(lambda: mark.text.strip() == "REC", 5, f"{page.name} sees REC")
    on_top = """const { x, y, width, height } = arguments[0].getBoundingClientRect();
      return arguments[0].contains(document.elementFromPoint(x + width / 2, y + height / 2));"""
    wait_until(lambda: page.driver.execute_script(on_top, mark), 1, "nothing is in front of it")


def shows_no_rec(page: Page) -> None:
    """The mark is gone."""
    mark = page.driver.find_element(By.CSS_SELECTOR, "button[data-rec]")
    wait_until(lambda: not mark.is_displayed(), 5, f"{page.name} sees no REC")


def test_a_page_says_that_it_is_recorded_and_asks(
    recorder: Server, person: Seat, tmp_path: Path, key: tuple[Path, str]
) -> None:
    """Who allows it can be seen in it; who does not, or not any more, cannot."""
    secret, camera = base64url.encode(bytes(16)), "320x180@15"
    ana, ben = person("Ana", "chromium"), person("Ben", "firefox")
    for page in (ana, ben):
        page.join(recorder.url, "hall", key=secret, camera=camera)
    ana.sees("Ben")
    ben.sees("Ana")
    status, text = ask(hall(recorder), "POST", body={"public_key": key[1]})
    assert status == 201, text
    ident = str(json.loads(text)["id"])
    for page, word, state in ((ana, "give", "given"), (ben, "refuse", "refused")):
        shows_key(page, key[1])
        page.screenshot(f"asked-{page.name}")
        answer(page, word)
        shows_rec(page)
        assert consents(page) == state
        page.screenshot(f"recorded-{page.name}")
    ana.sees("Ben")
    time.sleep(4)
    status, _ = ask(hall(recorder), "DELETE")
    (sealed,) = fetched(hall(recorder), ident, tmp_path)
    for page in (ana, ben):
        shows_no_rec(page)
    out = tmp_path / "out.webm"
    code, said, _ = ran("unseal", str(sealed), "--key", str(key[0]), "-o", str(out), "--json")
    assert code == 0
    report = json.loads(said)
    assert {track["person"] for track in report["tracks"]} == {"Ana"}
    assert {track["person"] for track in report["unreadable"]} == {"Ben"}
    seen = watch(out)
    assert set(seen["Ana, camera"].sizes) == {(320, 180)}
    assert seen["Ana, camera"].sizes[320, 180] > 30
    assert seen["Ana, microphone"].loudest > 0.01


def test_a_page_takes_its_consent_back(
    recorder: Server, person: Seat, tmp_path: Path, key: tuple[Path, str]
) -> None:
    """What it sends from then on is sealed under keys that nobody has for the recording."""
    secret, camera = base64url.encode(bytes(16)), "320x180@15"
    ana = person("Ana", "chromium")
    ana.join(recorder.url, "hall", key=secret, camera=camera)
    ana.publication("Ana", "camera")
    ident = str(json.loads(ask(hall(recorder), "POST", body={"public_key": key[1]})[1])["id"])
    answer(ana, "give")
    time.sleep(4)
    ana.driver.find_element(By.CSS_SELECTOR, "button[data-rec]").click()
    answer(ana, "refuse")
    wait_until(lambda: consents(ana) == "refused", 5, "it is taken back")
    time.sleep(6)
    ask(hall(recorder), "DELETE")
    (sealed,) = fetched(hall(recorder), ident, tmp_path)
    out = tmp_path / "out.webm"
    code, said, _ = ran("unseal", str(sealed), "--key", str(key[0]), "-o", str(out), "--json")
    assert code == 0
    (track,) = [one for one in json.loads(said)["tracks"] if one["source"] == "camera"]
    assert track["pictures"] > 20
    assert track["unopened"] > 45
    assert watch(out)["Ana, camera"].seconds < 7
