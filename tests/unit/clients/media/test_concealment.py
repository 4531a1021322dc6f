"""Concealment: what whoever sees packets, and cannot open them, is still told."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from sfu.signalling.messages import ServerMessage, SpeakerChanged
from sfu_clients.client import Client
from sfu_clients.errors import ClientError
from sfu_clients.media.concealment import NOTHING_HIDDEN, Concealment
from sfu_clients.media.files import open_file
from sfu_clients.media.padding import SOUND_STEP, padme
from sfu_clients.media.recorded import RecordedSource
from sfu_clients.media.sources import PatternSource, Source, ToneSource
from sfu_clients.payload import EncodedFrame
from sfu_clients.publisher import Publisher
from sfu_clients.recordings.recording import load_recording
from tests.support.films import write_film
from tests.support.overhearing import overhearing, sizes, tells_level
from tests.support.running import running, settings

KEY = "AAAAAAAAAAAAAAAAAAAAAA"
SETTLED = 100
"""Packets: after a second, in which an encoder begins, another with all that the tone has."""


async def until(condition: Callable[[], object]) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - what is looked at knows nothing of events
            await asyncio.sleep(0.02)


HIDDEN = [
    pytest.param(NOTHING_HIDDEN, {"level", "size"}, id="nothing"),
    pytest.param(Concealment(hide_level=True), {"size"}, id="the level"),
    pytest.param(Concealment(constant_rate=True), {"level"}, id="by a constant rate"),
    pytest.param(Concealment(padding=True), {"level"}, id="by padding"),
    pytest.param(Concealment(constant_rate=True, hide_level=True, padding=True), set(), id="all"),
]


@pytest.mark.parametrize("secret", [pytest.param(None, id="hop"), pytest.param(KEY, id="sealed")])
@pytest.mark.parametrize(("concealment", "told"), HIDDEN)
async def test_what_packets_of_sound_tell(
    concealment: Concealment, told: set[str], secret: str | None
) -> None:
    """Loudness by an extension or by sizes, as far as it is not hidden; all of it is heard."""
    async with (
        running(settings()) as (_, url),
        Client(url, "hall", name="Ana", secret=secret, concealment=concealment) as ana,
        Client(url, "hall", name="Ben", secret=secret) as ben,
    ):
        said: list[ServerMessage] = []
        ben.listen(said.append)
        await ana.publish(ToneSource())
        publication = await ben.find("Ana", "microphone")
        with overhearing() as heard:
            (subscriber,) = await ben.subscribe(publication)
            await until(lambda: subscriber.viewing.frames > SETTLED + 60)
        packets = heard[publication.id]
        assert tells_level(packets) == ("level" in told)
        seen = sizes(packets[SETTLED:], sealed=secret is not None)
        assert len(seen) > 10 if "size" in told else len(seen) == 1
        assert not subscriber.report()["refused"]
        speakers = [one.participant for one in said if isinstance(one, SpeakerChanged)]
        assert speakers == ([ana.participant] if "level" in told else [])


def sources(tmp_path: Path) -> list[tuple[Source, Source]]:
    """Each kind of source twice."""
    path = tmp_path / "film.mp4"
    write_film(path, seconds=1)
    return [
        (PatternSource(size=(96, 64)), PatternSource(size=(96, 64))),
        (ToneSource(), ToneSource()),
        *zip(open_file(str(path)), open_file(str(path)), strict=True),
    ]


def noted(source: Source) -> list[int]:
    """The sizes of what a source would seal, from now on."""
    sizes: list[int] = []

    def seal(frame: EncodedFrame) -> None:
        sizes.append(len(frame.data))

    source.seal(seal)
    return sizes


def test_what_is_sealed_has_been_padded(tmp_path: Path) -> None:
    """The seal gets longer frames of few sizes: whoever cannot open them knows no others."""
    for plain, hiding in sources(tmp_path):
        hiding.conceal(Concealment(padding=True))
        before, after = noted(plain), noted(hiding)
        for _ in range(15):
            plain.produce(now=1e9)
            hiding.produce(now=1e9)
        assert len(before) == len(after) == 15
        assert all(one <= other for one, other in zip(before, after, strict=True))
        assert before != after
        if hiding.codec == "opus":
            assert all(size % SOUND_STEP == 0 for size in after)
        else:
            assert all(size == padme(size) for size in after)


@pytest.mark.parametrize("hidden", [Concealment(constant_rate=True), Concealment(padding=True)])
def test_a_recording_hides_no_sizes(hidden: Concealment) -> None:
    """It is sent in the packets that it was recorded in, and says so."""
    with pytest.raises(ClientError, match="as it was recorded"):
        Publisher(RecordedSource(load_recording("opus")), hidden)


def test_a_recording_hides_its_level() -> None:
    """Which is in headers alone."""
    hidden = Concealment(hide_level=True)
    assert Publisher(RecordedSource(load_recording("opus")), hidden).concealment == hidden
