"""Labelled calls: real clients, a real server, and what tcpdump saw between them."""

import asyncio
import multiprocessing
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
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
    """What one process does: everybody in one call."""

    url: str
    mode: Mode
    split: Split
    mitigation: str
    talks: list[Talk]
    seconds: float
    seed: int


def observe(
    mode: Mode, mitigation: str, talks: dict[Split, list[Talk]], *, seconds: float, seed: int
) -> list[Observed]:
    """Have all of them talk and film; the call to train on and the other at the same time."""
    context = multiprocessing.get_context("spawn")
    with (
        tempfile.TemporaryDirectory() as folder,
        BenchServer() as server,
        ProcessPoolExecutor(len(SPLITS), context) as pool,
    ):
        plans = [
            Plan(server.url, mode, split, mitigation, talks[split], seconds, seed)
            for split in SPLITS
        ]
        path = Path(folder) / "way.pcap"
        with capturing(path, "udp"):
            parts = [part for found in pool.map(play, plans) for part in found]
        seen = streams(path)
    return [_observed(part, mitigation, seen[part.ssrc]) for part in parts]


def play(plan: Plan) -> list[Part]:
    """Take part, in a process of its own."""
    return asyncio.run(_play(plan))


async def _play(plan: Plan) -> list[Part]:
    """One client for all of a call: a film, and sounds."""
    film = ScriptedPictures(plan.split, seconds=plan.seconds, seed=plan.seed)
    sounds = [FileAudio(talk.path, loop=False) for talk in plan.talks]
    async with Client(
        plan.url,
        f"{plan.mode}-{plan.split}",
        secret=None if plan.mode == "hop" else SECRET,
        mode=plan.mode,
        concealment=CONCEALED[plan.mitigation],
    ) as client:
        publishers = await client.publish(film, *sounds)
        async with asyncio.timeout(CONNECT_SECONDS):
            while any(publisher.stream is None for publisher in publishers):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        ssrcs = [one.stream.terms.ssrc for one in publishers if one.stream is not None]
        await asyncio.sleep(plan.seconds)
        for publisher in publishers:
            if publisher.problem is not None:
                raise publisher.problem
    return [
        Part(plan.mode, plan.split, ssrc, talk, Times([], []) if talk else film.times)
        for ssrc, talk in zip(ssrcs, (None, *plan.talks), strict=True)
    ]


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
