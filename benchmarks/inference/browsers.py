"""The same with Chromium: guesses that were learnt from Python clients, on what a browser sends."""

import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from itertools import product
from pathlib import Path
from typing import Final

from benchmarks.inference.attackers import SILENT, level_id
from benchmarks.inference.calls import MODES, SECRET, Mode
from benchmarks.inference.observed import Observed, Packet
from benchmarks.inference.speech import Talk
from benchmarks.inference.wire import Seen, streams
from tests.support.browsers import start_chromium
from tests.support.page import Page
from tests.support.server import Server
from tests.support.tcpdump import capturing

LEAST: Final = 500
"""Packets of a stream: shorter ones are probes."""

STRIDE: Final = 5
"""Packets from one that is compared to the next."""

SWITCH: Final = "milkglass.hide-speech"
"""Under which a page remembers its switch."""

HIDDEN: Final = "hidden"
"""What the figures call it."""

PEOPLE: Final = 3
"""One with each noise, each in a browser and a room of their own."""


def observe(talks: Sequence[Talk], *, seconds: float) -> list[Observed]:
    """Have Chromium say what test calls say, in each mode."""
    return [
        one
        for mode, hidden in product(MODES, (False, True))
        for one in _observe(mode, talks[:PEOPLE], hidden=hidden, seconds=seconds)
    ]


def _observe(mode: Mode, talks: Sequence[Talk], *, hidden: bool, seconds: float) -> list[Observed]:
    """`hidden` is the page's own switch: a constant rate, and no loudness in packets."""
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        server = Server(folder)
        stack.callback(server.stop)
        pages = []
        for number, talk in enumerate(talks):
            sound = f"--use-file-for-fake-audio-capture={talk.path}"
            driver = start_chromium(folder, log_name=f"chromium-{number}", arguments=(sound,))
            stack.callback(driver.quit)
            pages.append(Page(driver, f"Ana {number}"))
        path = folder / "way.pcap"
        with capturing(path, f"udp dst port {server.media_port}"):
            key = "" if mode == "hop" else SECRET
            for number, page in enumerate(pages):
                if hidden:
                    page.open(server.url, f"room-{number}")
                    page.run("localStorage.setItem(arguments[0], '1')", SWITCH)
                page.join(server.url, f"room-{number}", key=key, camera=0)
            time.sleep(seconds)
        seen = [one for one in streams(path).values() if len(one) > LEAST]
    assert len(seen) == len(talks), "each browser sends one stream"
    return [_unlabelled(mode, one) if hidden else labelled(mode, talks, one) for one in seen]


def _unlabelled(mode: Mode, seen: Sequence[Seen]) -> Observed:
    """Nothing in it tells where in its file a browser is."""
    return Observed(
        mode=mode,
        mitigation=HIDDEN,
        split="test",
        kind="audio",
        noise=None,
        packets=[Packet(one.time, one.size, None, {}) for one in seen],
        key_frames=[],
        changes=[],
    )


def labelled(mode: Mode, talks: Sequence[Talk], seen: Sequence[Seen]) -> Observed:
    """A browser plays its file over and over: what it says of loudness tells which, and where."""
    packets = [
        Packet(
            one.time, one.size, None, {str(key): value for key, value in one.bytes_by_id.items()}
        )
        for one in seen
    ]
    ident = level_id(packets)
    assert ident is not None, "Chromium tells no loudness"
    levels = [SILENT - (packet.bytes_by_id.get(ident, SILENT) & 0x7F) for packet in packets]
    places = [one.number - seen[0].number for one in seen]
    some = list(zip(places, levels, strict=True))[::STRIDE]
    _, number, shift = max(
        (_fit(some, talk, shift), number, shift)
        for number, talk in enumerate(talks)
        for shift in range(len(talk.labels))
    )
    labels = talks[number].labels
    return Observed(
        mode=mode,
        mitigation="none",
        split="test",
        kind="audio",
        noise=talks[number].noise,
        packets=[
            Packet(packet.time, packet.size, labels[(place + shift) % len(labels)], {})
            for packet, place in zip(packets, places, strict=True)
        ],
        key_frames=[],
        changes=[],
    )


def _fit(some: Sequence[tuple[int, int]], talk: Talk, shift: int) -> float:
    """How much louder it is where there is speech, if the file begins so many pieces earlier."""
    sums, counts = [0, 0], [0, 0]
    for place, level in some:
        label = talk.labels[(place + shift) % len(talk.labels)]
        sums[label] += level
        counts[label] += 1
    return sums[1] / max(1, counts[1]) - sums[0] / max(1, counts[0])
