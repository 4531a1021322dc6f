"""Tasks: named, ended, and never failing in silence."""

import asyncio

import pytest

from sfu_clients import tasks


async def test_ends_what_it_starts() -> None:
    """Whether it runs, has ended, failed, or was never started."""

    async def wait() -> None:
        await asyncio.sleep(60)

    task = tasks.start(wait(), "waiter")
    assert task.get_name() == "sfu-client:waiter"
    await asyncio.sleep(0)
    await tasks.stop(task)
    assert task.cancelled()
    await tasks.stop(task)
    await tasks.stop(None)


async def test_a_fault_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """With its traceback; stopping it raises nothing."""

    async def fail() -> None:
        raise ZeroDivisionError

    task = tasks.start(fail(), "faulty")
    await asyncio.sleep(0.01)
    await tasks.stop(task)
    assert [record.getMessage() for record in caplog.records] == ["task.failed"]
    assert caplog.records[0].exc_info is not None
