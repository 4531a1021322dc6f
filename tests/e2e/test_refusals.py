"""What the server refuses, it refuses with a reason that a person understands."""

import json

import pytest
from aiohttp import ClientSession, WSMsgType

from tests.support.page import Page, Seat
from tests.support.server import Serve, Server
from tests.support.tokens import SECRET, token

OTHER_SECRET = "another secret, as long as that of the tests"


@pytest.fixture
def guarded(serve: Serve) -> Server:
    """A server that takes tokens only."""
    return serve(SFU_AUTH_SECRET=SECRET)


@pytest.fixture
def dan(guarded: Server, person: Seat) -> Page:
    """Somebody who wants to come in."""
    assert guarded
    return person("Dan", "chromium")


def test_a_good_token_opens_the_room(guarded: Server, dan: Page) -> None:
    """The counterpart of the refusals below."""
    dan.join(guarded.url, "office", token("--room", "office"), camera=0, mic=0)
    assert (dan.state() or {})["room"] == "office"


def is_refused(page: Page, words: str) -> None:
    """The page says that the server refused, and why; the person is not in the room."""
    page.reads("did not let you in")
    assert words in page.text().lower().partition("did not let you in")[2]
    assert page.state() is None


@pytest.mark.parametrize(
    ("options", "secret", "words"),
    [
        pytest.param((), OTHER_SECRET, "not signed by this server", id="signed by somebody else"),
        pytest.param(("--hours", "-1"), SECRET, "expired", id="expired"),
        pytest.param(("--room", "kitchen"), SECRET, "room", id="for another room"),
        pytest.param(("--scrape",), SECRET, "token", id="for metrics"),
    ],
)
def test_a_bad_token_is_refused_in_words(
    guarded: Server, dan: Page, options: tuple[str, ...], secret: str, words: str
) -> None:
    """A token that does not open this room opens nothing, and Dan reads why."""
    bad = token(*options, secret=secret)
    dan.open(guarded.url, "office", bad, autojoin=1, camera=0, mic=0)
    is_refused(dan, words)


@pytest.mark.parametrize("bad", [pytest.param("", id="none"), pytest.param("x", id="garbage")])
def test_what_is_no_token_is_refused_in_words(guarded: Server, dan: Page, bad: str) -> None:
    """Without a token nobody enters, and Dan reads that he needs one."""
    dan.open(guarded.url, "office", bad, autojoin=1, camera=0, mic=0)
    is_refused(dan, "token")


def test_metrics_need_a_token_of_their_own(guarded: Server) -> None:
    """Who may join may not read metrics; who may read metrics can."""
    with pytest.raises(AssertionError, match="token"):
        guarded.metric("sfu_rooms")
    guarded.bearer = token()
    with pytest.raises(AssertionError, match="token"):
        guarded.metric("sfu_rooms")
    guarded.bearer = token("--scrape")
    assert guarded.metric("sfu_rooms") == 0


async def refusal(server: Server, text: str) -> dict[str, object]:
    """What the server answers to a first message."""
    url = server.url.replace("http", "ws") + "/ws"
    async with ClientSession() as session, session.ws_connect(url) as socket:
        await socket.send_str(text)
        answer = await socket.receive(timeout=5)
    assert answer.type is WSMsgType.TEXT
    problem: dict[str, object] = json.loads(answer.data)
    return problem


JOIN = {"type": "join", "room": "office", "name": "Dan"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param(json.dumps(JOIN | {"mode": "e2ee-mls"}), "mode", id="no hello for it"),
        pytest.param(json.dumps(JOIN | {"mode": "magic"}), "mode", id="a mode nobody has"),
        pytest.param(json.dumps(JOIN | {"room": "../etc"}), "room", id="no name of a room"),
        pytest.param(json.dumps(JOIN | {"name": "x" * 300_000}), "262144 bytes", id="too long"),
        pytest.param("{", "not understood", id="no JSON"),
        pytest.param('{"type": "leave"}', "join", id="not joined"),
    ],
)
async def test_a_bad_message_is_answered_with_a_sentence(
    server: Server, text: str, words: str
) -> None:
    """Each refusal is one `problem` whose reason names what is wrong."""
    problem = await refusal(server, text)
    reason = str(problem["reason"])
    assert problem["type"] == "problem"
    assert words in reason.lower()
    assert len(reason.split()) > 3
    assert reason.endswith(".")
