"""A server that attacks a group, between real clients in `e2ee-mls`.

The numbers are those of the adversarial tests in docs/security.md.
"""

import asyncio
import itertools
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial

import pytest

from sfu.signalling.messages import Chat, SealedChat, ServerMessage
from sfu_clients.client import Client
from sfu_clients.errors import ClientError, ConnectionEnded
from sfu_clients.sealing import base64url
from tests.support.groups import Room, names, room, session, until
from tests.support.malice import Malice, Told, corrupt
from tests.support.secrets import OTHER_SECRET

ABOUT_GROUPS = ("commit_accepted", "group_welcome", "group_message")


@pytest.fixture
def malice(monkeypatch: pytest.MonkeyPatch) -> Malice:
    """The server of this test."""
    return corrupt(monkeypatch)


def lines(client: Client) -> list[str]:
    """What this client's listeners read as lines of chat, from now on."""
    read: list[str] = []

    def hear(message: ServerMessage) -> None:
        if isinstance(message, Chat):
            read.append(f"{message.name}: {message.text}")
        elif isinstance(message, SealedChat):
            read.append(f"sealed: {message.line}")

    client.listen(hear)
    return read


def all_have(read: list[list[str]], said: list[str]) -> bool:
    """Whether everybody has read everything."""
    return all(set(said) <= set(one) for one in read)


async def all_read_each_other(*clients: Client) -> None:
    """They have the same keys: what each of them says is read by all others, sooner or later."""
    read = [lines(client) for client in clients]
    async with asyncio.timeout(40):
        for attempt in itertools.count():
            said = [f"{who.participants[who.participant].name}: {attempt}" for who in clients]
            for client in clients:
                with suppress(ClientError):  # who is added anew just now
                    await client.say(str(attempt))
            with suppress(TimeoutError):
                await until(partial(all_have, read, said), 3)
                return


async def enter(hall: Room, *people: str) -> list[Client]:
    """These come after each other, each with a commit of their own, and are in one group."""
    clients: list[Client] = []
    for name in people:
        clients.append(await hall.enter(name))
        await hall.together(*clients)
    return clients


def bend(text: str) -> str:
    """Change a bit in the middle."""
    data = bytearray(base64url.decode(text))
    data[len(data) // 2] ^= 1
    return base64url.encode(bytes(data))


# Membership


def losing(share: int) -> Callable[[str, Told], Iterator[Told]]:
    """Lose every so many messages of the group's."""
    count = 0

    def tell(_name: str, message: Told) -> Iterator[Told]:
        nonlocal count
        count += message["type"] in ABOUT_GROUPS
        if message["type"] not in ABOUT_GROUPS or count % share:
            yield message

    return tell


def doubling(_name: str, message: Told) -> Iterator[Told]:
    """Say all of it twice."""
    yield message
    if message["type"] in ABOUT_GROUPS:
        yield message


def turning_round(behind: int) -> Callable[[str, Told], Iterator[Told]]:
    """Hold each back until so many others have been said to the same client."""
    waiting: dict[str, list[Told]] = {}

    def tell(name: str, message: Told) -> Iterator[Told]:
        if message["type"] not in ABOUT_GROUPS:
            yield message
            return
        held = waiting.setdefault(name, [])
        held.append(message)
        if len(held) > behind:
            yield from reversed(held)
            held.clear()

    return tell


@pytest.mark.parametrize(
    "tampering",
    [
        pytest.param(losing(2), id="lost"),
        pytest.param(doubling, id="twice", marks=pytest.mark.long),
        pytest.param(turning_round(1), id="turned round"),
        pytest.param(turning_round(3), id="late", marks=pytest.mark.long),
    ],
)
async def test_what_becomes_of_messages_is_made_up_for(
    malice: Malice, tampering: Callable[[str, Told], Iterator[Told]]
) -> None:
    """14: when the server behaves again, all are in one group, and nobody was deceived."""
    async with room() as hall:
        ana, ben = await enter(hall, "Ana", "Ben")
        with malice.telling(tampering):
            chi = await hall.enter("Chi")
            await asyncio.sleep(3)
        await until(lambda: names(ana) == names(ben) == names(chi) == ["Ana", "Ben", "Chi"], 40)
        await all_read_each_other(ana, ben, chi)


def commits(malice: Malice, name: str) -> list[Told]:
    """All commits that somebody was told of."""
    return [message for message in malice.told[name] if message["type"] == "commit_accepted"]


async def test_forged_and_old_commits_change_nothing(malice: Malice) -> None:
    """16: commits and Welcomes of before, or bent, are refused by all, and block nobody."""
    async with room() as hall:
        ana, ben, chi = await enter(hall, "Ana", "Ben", "Chi")
        old = commits(malice, "Ben")[-1]
        welcomes = [m for m in malice.told["Chi"] if m["type"] == "group_welcome"]
        forged = [old["commit"], bend(old["commit"]), welcomes[0]["welcome"]]
        for number, commit in enumerate(forged, old["number"] + 1):
            claim = {"group": old["group"], "number": number, "commit": commit}
            malice.pretend("Ben", {"type": "send_commit", **claim, "welcome": None, "added": []})
        for name in ("Ana", "Ben", "Chi"):
            malice.say(name, *welcomes)
        await until(lambda: all(session(one).refused.total() >= 3 for one in (ana, ben, chi)))
        dan = await hall.enter("Dan")
        await hall.together(ana, ben, chi, dan)
        await all_read_each_other(ana, ben, chi, dan)
        assert not any(session(one).alarms for one in (ana, ben, chi, dan))


async def test_nobody_comes_in_for_somebody_else(malice: Malice) -> None:
    """18, 19: the server's own package is not added, not even under an invited one's name."""
    async with room() as hall:
        ana, ben = await enter(hall, "Ana", "Ben")
        eve = await hall.enter("Eve", secret=OTHER_SECRET)
        hello = eve.participants[eve.participant].hello

        def swap(name: str, message: Told) -> list[Told]:
            if name in {"Ana", "Ben"} and message["type"] == "participant_joined":
                message["participant"]["hello"] = hello
            return [message]

        with malice.telling(swap):
            chi = await hall.enter("Chi")
            await until(lambda: session(chi).alarms == {"unadmitted"})
        assert names(chi) == names(eve) == []
        assert names(ana) == names(ben) == ["Ana", "Ben"]
        assert not commits(malice, "Ana")[1:]


def hide(malice: Malice, who: Client, *others: str) -> None:
    """Tell others that somebody is in the room but shows no hello."""
    about = {"participant": who.participant, "connected": True, "hello": None}
    for name in others:
        malice.say(name, {"type": "participant_updated", **about})


async def test_a_removal_that_is_withheld_is_told(malice: Malice) -> None:
    """22: Ben is not told that Chi was removed: he learns that he is not told something."""
    async with room() as hall:
        ana, ben, chi = await enter(hall, "Ana", "Ben", "Chi")

        def withhold(name: str, message: Told) -> list[Told]:
            is_kept = name != "Ana" and message["type"] == "commit_accepted"
            return [] if is_kept else [message]

        with malice.telling(withhold):
            hide(malice, chi, "Ana")
            await until(lambda: names(ana) == ["Ana", "Ben"])
            await ana.say("Chi has left.")
            # Three seconds, says the member's own clock; the rest is for a busy machine.
            await until(lambda: "stalled" in session(ben).alarms, 8)


async def test_two_histories_are_never_one_again(malice: Malice) -> None:
    """23: Chi is shown another group than Ana and Ben: what comes over from there tells."""
    async with room() as hall:
        ana, ben, chi = await enter(hall, "Ana", "Ben", "Chi")

        def apart(name: str, other: str) -> bool:
            return (name == "Chi") != (other == "Chi")

        def take_all(name: str, message: Told) -> Iterator[Told]:
            if message["type"] != "send_commit":
                yield message
                return
            accepted = {key: message[key] for key in ("group", "number", "commit")}
            told = {"type": "commit_accepted", "participant": ids[name], **accepted}
            for other in ids:
                if not apart(name, other):
                    malice.say(other, told)

        ids = {"Ana": ana.participant, "Ben": ben.participant, "Chi": chi.participant}
        malice.hear = take_all
        hide(malice, chi, "Ana", "Ben")
        hide(malice, ana, "Chi")
        hide(malice, ben, "Chi")
        await until(lambda: (names(ana), names(chi)) == (["Ana", "Ben"], ["Chi"]))
        read = lines(ben), lines(chi)
        for _ in range(4):
            await ana.say("Are you there?")
        await until(lambda: "split" in session(chi).alarms)
        await until(lambda: read == (["Ana: Are you there?"] * 4, []))


async def test_who_is_in_the_room_alone_is_no_member(malice: Malice) -> None:
    """24, 25: neither a ghost, nor one with a copy of Ben's hello, is listed in the group."""
    async with room() as hall:
        ana, ben = await enter(hall, "Ana", "Ben")
        ghosts = {"Ghost": None, "Ben": ben.participants[ben.participant].hello}
        for number, (name, hello) in enumerate(ghosts.items()):
            about = {"id": f"ghost-{number}", "name": name, "hello": hello, "moderator": False}
            ghost: Told = {**about, "connected": True, "publications": []}
            malice.say("Ana", {"type": "participant_joined", "participant": ghost})
        await until(lambda: len(ana.participants) == 4)
        await ana.say("Who is there?")
        await asyncio.sleep(1)
        assert names(ana) == ["Ana", "Ben"]
        shown = {member.participant for member in session(ana).members}
        assert shown == {ana.participant, ben.participant}


# Liveness


@pytest.mark.long
async def test_whose_words_are_suppressed_is_silent(malice: Malice) -> None:
    """36: Ben hears nothing of Ana's: she is grey to him after three beacons; Chi is not."""
    async with room() as hall:
        ana, ben, _ = await enter(hall, "Ana", "Ben", "Chi")

        def suppress(name: str, message: Told) -> list[Told]:
            is_anas = message.get("participant") == ana.participant
            is_kept = name == "Ben" and message["type"] == "group_message" and is_anas
            return [] if is_kept else [message]

        def silent() -> list[str]:
            return [one.name for one in session(ben).members if one.is_silent]

        with malice.telling(suppress):
            await until(silent, 40)
            assert silent() == ["Ana"]
        await until(lambda: not silent(), 15)


# What people say, and the mode


async def test_lines_that_nobody_said_are_not_read(malice: Malice) -> None:
    """7, 38: what is in clear, bent, of the other mode, or repeated is no line of anybody's."""
    async with room() as hall:
        ana, ben = await enter(hall, "Ana", "Ben")
        read = lines(ben)
        await ana.say("Once.")
        await until(lambda: read == ["Ana: Once."])
        said = [message for message in malice.told["Ben"] if message["type"] == "group_message"]
        who = {"participant": ana.participant}
        malice.say(
            "Ben",
            *said,
            *({**message, "message": bend(message["message"])} for message in said),
            {"type": "chat", **who, "name": "Ana", "text": "I said this in clear."},
            {"type": "sealed_chat", **who, "line": said[-1]["message"]},
        )
        await until(lambda: session(ben).refused.total() >= 2 * len(said))
        await ana.say("Twice.")
        await until(lambda: "Ana: Twice." in read)
        assert read == ["Ana: Once.", "Ana: Twice."]


async def test_another_mode_in_the_middle_of_a_call_ends_it(malice: Malice) -> None:
    """41: the connection breaks, and the server lets Ben return to a room in clear: he does not."""
    async with room() as hall:
        _, ben = await enter(hall, "Ana", "Ben")

        def flip(_name: str, message: Told) -> list[Told]:
            return [message | {"mode": "hop"} if message["type"] == "welcome" else message]

        with malice.telling(flip):
            malice.drop("Ben")
            async with asyncio.timeout(20):
                reason = await ben.ended()
        assert isinstance(reason, ConnectionEnded)
        assert "takes this room for hop" in str(reason)
