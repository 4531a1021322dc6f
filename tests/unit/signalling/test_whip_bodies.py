"""What a client can do wrong with the bytes of a WHIP request, over bare connections."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from sfu.signalling.resources import MAX_BODY
from tests.support.whip import Http, answer_line, raw, site


@pytest_asyncio.fixture
async def http() -> AsyncIterator[Http]:
    """A server in the open mode."""
    async with site() as http:
        yield http


HEAD = "POST /whip/hall HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/sdp\r\n"


async def test_a_long_one_is_refused_before_it_comes(http: Http) -> None:
    """By what the header says of it: no byte has to be sent."""
    async with raw(http) as (reader, writer):
        writer.write(f"{HEAD}Content-Length: 10000000\r\n\r\n".encode())
        assert (await answer_line(reader)).startswith("HTTP/1.1 413 ")


async def test_one_without_a_length_is_cut_off(http: Http) -> None:
    """Once it is longer than an offer may be; the rest is not waited for."""
    async with raw(http) as (reader, writer):
        writer.write(f"{HEAD}Transfer-Encoding: chunked\r\n\r\n".encode())
        writer.write(b"%x\r\n" % (2 * MAX_BODY) + bytes(2 * MAX_BODY))
        assert (await answer_line(reader)).startswith("HTTP/1.1 413 ")


@pytest.mark.parametrize(
    ("length", "status"),
    [pytest.param(5, 100, id="short"), pytest.param(MAX_BODY + 1, 413, id="too long")],
)
async def test_one_that_asks_first_is_told(http: Http, length: int, status: int) -> None:
    """`Expect: 100-continue`, as curl sends it before a long body."""
    async with raw(http) as (reader, writer):
        head = f"{HEAD}Expect: 100-continue\r\nContent-Length: {length}\r\n\r\n"
        writer.write(head.encode())
        assert (await answer_line(reader)).startswith(f"HTTP/1.1 {status} ")
        if status == 100:
            await reader.readline()
            writer.write(b"v=0\r\n")
            assert (await answer_line(reader)).startswith("HTTP/1.1 400 ")


async def test_one_that_does_not_come_is_not_waited_for(
    http: Http, monkeypatch: pytest.MonkeyPatch
) -> None:
    """408, after a while."""
    monkeypatch.setattr("sfu.signalling.whip.BODY_SECONDS", 0.05)
    async with raw(http) as (reader, writer):
        writer.write(f"{HEAD}Content-Length: 100\r\n\r\nv=0".encode())
        assert (await answer_line(reader)).startswith("HTTP/1.1 408 ")


@pytest.mark.parametrize(
    "rest",
    [
        pytest.param("Content-Length: 100\r\n\r\nv=0", id="broken off"),
        pytest.param("Transfer-Encoding: chunked\r\n\r\n5\r\nv=0", id="broken off in a chunk"),
        pytest.param("Transfer-Encoding: chunked\r\n\r\nzz\r\n", id="no chunk"),
    ],
)
async def test_a_broken_one_is_no_bug_of_ours(
    http: Http, rest: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The log stays silent, and the server goes on."""
    async with raw(http) as (_, writer):
        writer.write(f"{HEAD}{rest}".encode())
        await writer.drain()
        assert (await http.ask("POST", "/whip/hall", "v=1")).status == 400
    assert (await http.ask("POST", "/whip/hall", "v=1")).status == 400
    assert "failed" not in capsys.readouterr().out
