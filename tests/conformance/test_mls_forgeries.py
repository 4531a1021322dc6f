"""Whatever is not a commit or a Welcome of this moment is refused, and changes nothing."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("mls_rs_uniffi", reason="there is a wheel of mls-rs for Linux on x86-64 only")

from sfu_clients.sealing.mls.isolate import EngineRefused, Isolate
from tests.support.mls import Ours, Party, Room, View

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def three(isolate: Isolate) -> tuple[Room, Party, Ours, Party]:
    """One of mls-rs who commits, one of ours who follows, and one more of mls-rs."""
    room = Room(isolate)
    committer = await room.found(ours=False)
    follower, third = room.party(ours=True), room.party(ours=False)
    await room.add(committer, follower, third)
    assert isinstance(follower, Ours)
    return room, committer, follower, third


def flips(message: bytes) -> list[bytes]:
    """Each byte of it once with some bit changed."""
    return [
        message[:at] + bytes([byte ^ 1 << random.randrange(8)]) + message[at + 1 :]  # noqa: S311
        for at, byte in enumerate(message)
    ]


def cuts(message: bytes) -> list[bytes]:
    """All that it begins with, and it with something behind it."""
    return [message[:length] for length in range(len(message))] + [message + b"\0"]


def about(view: View) -> tuple[int, str]:
    return view.epoch, view.transcript


async def refuses(follower: Ours, commit: bytes) -> str:
    """Why; nothing has changed by it."""
    before, secret = about(follower.view), await follower.secret()
    with pytest.raises(EngineRefused) as refused:
        await follower.process(commit)
    assert (about(follower.view), await follower.secret()) == (before, secret)
    return refused.value.reason


@pytest.mark.parametrize("change", [flips, cuts])
async def test_a_changed_commit(isolate: Isolate, change: Callable[[bytes], list[bytes]]) -> None:
    """No bit of it may differ; the genuine one is taken after all of them (tests 16 and 30)."""
    room, committer, follower, third = await three(isolate)
    joiner = room.party(ours=False)
    commit, _ = await committer.commit([await joiner.introduce()], [])
    reasons = {await refuses(follower, changed) for changed in change(commit)}
    assert reasons <= {"malformed", "not_authentic", "not_a_member", "forbidden_proposal"}
    for member in (follower, third):
        await member.process(commit)
    await room.agree()


async def test_an_old_commit(isolate: Isolate) -> None:
    """Neither the same again, nor one of an epoch that others have left, nor our own."""
    room, committer, follower, third = await three(isolate)
    first, _ = await committer.commit([], [])
    for member in (follower, third):
        await member.process(first)
    assert await refuses(follower, first) == "not_authentic"
    own, _ = await follower.commit([], [])
    assert await refuses(follower, own) == "not_authentic"
    for member in (committer, third):
        await member.process(own)
    await room.agree()


async def test_a_commit_of_somebody_removed(isolate: Isolate) -> None:
    """What was made in the epoch before does not count any more, and what is made now never."""
    room, committer, follower, third = await three(isolate)
    await room.say(committer)
    theirs, _ = await third.commit([], [])
    room.members.remove(third)  # who is in an epoch of their own now
    await room.remove(follower, committer)
    assert await refuses(follower, theirs) == "not_authentic"
    late, _ = await committer.commit([], [])
    assert await refuses(follower, late) == "not_authentic"


async def test_a_commit_of_another_group(isolate: Isolate) -> None:
    """Even one of the same id, the same epoch and the same names."""
    _, _, follower, _ = await three(isolate)
    _, stranger, _, _ = await three(isolate)
    foreign, _ = await stranger.commit([], [])
    assert await refuses(follower, foreign) == "not_authentic"


async def test_what_is_no_commit(isolate: Isolate) -> None:
    """Messages of all other kinds, and noise."""
    room, committer, follower, _ = await three(isolate)
    joiner = room.party(ours=False)
    pack = await joiner.introduce()
    said = await committer.seal(b"words")
    _, welcome = await committer.commit([pack], [])
    noise = random.randbytes(500)  # noqa: S311 - any bytes will do
    for other in (pack, said, welcome or b"", b"", noise, bytes(90_000)):
        assert await refuses(follower, other) == "malformed"


@pytest.mark.parametrize("change", [flips, cuts])
async def test_a_changed_welcome(isolate: Isolate, change: Callable[[bytes], list[bytes]]) -> None:
    """Who joins is in the group that the committer meant, or in none."""
    room = Room(isolate)
    committer, joiner = await room.found(ours=False), room.party(ours=True)
    _, welcome = await committer.commit([await joiner.introduce()], [])
    assert welcome is not None
    for changed in change(welcome):
        with pytest.raises(EngineRefused):
            await joiner.join(changed)
    await joiner.join(welcome)
    assert await joiner.secret() == await committer.secret()


async def test_a_welcome_for_somebody_else(isolate: Isolate) -> None:
    """Nor is one for an earlier introduction of ours."""
    room = Room(isolate)
    committer, joiner = await room.found(ours=False), room.party(ours=True)
    _, welcome = await committer.commit([await joiner.introduce()], [])
    await joiner.introduce()
    assert welcome is not None
    for other in (joiner, room.party(ours=True)):
        await other.introduce()
        with pytest.raises(EngineRefused):
            await other.join(welcome)


async def test_a_changed_message(isolate: Isolate) -> None:
    """No bit may differ, and nothing is heard twice."""
    _, committer, follower, _ = await three(isolate)
    message = await committer.seal(b"words")
    for changed in flips(message) + cuts(message):
        with pytest.raises(EngineRefused):
            await follower.open(changed)
    assert await follower.open(message) == b"words"
    with pytest.raises(EngineRefused):
        await follower.open(message)
