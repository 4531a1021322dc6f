"""Calls of people who film: scenes, sizes and key frames at known times, padded and not."""

import asyncio
import multiprocessing
import tempfile
from concurrent.futures import ProcessPoolExecutor
from itertools import product
from pathlib import Path
from typing import Final, NamedTuple

from benchmarks.inference.calls import CONCEALED, MODES, SECRET, SPLITS, Mode, send
from benchmarks.inference.observed import Observed, Packet
from benchmarks.inference.pictures import ScriptedPictures, Times
from benchmarks.inference.scripts import Split
from benchmarks.inference.wire import streams
from benchmarks.server import BenchServer
from sfu_clients.client import Client
from tests.support.tcpdump import capturing

MITIGATIONS: Final = ("none", "padding")
"""Of sound, the others say nothing of pictures."""


class _Plan(NamedTuple):
    url: str
    mode: Mode
    seconds: float
    seed: int


class _Film(NamedTuple):
    mode: Mode
    mitigation: str
    split: Split
    ssrc: int
    times: Times


def observe(*, seconds: float, seed: int) -> list[Observed]:
    """All of them at the same time, each mode in a process of its own."""
    context = multiprocessing.get_context("spawn")
    with (
        tempfile.TemporaryDirectory() as folder,
        BenchServer() as server,
        ProcessPoolExecutor(len(MODES), context) as pool,
    ):
        plans = [_Plan(server.url, mode, seconds, seed) for mode in MODES]
        path = Path(folder) / "way.pcap"
        with capturing(path, "udp"):
            films = [film for found in pool.map(_play, plans) for film in found]
        seen = streams(path)
    return [
        Observed(
            mode=film.mode,
            mitigation=film.mitigation,
            split=film.split,
            kind="video",
            noise=None,
            packets=[Packet(one.time, one.size, None, {}) for one in seen[film.ssrc]],
            key_frames=film.times.key_frames,
            changes=film.times.changes,
        )
        for film in films
    ]


def _play(plan: _Plan) -> list[_Film]:
    return asyncio.run(_show(plan))


async def _show(plan: _Plan) -> list[_Film]:
    places = product(MITIGATIONS, SPLITS)
    return list(await asyncio.gather(*(_show_one(plan, *place) for place in places)))


async def _show_one(plan: _Plan, mitigation: str, split: Split) -> _Film:
    """Other pictures in each mode, the same with and without a mitigation."""
    seed = plan.seed + MODES.index(plan.mode)
    film = ScriptedPictures(split, seconds=plan.seconds, seed=seed)
    async with Client(
        plan.url,
        f"{plan.mode}-{mitigation}-{split}",
        secret=None if plan.mode == "hop" else SECRET,
        mode=plan.mode,
        concealment=CONCEALED[mitigation],
    ) as client:
        (ssrc,) = await send(client, film, seconds=plan.seconds)
    return _Film(plan.mode, mitigation, split, ssrc, film.times)
