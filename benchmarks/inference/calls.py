"""Labelled calls: real clients, a real server, and what tcpdump saw between them."""

import asyncio
import multiprocessing
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Final, Literal, NamedTuple

from benchmarks.inference.observed import Observed, Packet
from benchmarks.inference.scripts import Split
from benchmarks.inference.speech import Talk
from benchmarks.inference.wire import Seen, streams
from benchmarks.server import BenchServer
from sfu_clients.client import Client
from sfu_clients.media.concealment import Concealment
from sfu_clients.media.files import FileAudio
from sfu_clients.media.sources import Source
from tests.support.tcpdump import capturing

Mode = Literal["hop", "e2ee-passphrase"]

MODES: Final[tuple[Mode, ...]] = ("hop", "e2ee-passphrase")
SPLITS: Final[tuple[Split, ...]] = ("train", "test")

SECRET: Final = "AAECAwQFBgcICQoLDA0ODw"  # noqa: S105 - of calls that nobody needs to keep secret

CONCEALED: Final = {
    "none": Concealment(),
    "constant rate": Concealment(constant_rate=True),
    "no audio level": Concealment(hide_level=True),
    "padding": Concealment(padding=True),
    "all": Concealment(constant_rate=True, hide_level=True, padding=True),
}
"""Mitigations, by what tables call them."""

CONNECT_SECONDS: Final = 30.0


class Part(NamedTuple):
    """One publisher of a call, and what is known of it."""

    split: Split
    ssrc: int
    talk: Talk


class Plan(NamedTuple):
    """What one process does: everybody in one call."""

    url: str
    mode: Mode
    split: Split
    mitigation: str
    talks: list[Talk]
    seconds: float


def observe(
    mode: Mode, mitigation: str, talks: dict[Split, list[Talk]], *, seconds: float
) -> list[Observed]:
    """Have all of them talk; the call to train on and the other at the same time."""
    context = multiprocessing.get_context("spawn")
    with (
        tempfile.TemporaryDirectory() as folder,
        BenchServer() as server,
        ProcessPoolExecutor(len(SPLITS), context) as pool,
    ):
        plans = [
            Plan(server.url, mode, split, mitigation, talks[split], seconds) for split in SPLITS
        ]
        path = Path(folder) / "way.pcap"
        with capturing(path, "udp"):
            parts = [part for found in pool.map(play, plans) for part in found]
        seen = streams(path)
    return [_observed(part, mode, mitigation, seen[part.ssrc]) for part in parts]


def play(plan: Plan) -> list[Part]:
    """Take part, in a process of its own."""
    return asyncio.run(_play(plan))


async def _play(plan: Plan) -> list[Part]:
    """One client for all voices of a call."""
    sounds = [FileAudio(talk.path, loop=False) for talk in plan.talks]
    async with Client(
        plan.url,
        f"{plan.mode}-{plan.split}",
        secret=None if plan.mode == "hop" else SECRET,
        mode=plan.mode,
        concealment=CONCEALED[plan.mitigation],
    ) as client:
        ssrcs = await send(client, *sounds, seconds=plan.seconds)
    return [Part(plan.split, *pair) for pair in zip(ssrcs, plan.talks, strict=True)]


async def send(client: Client, *sources: Source, seconds: float) -> list[int]:
    """Publish for a while; the SSRCs of it; raises ClientError."""
    publishers = await client.publish(*sources)
    async with asyncio.timeout(CONNECT_SECONDS):
        while any(publisher.stream is None for publisher in publishers):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    ssrcs = [one.stream.terms.ssrc for one in publishers if one.stream is not None]
    await asyncio.sleep(seconds)
    for publisher in publishers:
        if publisher.problem is not None:
            raise publisher.problem
    return ssrcs


def _observed(part: Part, mode: Mode, mitigation: str, seen: Sequence[Seen]) -> Observed:
    """The stream, each packet with its label."""
    return Observed(
        mode=mode,
        mitigation=mitigation,
        split=part.split,
        kind="audio",
        noise=part.talk.noise,
        packets=list(_packets(part.talk, seen)),
        key_frames=[],
        changes=[],
    )


def _packets(talk: Talk, seen: Sequence[Seen]) -> Iterator[Packet]:
    """A packet of sound is a piece of 20 ms: its number says which."""
    first = min(one.number for one in seen)
    for one in seen:
        place = one.number - first
        if place < len(talk.labels):
            values = {str(ident): value for ident, value in one.bytes_by_id.items()}
            yield Packet(one.time, one.size, talk.labels[place], values)
