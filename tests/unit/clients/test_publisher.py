"""Publisher: a source at its own pace, for whoever listens at the moment."""

import asyncio

from sfu.wire.extensions import Extension
from sfu.wire.rtcp import FullIntraRequest, GenericNack, PictureLoss, ReportBlock
from sfu_clients.errors import ClientError
from sfu_clients.media.sources import ToneSource
from sfu_clients.publisher import Publisher
from sfu_clients.rtp.bandwidth import Departures
from sfu_clients.rtp.outgoing import NTP_EPOCH, MediaPacket, OutgoingStream, StreamTerms

NOW = 1_700_000_000.0


class Short(ToneSource):
    """A few pieces of sound, then the end, or an error."""

    def __init__(self, pieces: int, *, fails: bool = False) -> None:
        super().__init__()
        self.left = pieces
        self.fails = fails
        self.key_frames = 0

    def due(self) -> float | None:  # type: ignore[override]
        return super().due() if self.left or self.fails else None

    def produce(self, *, now: float) -> list[MediaPacket]:
        if not self.left:
            raise ClientError("The file is broken here.")
        self.left -= 1
        return super().produce(now=now)

    def ask_key_frame(self) -> None:
        self.key_frames += 1


def stream(sent: list[bytes], ssrc: int = 1) -> OutgoingStream:
    """Puts packets into a list."""
    terms = StreamTerms("0", ssrc, ssrc + 1, 111, 112, {Extension.MID: 4}, 48_000)
    return OutgoingStream(terms, Departures(), sent.append)


async def test_sends_until_the_end() -> None:
    """Everything, in time; the end is told."""
    sent: list[bytes] = []
    publisher = Publisher(Short(5))
    publisher.attach(stream(sent))
    began = asyncio.get_running_loop().time()
    await asyncio.wait_for(publisher.ended.wait(), 5)
    assert asyncio.get_running_loop().time() - began >= 0.08
    report = publisher.report()
    assert len(sent) == report["packets"] == report["frames_sent"] == 5
    assert (publisher.problem, report["codec"], report["source"]) == (None, "opus", "microphone")
    assert report["kbps"] > 0
    await publisher.close()


async def test_goes_on_unseen_and_on_another_connection() -> None:
    """Between two connections the source goes on; each begins with a key frame; counts add up."""
    source = Short(1000)
    publisher = Publisher(source)
    first: list[bytes] = []
    second: list[bytes] = []
    publisher.attach(stream(first))
    while len(first) < 3:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    publisher.detach()
    left = source.left
    while source.left > left - 3:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    again = stream(second, ssrc=9)
    publisher.attach(again)
    publisher.attach(again)
    while len(second) < 3:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    assert source.key_frames == 2
    assert publisher.report()["packets"] == len(first) + len(second)
    await publisher.close()


async def test_a_source_that_fails_is_told() -> None:
    """It ends with its own sentence."""
    publisher = Publisher(Short(2, fails=True))
    publisher.attach(stream([]))
    await asyncio.wait_for(publisher.ended.wait(), 5)
    assert str(publisher.problem) == "The file is broken here."
    await publisher.close()


async def test_answers_requests() -> None:
    """Key frames by PLI and FIR, repetitions by NACK; nothing while there is no connection."""
    source = Short(0)
    sent: list[bytes] = []
    publisher = Publisher(source, clock=lambda: NOW)
    publisher.receive(GenericNack(0, 1, (1,)))
    publisher.receive(PictureLoss(0, 1))
    publisher.receive(FullIntraRequest(0, ((1, 0),)))
    assert (source.key_frames, publisher.report()["key_frames_asked"]) == (2, 2)
    out = stream(sent)
    publisher.attach(out)
    out.send([MediaPacket(b"x", 0, marker=False)], now=NOW, due_at=NOW)
    publisher.receive(GenericNack(0, 1, (int.from_bytes(sent[0][2:4], "big"),)))
    assert publisher.report()["resent"] == 1
    await publisher.close()


async def test_reports_round_trip_and_loss() -> None:
    """As the receiver's reports say; a clock that disagrees a little makes no age of it."""
    publisher = Publisher(Short(0))
    out = stream([])
    publisher.attach(out)
    out.send([MediaPacket(b"x", 0, marker=False)] * 10, now=NOW, due_at=NOW)
    for late, expected in ((0.050, 50.0), (-0.001, 0.0)):
        asked = round((NOW + NTP_EPOCH) * 65536) & 0xFFFFFFFF
        block = ReportBlock(1, 128, 2, 10, 0, asked, round(0.5 * 65536))
        publisher.receive_report(block, now=NOW + 0.5 + late)
        assert abs(publisher.report()["round_trip_ms"] - expected) <= 0.1
    assert publisher.report()["loss"] == 0.2
    await publisher.close()
