"""Tasks of a client: named, ended by whoever started them, and never failing in silence."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

logger = logging.getLogger(__name__)


def start(work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
    """Run this until `stop`; a fault of ours in it is logged."""
    task = asyncio.create_task(work, name=f"sfu-client:{name}")
    task.add_done_callback(_log_fault)
    return task


def _log_fault(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (fault := task.exception()) is not None:
        logger.error("task.failed", exc_info=fault)


async def stop(task: asyncio.Task[None] | None) -> None:
    """End it, if it runs, and wait until it has."""
    if task is not None:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
