"""Logs: what happened, and nobody's name, address or token."""

import json
import logging
import time
from secrets import token_hex

import pytest
import structlog

from sfu.logs import configure
from sfu.signalling.tokens import Grant, issue
from tests.support.endpoint import on_udp
from tests.support.running import SECRET, joined, negotiate, running, settings


async def test_the_logs_of_a_call_name_nobody() -> None:
    """Everything from the start to the end of a server, with a call and a refusal in between."""
    token = issue(Grant(name="Rosalind"), SECRET, ttl=60, now=time.time())
    with structlog.testing.capture_logs() as entries:
        async with (
            running(settings(secret=SECRET)) as (_, url),
            joined(url, "Rosalind", token=token) as (rosalind, _),
        ):
            endpoint = await negotiate(
                rosalind, "sendonly", publish=[{"mid": "0", "source": "microphone"}]
            )
            async with on_udp(endpoint) as shell:
                await shell.until(lambda: endpoint.connected)
            await rosalind.say("offer", id=2, sdp="v=0 garbage", publish=[], receive=[])
            await rosalind.hear("problem")
    events = [entry["event"] for entry in entries]
    assert events[0] == "server.started"
    assert events[-1] == "server.stopped"
    assert {"participant.joined", "transport.connected", "participant.left"} <= set(events)
    text = json.dumps(entries, default=str)
    secrets = (token, "Rosalind", "hall", "127.0.0.1", endpoint.ufrag, endpoint.password, SECRET)
    for secret in secrets:
        assert secret not in text


@pytest.mark.parametrize("as_json", [True, False])
def test_levels_and_forms(capsys: pytest.CaptureFixture[str], as_json: bool) -> None:  # noqa: FBT001
    """From the level on, on standard error, an event a line."""
    configure("warning", as_json=as_json)
    log = structlog.get_logger()
    log.info("too.little")
    log.warning("enough", why="asked")
    written = capsys.readouterr().err
    structlog.reset_defaults()
    assert "too.little" not in written
    assert len(written.splitlines()) == 1
    if as_json:
        assert json.loads(written)["why"] == "asked"


@pytest.mark.parametrize("as_json", [True, False])
def test_exceptions_are_told_without_what_was_in_variables(
    capsys: pytest.CaptureFixture[str],
    as_json: bool,  # noqa: FBT001
) -> None:
    """A traceback says where; tokens, names and keys are in the variables around."""

    def fail(token: str) -> None:
        assert token
        raise RuntimeError("a bug")

    configure("warning", as_json=as_json)
    secret = token_hex(8)
    try:
        fail(secret)
    except RuntimeError:
        structlog.get_logger().exception("something.failed")
    written = capsys.readouterr().err
    structlog.reset_defaults()
    assert "RuntimeError: a bug" in written
    assert "in fail" in written
    assert secret not in written


def test_libraries_are_not_quoted(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """They complain in the words of strangers; who complains, of what and where is enough."""
    monkeypatch.setattr(logging.root, "handlers", [])
    configure("info", as_json=False)
    secret = token_hex(8)
    try:
        int(secret, base=2)
    except ValueError:
        logging.getLogger("library").exception("of %s", secret)
    logging.getLogger("library").warning("too little")
    written = capsys.readouterr().err
    structlog.reset_defaults()
    assert written.startswith("ERROR library: ValueError\n")
    assert "in test_libraries_are_not_quoted" in written
    assert secret not in written
    assert "too little" not in written
