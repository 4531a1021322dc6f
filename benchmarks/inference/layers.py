"""Calls in which a viewer is sent one layer after another: what the way to the viewer tells."""

import asyncio
import multiprocessing
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from random import Random
from typing import Final, NamedTuple

from benchmarks.inference.calls import MODES, SECRET, SPLITS, Mode
from benchmarks.inference.observed import Observed, Packet
from benchmarks.inference.scripts import Split
from benchmarks.inference.wire import streams
from benchmarks.server import BenchServer
from sfu.signalling.messages import LayerChanged, ServerMessage
from sfu_clients.client import Client
from sfu_clients.media.recorded import RecordedSource
from sfu_clients.recordings.recording import load_recording
from tests.support.tcpdump import capturing

RECORDINGS: Final[dict[Split, str]] = {"train": "vp9-l3t3", "test": "vp9-l3t3-key"}

HEIGHTS: Final = (720, 360, 180)
STAYS: Final = (6.0, 10.0)
"""Seconds with one wish."""


class _Plan(NamedTuple):
    url: str
    mode: Mode
    seconds: float
    seed: int


class _Switched(NamedTuple):
    """What one viewer was sent."""

    mode: Mode
    split: Split
    ssrc: int
    changes: list[float]


def observe(*, seconds: float, seed: int) -> list[Observed]:
    """One publisher and one viewer for each mode and split."""
    context = multiprocessing.get_context("spawn")
    with (
        tempfile.TemporaryDirectory() as folder,
        BenchServer() as server,
        ProcessPoolExecutor(len(MODES), context) as pool,
    ):
        path = Path(folder) / "way.pcap"
        plans = [_Plan(server.url, mode, seconds, seed) for mode in MODES]
        with capturing(path, "udp"):
            switched = [one for found in pool.map(_play, plans) for one in found]
        seen = streams(path)
    return [
        Observed(
            mode=one.mode,
            mitigation="none",
            split=one.split,
            kind="video",
            noise=None,
            packets=[Packet(packet.time, packet.size, None, {}) for packet in seen[one.ssrc]],
            key_frames=[],
            changes=one.changes,
        )
        for one in switched
    ]


def _play(plan: _Plan) -> list[_Switched]:
    return asyncio.run(_watch_both(plan))


async def _watch_both(plan: _Plan) -> list[_Switched]:
    return list(await asyncio.gather(*(_watch(plan, split) for split in SPLITS)))


async def _watch(plan: _Plan, split: Split) -> _Switched:
    room, secret = f"layers-{plan.mode}-{split}", None if plan.mode == "hop" else SECRET
    random = Random(f"layers {split} {plan.seed}")  # noqa: S311 - the same calls each time
    changes: list[float] = []
    layers: list[str | None] = []

    def listen(message: ServerMessage) -> None:
        if isinstance(message, LayerChanged):
            layer = message.layer and message.layer[:2]  # temporal layers are no resolution
            if layers and layer != layers[-1]:
                changes.append(time.time())
            layers.append(layer)

    async with (
        Client(plan.url, room, name="Ana", secret=secret, mode=plan.mode) as ana,
        Client(plan.url, room, name="Ben", secret=secret, mode=plan.mode) as ben,
    ):
        await ana.publish(RecordedSource(load_recording(RECORDINGS[split])))
        publication = await ben.find("Ana", "camera")
        (subscriber,) = await ben.subscribe(publication, height=HEIGHTS[0])
        ben.listen(listen)
        ends, wish = time.monotonic() + plan.seconds, HEIGHTS[0]
        while (left := ends - time.monotonic()) > 0:
            await asyncio.sleep(min(left, random.uniform(*STAYS)))
            wish = random.choice([height for height in HEIGHTS if height != wish])
            await ben.wish(publication.id, wish)
        return _Switched(plan.mode, split, subscriber.ssrc, changes)
