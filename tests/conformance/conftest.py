"""What tests of groups share: one V8 for all of a module."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest_asyncio

from sfu_clients.sealing.mls.isolate import Isolate
from tests.support.mls import PROGRAM

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def isolate() -> AsyncIterator[Isolate]:
    """With the commands for bare groups."""
    made = await asyncio.to_thread(Isolate, PROGRAM)
    yield made
    await asyncio.to_thread(made.close)
