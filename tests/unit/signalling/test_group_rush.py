"""A rush of joiners over real sockets: the bounds of a connection leave room for it."""

import asyncio

from tests.support.running import joined, running, settings

GROUP = "g" * 43
JOINERS = 12
SECONDS = 2.0
BYTES = 90_000
"""Commit and Welcome together, where a tree has fifty leaves with long names."""


async def test_twelve_people_in_two_seconds_are_not_a_flood() -> None:
    """One member commits for each of them; everybody hears everything, and nobody is cut off."""
    fields = {"mode": "e2ee-mls", "hello": "aGVsbG8"}
    async with (
        running(settings()) as (_, url),
        joined(url, "Ana", **fields) as (ana, _),
        joined(url, "Ben", **fields) as (ben, who),
    ):
        await ana.say("start_group", group=GROUP)
        for number in range(JOINERS):
            await ana.say(
                "send_commit",
                group=GROUP,
                number=number,
                commit="A" * (BYTES // 2),
                welcome="B" * (BYTES // 2),
                added=[who],
            )
            await ben.say("send_sealed_chat", line="C" * 1000)
            await asyncio.sleep(SECONDS / JOINERS)
        for number in range(JOINERS):
            assert (await ana.hear("commit_accepted"))["number"] == number
            assert (await ben.hear("group_welcome"))["number"] == number + 1
        await ben.say("send_group_message", group=GROUP, message="D" * 1000)
        assert (await ana.hear("group_message"))["participant"] == who
