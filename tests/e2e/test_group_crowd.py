"""Crowds: real members in processes of their own, and more of them in simulation."""

import secrets
from typing import Any, Final

from benchmarks.crowd import Crew
from benchmarks.crowd_members import Member, Plan
from benchmarks.storm import measure
from sfu_clients.sealing import base64url
from tests.support.server import Server

MEMBERS: Final = 12
PROCESSES: Final = 3
LEAVES, ENDS = 20.0, 32.0
"""Twice as long as it takes on two busy cores."""

SIMULATED: Final = 50
MOST_COMMITS: Final = SIMULATED // 10

EVERY: Final = 10
"""A piece of sound in 200 ms: enough to be heard."""


def test_twelve_come_at_once_and_half_of_them_go(server: Server) -> None:
    """All have the same keys, few commits, and whoever stays hears everybody who stays (27)."""
    crowd = [
        Member(
            name=f"member {number}",
            joins=number * 2 / MEMBERS,
            leaves=ENDS if number % 2 else LEAVES + number / MEMBERS,
            every=EVERY,
        )
        for number in range(MEMBERS)
    ]
    secret = base64url.encode(secrets.token_bytes(16))
    plans = [
        Plan(server.url, "crowd", secret, tuple(crowd[place::PROCESSES]), ())
        for place in range(PROCESSES)
    ]
    with Crew(plans) as crew:
        told, _ = crew.play()
    names = {one.name for one in crowd}
    stayed = {one.name for one in crowd if one.leaves == ENDS}
    assert {one["name"] for one in told} == names
    for one in told:
        assert set(one["heard"]) == names - {one["name"]}
        assert len(one["epochs"]) <= MEMBERS
    together = {at_the_time(one, LEAVES) for one in told}
    assert len(together) == 1, together
    staying = [one for one in told if one["name"] in stayed]
    last = {at_the_time(one, ENDS) for one in staying}
    assert len(last) == 1, last
    assert last != together
    for one in staying:
        assert one["sizes"][-1][1] == len(stayed)
        for name in stayed - {one["name"]}:
            assert one["heard"][name]["last"] > LEAVES + 1, (one["name"], name)


async def test_fifty_in_simulation_need_few_commits() -> None:
    """They come within two seconds, half of them go within one, and all agree soon (27)."""
    found = await measure(SIMULATED, charged=False)
    for storm in (found["joining"], found["leaving"]):
        assert storm["agreed"], found
        assert storm["commits"] <= MOST_COMMITS, found
        assert storm["converged_s"] < 1, found  # of the virtual clock
    assert found["joining"]["without_keys_s"]["max"] < 1, found


def at_the_time(one: dict[str, Any], end: float) -> tuple[int, str]:
    """The epoch, and what tells its keys from others', that somebody had then."""
    _, epoch, keys = max(known for known in one["epochs"] if known[0] < end)
    return epoch, keys
