"""Calls with groups: whole clients, each with a member in V8, against a whole server."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from sfu.signalling.messages import Chat, ServerMessage
from sfu_clients.client import Client
from sfu_clients.errors import ClientError
from sfu_clients.follower import Follower
from sfu_clients.media.sources import PatternSource, ToneSource
from sfu_clients.sealing.mls.devices import Device
from sfu_clients.sealing.mls.engine import ENGINE
from tests.support.groups import names, room, session, until
from tests.support.secrets import OTHER_SECRET, SECRET

SMALL = (160, 96)


def is_decoded(by: Follower, frames: int = 20) -> Callable[[], bool]:
    """Whether so much of everything there is was, and there is something."""

    def look() -> bool:
        reports = by.reports()
        return bool(reports) and all(report["frames_decoded"] >= frames for report in reports)

    return look


async def test_people_see_and_hear_each_other() -> None:
    """VP8, VP9 and sound, sealed; and they read what the others write."""
    async with room() as hall:
        ana, ben = await hall.enter("Ana"), await hall.enter("Ben")
        await hall.together(ana, ben)
        heard: list[Chat] = []

        def hear(message: ServerMessage) -> None:
            if isinstance(message, Chat):
                heard.append(message)

        ben.listen(hear)
        await ana.publish(PatternSource("VP8", size=SMALL), ToneSource())
        await ben.publish(PatternSource("VP9", size=SMALL), ToneSource())
        async with Follower(ana) as by_ana, Follower(ben) as by_ben:
            await until(lambda: len(by_ana.reports()) == len(by_ben.reports()) == 2)
            for by in (by_ana, by_ben):
                await until(is_decoded(by))
        codecs = Counter(report["codec"] for report in by_ana.reports() + by_ben.reports())
        assert codecs == {"VP8": 1, "VP9": 1, "opus": 2}
        await ana.say("Nobody else reads this.")
        await until(lambda: heard)
        assert (heard[0].name, heard[0].text) == ("Ana", "Nobody else reads this.")
        assert heard[0].participant == ana.participant


async def test_one_leaves_and_comes_back() -> None:
    """The group follows, and media goes on in each of its epochs."""
    async with room() as hall:
        ana, ben = await hall.enter("Ana"), await hall.enter("Ben")
        await ana.publish(ToneSource())
        device = Device.new()
        keys = []
        for _ in range(2):
            async with hall.client("Chi", device=device) as chi:
                await hall.together(ana, ben, chi)
                keys += [one.device for one in session(ana).members if one.name == "Chi"]
                async with Follower(chi) as by_chi:
                    await until(is_decoded(by_chi))
            await hall.together(ana, ben)
        async with Follower(ben) as by_ben:
            await until(is_decoded(by_ben))
        assert len(keys) == 2
        assert keys[0] == keys[1]


async def test_another_secret_opens_nothing() -> None:
    """The members let nobody in who lacks theirs; they are told so, and play nothing."""
    async with room() as hall:
        ana, ben = await hall.enter("Ana"), await hall.enter("Ben")
        await hall.together(ana, ben)
        await ana.publish(ToneSource())
        dan = await hall.enter("Dan", secret=OTHER_SECRET)
        warned: list[str] = []
        dan.on_alarm = warned.append
        await dan.publish(ToneSource())
        async with Follower(dan) as by_dan, Follower(ana) as by_ana:
            await until(lambda: warned)
            (heard,) = by_dan.reports()
            assert not heard["frames_decoded"]
            assert all(report["frames_decoded"] == 0 for report in by_ana.reports())
        assert "secret may be another one" in warned[0]
        assert session(dan).alarms == {"unadmitted"}
        assert names(dan) == []
        assert names(ana) == names(ben) == ["Ana", "Ben"]
        with pytest.raises(ClientError, match="not in the group"):
            await dan.say("Hello?")


async def test_a_dropped_connection_is_caught_up() -> None:
    """Who was away for a moment follows what the group did meanwhile."""
    async with room() as hall:
        ana, ben = await hall.enter("Ana"), await hall.enter("Ben")
        await hall.together(ana, ben)
        group = session(ana).group
        socket = ben._signalling._socket  # noqa: SLF001 - to pull its plug
        assert socket is not None
        await socket.close()
        chi = await hall.enter("Chi")
        await hall.together(ana, ben, chi)
        assert session(ben).group == group
        assert not any(session(one).refused for one in (ana, ben, chi))


async def test_people_are_known_by_their_devices() -> None:
    """Two devices of one person, endorsed by the first."""
    async with room() as hall:
        laptop = Device.new()
        phone = Device.new()
        phone = phone.endorsed(laptop.key, laptop.endorse(phone.key))
        one = await hall.enter("Ana", device=laptop)
        other = await hall.enter("Ana", device=phone)
        await hall.together(one, other)
        members = session(one).members
        assert len({member.person for member in members}) == 1
        assert len({member.device for member in members}) == 2


@pytest.mark.parametrize("secret", ["", "short", "AAEC:words", "A" * 23])
def test_a_secret_has_one_form(secret: str) -> None:
    """That of the link."""
    with pytest.raises(ClientError, match="#mls="):
        Client("http://localhost:1", "hall", secret=secret, mode="e2ee-mls")


@pytest.mark.parametrize(("mode", "secret"), [("e2ee-mls", None), ("hop", SECRET)])
def test_mode_and_secret_fit(mode: Any, secret: str | None) -> None:  # noqa: ANN401 - as given
    """Nothing is guessed."""
    with pytest.raises(ClientError, match="secret"):
        Client("http://localhost:1", "hall", secret=secret, mode=mode)


async def test_nobody_is_there() -> None:
    """What was begun for a call that never stood is ended."""
    with pytest.raises(ClientError):
        async with Client("http://localhost:1", "hall", secret=SECRET, mode="e2ee-mls"):
            pass
    assert ENGINE.members == 0
