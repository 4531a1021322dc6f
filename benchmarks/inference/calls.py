"""Labelled calls: real clients, a real server, and what tcpdump saw between them."""

import asyncio
import multiprocessing
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final, Literal, NamedTuple

from benchmarks.inference.observed import Observed, Packet
from benchmarks.inference.pictures import ScriptedPictures, Times
from benchmarks.inference.scripts import Split
from benchmarks.inference.speech import Talk
from benchmarks.inference.wire import Seen, streams
from benchmarks.server import BenchServer
from sfu_clients.client import Client
from sfu_clients.media.concealment import Concealment
from sfu_clients.media.files import FileAudio
from sfu_clients.publisher import Publisher
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

    mode: Mode
    split: Split
    ssrc: int
    talk: Talk | None
    times: Times


class Plan(NamedTuple):
    """What one process does: everybody in the calls of one mode."""

    url: str
    mode: Mode
    mitigation: str
    talks: dict[Split, list[Talk]]
    seconds: float
    seed: int


def observe(
    mitigation: str, talks: dict[Split, list[Talk]], *, seconds: float, seed: int
) -> list[Observed]:
    """Have all of them talk and film under a mitigation, in each mode at the same time."""
    context = multiprocessing.get_context("spawn")
    with (
        tempfile.TemporaryDirectory() as folder,
        BenchServer() as server,
        ProcessPoolExecutor(len(MODES), context) as pool,
    ):
        plans = [Plan(server.url, mode, mitigation, talks, seconds, seed) for mode in MODES]
        path = Path(folder) / "way.pcap"
        with capturing(path, "udp"):
            parts = [part for found in pool.map(play, plans) for part in found]
        seen = streams(path)
    return [_observed(part, mitigation, seen[part.ssrc]) for part in parts]


def play(plan: Plan) -> list[Part]:
    """Take part, in a process of its own."""
    return asyncio.run(_play(plan))


async def _play(plan: Plan) -> list[Part]:
    async with AsyncExitStack() as stack:
        entered = [await _enter(plan, split, stack) for split in SPLITS]
        publishers = [publisher for call in entered for publisher in call]
        async with asyncio.timeout(CONNECT_SECONDS):
            while any(publisher.stream is None for publisher in publishers):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        ssrcs = [one.stream.terms.ssrc for one in publishers if one.stream is not None]
        await asyncio.sleep(plan.seconds)
        for publisher in publishers:
            if publisher.problem is not None:
                raise publisher.problem
    parts = []
    for call, split in zip(entered, SPLITS, strict=True):
        for publisher, talk in zip(call, (None, *plan.talks[split]), strict=True):
            source = publisher.source
            times = source.times if isinstance(source, ScriptedPictures) else Times([], [])
            parts.append(Part(plan.mode, split, ssrcs[len(parts)], talk, times))
    return parts


async def _enter(plan: Plan, split: Split, stack: AsyncExitStack) -> list[Publisher]:
    """One client for all of a call: a film first, then sounds."""
    client = Client(
        plan.url,
        f"{plan.mode}-{split}",
        secret=None if plan.mode == "hop" else SECRET,
        mode=plan.mode,
        concealment=CONCEALED[plan.mitigation],
    )
    await stack.enter_async_context(client)
    film = ScriptedPictures(split, seconds=plan.seconds, seed=plan.seed)
    sounds = [FileAudio(str(talk.path), loop=False) for talk in plan.talks[split]]
    return await client.publish(film, *sounds)


def _observed(part: Part, mitigation: str, seen: Sequence[Seen]) -> Observed:
    """The stream, each packet with its label if it is of speech."""
    return Observed(
        mode=part.mode,
        mitigation=mitigation,
        split=part.split,
        kind="video" if part.talk is None else "audio",
        noise=None if part.talk is None else part.talk.noise,
        packets=list(_packets(part, seen)),
        key_frames=part.times.key_frames,
        changes=part.times.changes,
    )


def _packets(part: Part, seen: Sequence[Seen]) -> Iterator[Packet]:
    """A packet of sound is a piece of 20 ms: its number says which."""
    first = min(one.number for one in seen)
    for one in seen:
        label = None
        if part.talk is not None:
            place = one.number - first
            if place >= len(part.talk.labels):
                return
            label = part.talk.labels[place]
        values = {str(ident): value for ident, value in one.bytes_by_id.items()}
        yield Packet(one.time, one.size, label, values)
