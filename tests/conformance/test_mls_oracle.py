"""Our MLS and mls-rs in one group: they follow each other, and have the same secrets."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

pytest.importorskip("mls_rs_uniffi", reason="there is a wheel of mls-rs for Linux on x86-64 only")

from tests.support.mls import Room

if TYPE_CHECKING:
    from sfu_clients.sealing.mls.isolate import Isolate

IS_LONG = settings.get_current_profile_name() == "long"
STEPS = 500 if IS_LONG else 40
MOST_MEMBERS = 9


pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.mark.parametrize("we_found", [True, False], ids=["we found it", "mls-rs founds it"])
async def test_add_update_and_remove_each_other(isolate: Isolate, *, we_found: bool) -> None:
    """Both as committer and as the one committed about; who was removed is out."""
    room = Room(isolate)
    founder = await room.found(ours=we_found)
    await room.say(founder)
    ours, theirs = room.party(ours=True), room.party(ours=False)
    await room.add(founder, theirs)
    await room.add(theirs, ours)
    for member in room.members:
        await room.update(member)
        await room.say(member)
    fourth, fifth = room.party(ours=not we_found), room.party(ours=we_found)
    await room.add(ours, fourth, fifth)
    await room.remove(theirs, ours)
    await room.remove(founder, theirs)
    await room.say(fifth)


@pytest.mark.timeout(1800 if IS_LONG else 180)
async def test_a_random_history(isolate: Isolate) -> None:
    """Whoever adds, removes or updates, at whatever place in the tree (adversarial test 44)."""
    room = Room(isolate)
    await room.found(ours=True)
    for _ in range(STEPS):
        await _any_step(room)
    assert room.members


async def _any_step(room: Room) -> None:
    by = random.choice(room.members)  # noqa: S311 - whims, not secrets
    others = [one for one in room.members if one is not by]
    size = len(room.members)
    step = random.choices(  # noqa: S311 - whims, not secrets
        ["add", "remove", "update", "say"], [MOST_MEMBERS - size, size - 1, 2, 1]
    )[0]
    if step == "add":
        joiners = [
            room.party(ours=random.random() < 0.5)  # noqa: S311 - whims, not secrets
            for _ in range(random.randint(1, 2))  # noqa: S311 - whims, not secrets
        ]
        await room.add(by, *joiners)
    elif step == "remove":
        leavers = random.sample(others, random.randint(1, min(2, len(others))))  # noqa: S311
        await room.remove(by, *leavers)
    elif step == "update":
        await room.update(by)
    else:
        await room.say(by)
