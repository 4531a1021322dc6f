"""The HTTP shell: the page, health, metrics, and refusals that a person understands."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp import WSServerHandshakeError
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from sfu.errors import ConfigError
from sfu.lan import prepare_in
from sfu.signalling import http
from sfu.signalling.http import create_application, listen, load_tls
from sfu.signalling.websocket import Conversation
from tests.support.site import Site, site

PAGE = "<!doctype html><title>Milkglass</title>"


def nobody() -> Conversation:
    """No test here gets as far as a conversation."""
    raise AssertionError


@pytest.fixture
def page(tmp_path: Path) -> Path:
    """A page as the build leaves it, and a secret beside it."""
    built = tmp_path / "dist"
    (built / "assets").mkdir(parents=True)
    (built / "index.html").write_text(PAGE)
    (built / "favicon.svg").write_text("<svg/>")
    (built / "assets" / "index-BvQ1.js").write_text("export {};")
    (tmp_path / "secret.txt").write_text("secret")
    return built


@pytest_asyncio.fixture
async def served(page: Path) -> AsyncIterator[Site]:
    """A server of that page."""
    async with site(page, nobody) as served:
        yield served


@pytest.mark.parametrize("path", ["/", "/room/standup", "/room/a_b-C9", f"/room/{'r' * 64}"])
async def test_every_room_is_the_same_page(served: Site, path: str) -> None:
    """A link to a room opens the page, which asks again whether it is the newest."""
    async with served.client.get(path) as answer:
        assert (answer.status, await answer.text()) == (200, PAGE)
        assert answer.content_type == "text/html"
        assert answer.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize(
    "request_line",
    [
        pytest.param(b"GET /room/secret HTTP/9.9", id="another version"),
        pytest.param(b"GET / HTTP/1.1\r\nAuthorization : secret", id="a malformed header"),
        pytest.param(b"GET / HTTP/1.1\r\nX: " + b"secret" * 20_000, id="a long header"),
    ],
)
async def test_what_is_not_http_is_refused_and_not_quoted(
    served: Site, caplog: pytest.LogCaptureFixture, request_line: bytes
) -> None:
    """A stranger gets 400, and the operator's log does not grow."""
    reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
    writer.write(request_line + b"\r\n\r\n")
    answer = await reader.read()
    writer.close()
    assert b" 400 " in answer.partition(b"\r\n")[0]
    assert not caplog.records


async def test_a_request_that_never_ends_is_not_waited_for(
    page: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However often another header comes."""
    monkeypatch.setattr(http, "IDLE_SECONDS", 0.3)
    async with site(page, nobody) as served:
        reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
        writer.write(b"GET / HTTP/1.1\r\n")
        while not reader.at_eof():
            writer.write(b"X: y\r\n")
            with suppress(TimeoutError, ConnectionResetError):
                await asyncio.wait_for(reader.read(1), 0.05)
        writer.close()


async def test_the_page_is_not_sent_twice(served: Site) -> None:
    """Who has it gets an empty answer."""
    async with served.client.get("/") as answer:
        tag = answer.headers["ETag"]
    async with served.client.get("/", headers={"If-None-Match": tag}) as answer:
        assert answer.status == 304


async def test_a_body_that_never_comes_is_not_waited_for(
    served: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever announces more than they send is told, and holds nothing."""
    monkeypatch.setattr(http, "REQUEST_SECONDS", 0.1)
    reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
    writer.write(
        b"POST /whip/hall HTTP/1.1\r\nHost: x\r\nContent-Type: application/sdp\r\n"
        b"Connection: close\r\nContent-Length: 9\r\n\r\nv=0"
    )
    assert b" 408 " in await reader.readline()
    writer.write(b"o=late")  # and is not read
    assert (await reader.read()).endswith(b"did not come to its end in time.\n")
    writer.close()


@pytest.mark.parametrize(
    ("path", "subtype", "caching"),
    [
        ("/assets/index-BvQ1.js", "javascript", "public, max-age=31536000, immutable"),
        ("/favicon.svg", "svg+xml", "no-cache"),
    ],
)
async def test_files_of_the_page(served: Site, path: str, subtype: str, caching: str) -> None:
    """Only names with a hash in them are kept for ever."""
    async with served.client.get(path) as answer:
        assert answer.status == 200
        assert answer.content_type.partition("/")[2] == subtype
        assert answer.headers["Cache-Control"] == caching


async def test_a_missing_page_is_explained(served: Site, page: Path) -> None:
    """Somebody who skipped the build learns of it."""
    (page / "index.html").unlink()
    async with served.client.get("/") as answer:
        assert answer.status == 503
        assert await answer.text() == "The page is not built yet; `make run` builds it.\n"


@pytest.mark.parametrize(
    "path",
    [
        "/nothing",
        "/assets",
        "/assets/",
        "/assets/nothing.js",
        "/assets/../../secret.txt",
        "/..%2fsecret.txt",
        "/%2e%2e/secret.txt",
        "/assets/..%2f..%2fsecret.txt",
        "/assets/%00",
        "/.hidden",
        "/room/",
        "/room/a%20b",
        f"/room/{'r' * 65}",
        "/room/a/b",
    ],
)
async def test_what_is_not_there(served: Site, path: str) -> None:
    """One sentence, and never a file from outside the page's folder."""
    reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
    writer.write(f"GET {path} HTTP/1.0\r\nHost: x\r\n\r\n".encode())
    answer = await reader.read()
    writer.close()
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.split(b" ")[1] == b"404"
    assert body == b"There is nothing at this address.\n"


async def test_wrong_methods_are_told_the_right_ones(served: Site) -> None:
    """405 names what the address takes."""
    async with served.client.post("/metrics") as answer:
        assert answer.status == 405
        assert answer.headers["Allow"] == "GET, HEAD"
        assert await answer.text() == "This address takes GET, HEAD only.\n"


@pytest.mark.parametrize(
    "path", ["/", "/nothing", "/metrics", "/healthz", "/ws", "/assets/index-BvQ1.js"]
)
async def test_every_answer_is_armoured(served: Site, path: str) -> None:
    """Whatever is asked, the browser is told to be careful."""
    async with served.client.get(path) as answer:
        headers = answer.headers
    policy = headers["Content-Security-Policy"].split("; ")
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert not any("unsafe" in directive for directive in policy)
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "camera=(self)" in headers["Permissions-Policy"]


async def test_health_is_not_readiness(served: Site) -> None:
    """A draining server is alive, and takes nobody in."""
    for path in ("/healthz", "/readyz"):
        async with served.client.get(path) as answer:
            assert answer.status == 200
    served.ready = False
    async with served.client.get("/healthz") as answer:
        assert answer.status == 200
    async with served.client.get("/readyz") as answer:
        assert answer.status == 503
    with pytest.raises(WSServerHandshakeError) as refused:
        await served.client.ws_connect("/ws")
    assert refused.value.status == 503


@pytest.mark.parametrize(
    ("authorization", "token", "status"),
    [
        ("Bearer good", "good", 200),
        ("bearer   good", "good", 200),
        ("Bearer other", "other", 403),
        ("Basic Z29vZA==", None, 401),
        (None, None, 401),
    ],
)
async def test_metrics_ask_for_a_token(
    served: Site, authorization: str | None, token: str | None, status: int
) -> None:
    """Who may scrape is not for this shell to decide, only how a refusal looks."""
    headers = {} if authorization is None else {"Authorization": authorization}
    async with served.client.get("/metrics", headers=headers) as answer:
        assert (answer.status, served.tokens) == (status, [token])
        assert answer.headers["Cache-Control"] == "no-store"
        assert ("WWW-Authenticate" in answer.headers) == (status == 401)
        body = await answer.text()
        assert body.endswith(".\n") or (status, body) == (200, "sfu_rooms 0\n")


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://[", ""])
async def test_other_origins_may_not_connect(served: Site, origin: str) -> None:
    """A page elsewhere cannot speak for whoever visits it."""
    with pytest.raises(WSServerHandshakeError) as refused:
        await served.client.ws_connect("/ws", headers={"Origin": origin})
    assert refused.value.status == 403


OWN = frozenset({"localhost", "127.0.0.1", "[::1]"})


@pytest.mark.parametrize("path", ["/", "/ws", "/metrics", "/healthz", "/nothing"])
@pytest.mark.parametrize(
    "host",
    [
        "rebound.example:{port}",
        "rebound.example",
        "localhost.rebound.example:{port}",
        "127.0.0.1.rebound.example",
        "[::2]:{port}",
        "localhost:x",
        "",
    ],
)
async def test_other_names_get_nothing_where_only_some_are_known(
    page: Path, path: str, host: str
) -> None:
    """DNS rebinding: a foreign page whose name points here has an origin that looks like ours."""
    async with site(page, nobody, hosts=OWN) as served:
        name = host.format(port=served.port)
        headers = {"Host": name, "Origin": f"http://{name}"}
        async with served.client.get(path, headers=headers) as answer:
            assert answer.status == 421
            assert (await answer.text()).endswith("open it as localhost.\n")


@pytest.mark.parametrize("host", ["localhost", "LocalHost:{port}", "127.0.0.1:80", "[::1]:{port}"])
async def test_own_names_are_served_where_only_some_are_known(page: Path, host: str) -> None:
    """Whatever the port: it may be forwarded."""
    async with site(page, nobody, hosts=OWN) as served:
        headers = {"Host": host.format(port=served.port)}
        async with served.client.get("/", headers=headers) as answer:
            assert answer.status == 200


async def test_the_websocket_speaks_nothing_else(served: Site) -> None:
    """A person who opens the address in a browser is told what it is for."""
    async with served.client.get("/ws") as answer:
        assert (answer.status, answer.headers["Upgrade"]) == (426, "websocket")
        assert await answer.text() == "This address speaks WebSocket only.\n"


async def test_a_bug_is_a_sentence_too(
    served: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The log has the traceback, and not the address of whoever asked."""

    def broken() -> bool:
        raise AssertionError

    monkeypatch.setattr(type(served), "ready", property(lambda _: broken()), raising=False)
    async with served.client.get("/readyz") as answer:
        assert answer.status == 500
        assert await answer.text() == "The server made a mistake; its log says more.\n"
    assert "127.0.0.1" not in caplog.text


async def test_a_port_in_use_is_the_operators_to_change(served: Site) -> None:
    """One sentence says which port, and which setting."""
    application = create_application(served.services)
    with pytest.raises(ConfigError, match=rf"port {served.port} .*http\.port"):
        await listen(application, host="127.0.0.1", port=served.port, tls=None)


def test_a_useless_certificate_is_the_operators_to_change(tmp_path: Path) -> None:
    """Missing and malformed files are one error."""
    (tmp_path / "certificate.pem").write_text("hello")
    for name in ("missing.pem", "certificate.pem"):
        with pytest.raises(ConfigError, match=name):
            load_tls(tmp_path / name, tmp_path / name)


def test_an_encrypted_key_is_the_operators_to_change(tmp_path: Path) -> None:
    """Nobody is asked for a password at a terminal that may not be there."""
    key = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"secret"),
    )
    (tmp_path / "key.pem").write_bytes(key)
    certificate = prepare_in(tmp_path, ["192.0.2.1"], now=datetime.now(UTC)).certificate
    with pytest.raises(ConfigError, match="unencrypted"):
        load_tls(certificate, tmp_path / "key.pem")
