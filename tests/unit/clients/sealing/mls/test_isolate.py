"""The page's program in V8: its own world, real random bytes, and an end."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from sfu_clients.sealing.mls.engine import PROGRAM
from sfu_clients.sealing.mls.isolate import EngineError, EngineRefused, Isolate
from tests.support.mls import PROGRAM as GROUPS

Start = Callable[[Path], Isolate]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts programs; afterwards no thread is left."""
    before = threading.active_count()
    started: list[Isolate] = []

    def begin(program: Path) -> Isolate:
        started.append(Isolate(program))
        return started[-1]

    yield begin
    for isolate in started:
        isolate.close()
    assert threading.active_count() == before


async def pack(isolate: Isolate) -> str:
    """A key package: it has random keys in it."""
    told = await isolate.call("pack", {"name": "Ana"})
    return str(msgspec.json.decode(told)["bytes"])


async def test_random_numbers_are_random(start: Start) -> None:
    """Never the same, neither in one isolate nor in two that do the same."""
    one, other = start(GROUPS), start(GROUPS)
    packs = [await pack(isolate) for isolate in (one, one, other, other) for _ in range(5)]
    assert len(set(packs)) == 20


async def test_it_does_not_run_dry(start: Start) -> None:
    """Each call finds as much as one may need, and no more is made up."""
    isolate = start(GROUPS)
    drawn = [await isolate.call("draw", {"length": 60_000}) for _ in range(5)]
    parts = {text[at : at + 40] for text in drawn for at in range(0, 79_000, 40)}
    assert len(parts) == 5 * 1975
    with pytest.raises(EngineError, match="too few random bytes"):
        await isolate.call("draw", {"length": 66_000})
    assert await isolate.call("draw", {"length": 65_536})


async def test_the_loop_goes_on_meanwhile(start: Start) -> None:
    """Calls wait for each other, not the loop for them."""
    isolate = start(GROUPS)
    packs = asyncio.gather(*(pack(isolate) for _ in range(40)))
    turns = 0
    while not packs.done():
        await asyncio.sleep(0.001)
        turns += 1
    assert turns > 20


async def test_a_caller_may_leave(start: Start) -> None:
    """What was asked is done, and whoever asks next is served."""
    isolate = start(GROUPS)
    task = asyncio.create_task(pack(isolate))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert task.cancelled()
    assert await pack(isolate)


async def test_refusals_and_failures_differ(start: Start) -> None:
    """A refusal has a reason to count; a mistake of ours is told in one sentence."""
    isolate = start(GROUPS)
    mine = msgspec.json.decode(await isolate.call("pack", {"name": "Ana"}))
    with pytest.raises(EngineRefused, match="no MLS message") as refused:
        await isolate.call("join", {"welcome": "AAAA", "pack": mine["pack"]})
    assert refused.value.reason == "malformed"
    with pytest.raises(EngineError, match="no command dance"):
        await isolate.call("dance", {})
    with pytest.raises(EngineError, match="failed at free"):
        await isolate.call("free", None)


def test_a_missing_program_is_told(tmp_path: Path) -> None:
    """With what to run."""
    with pytest.raises(EngineError, match="make"):
        Isolate(tmp_path / "engine.js")


def test_a_broken_program_is_told(tmp_path: Path) -> None:
    """And its thread ends."""
    before = threading.active_count()
    for text in ("(", "throw new Error('no')", "1"):
        (tmp_path / "engine.js").write_text(text)
        with pytest.raises(EngineError, match="does not start"):
            Isolate(tmp_path / "engine.js")
    while threading.active_count() > before:
        pass


async def test_members_alone_have_no_commands_of_tests(start: Start) -> None:
    """The program that clients run knows no bare groups."""
    with pytest.raises(EngineError, match="no command"):
        await start(PROGRAM).call("create", {})
