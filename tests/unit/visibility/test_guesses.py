"""What sizes tell of a sealed call is in the sheet and in the metrics, while it happens."""

import asyncio
import time

from sfu.server import Server
from sfu.signalling.values import Mode
from sfu.visibility.guesses import Guesses
from sfu.visibility.inference.kind import ENOUGH
from sfu.visibility.inference.window import WINDOW_SECONDS
from sfu.visibility.sheet import Inferred
from sfu_clients.client import Client
from sfu_clients.media.concealment import Concealment
from sfu_clients.media.sources import PatternSource
from tests.support.hall import Hall
from tests.support.media import AUDIO_SSRC, OPUS, audio_track
from tests.support.packets import rtp
from tests.support.running import running, settings
from tests.support.secrets import SECRET
from tests.support.talker import TalkerSource

MODE: Mode = "e2ee-passphrase"
TURN = 4.0
"""Seconds of speech, and of silence."""

LATE = 1.0
"""Seconds until the sheet has to follow."""


def inferred(server: Server) -> dict[str, Inferred]:
    """By function."""
    sheet = server.observer.describe(server.directory.rooms["hall"])
    return {stream.function: stream.inferred or Inferred() for stream in sheet.streams}


async def listen(server: Server, seconds: float) -> list[bool | None]:
    """What the sheet says meanwhile, ten times a second."""
    until, said = time.monotonic() + seconds, []
    while time.monotonic() < until:
        said.append(inferred(server)["audio"].speaking)
        await asyncio.sleep(0.1)
    return said


async def turns(server: Server, talker: TalkerSource) -> dict[bool, list[bool | None]]:
    """What is said of speech and of silence, when everybody has heard both once."""
    heard: dict[bool, list[bool | None]] = {True: [], False: []}
    for number, speaking in enumerate((False, True, False, True, False)):
        talker.speaking = speaking
        await asyncio.sleep(LATE)
        said = await listen(server, TURN - LATE)
        if number > 1:
            heard[speaking] += said
    return heard


async def test_the_sheet_follows_who_speaks_in_a_sealed_room() -> None:
    """Over a real socket, without a key; and the metrics count it."""
    async with (
        running(settings(witness="on")) as (server, url),
        Client(url, "hall", name="Ana", secret=SECRET, mode=MODE) as ana,
    ):
        talker = TalkerSource()
        await ana.publish(talker, PatternSource("VP8", size=(320, 180), rate=15))
        heard = await turns(server, talker)
        assert heard[True].count(True) > 0.7 * len(heard[True])
        assert heard[False].count(False) > 0.7 * len(heard[False])
        kinds = {function: one.kind for function, one in inferred(server).items()}
        assert kinds == {"audio": "audio", "video": "video"}
        counts = server.observer.guesses.heard
        assert {mode for mode, _ in counts} == {MODE}
        least = 10 * (TURN - LATE)  # of each: one turn at least
        assert counts[MODE, "speaking"] > least
        assert counts[MODE, "silent"] > least


async def test_a_constant_rate_leaves_nothing_to_follow() -> None:
    """Nobody can say when the same person speaks."""
    async with (
        running(settings(witness="on")) as (server, url),
        Client(
            url,
            "hall",
            name="Ana",
            secret=SECRET,
            mode=MODE,
            concealment=Concealment(constant_rate=True),
        ) as ana,
    ):
        talker = TalkerSource()
        await ana.publish(talker)
        heard = await turns(server, talker)
        assert set(heard[True] + heard[False]) == {None}
        assert server.observer.guesses.heard[MODE, "speaking"] == 0


def test_windows_are_fed_from_what_is_counted_anyway() -> None:
    """One a tenth of a second, late or not; what ends is forgotten, what was heard is not."""
    hall = Hall()
    guesses = Guesses(hall.directory)
    ana, (microphone,) = hall.publisher(audio_track())
    number = 0
    assert guesses.of_stream(microphone) == Inferred()
    for _ in range(3 * ENOUGH):
        for _ in range(5):
            packet = rtp(
                bytes(100),
                sequence_number=number,
                timestamp=960 * number,
                ssrc=AUDIO_SSRC,
                payload_type=OPUS,
            )
            ana.send([packet])
            number += 1
        hall.now += WINDOW_SECONDS
        guesses.follow_up(now=hall.now)
        guesses.follow_up(now=hall.now)  # asked twice: no window
    assert guesses.of_stream(microphone).kind == "audio"
    assert guesses.of_stream(microphone).speaking is None
    counted = guesses.heard["hop", "unknown"]
    assert ENOUGH < counted < 3 * ENOUGH
    ana.publish()
    guesses.follow_up(now=hall.now + 1)
    assert guesses.heard["hop", "unknown"] == counted
