"""Player: frames whose keys are on their way wait for them, in order, and not for ever."""

import asyncio

import pytest

from sfu.wire.packet import Packet
from sfu.wire.pictures import Picture
from sfu_clients.media.decoders import Decoder
from sfu_clients.media.encoders import OpusEncoder
from sfu_clients.media.tone import PIECE, Tone
from sfu_clients.payload import EncodedFrame
from sfu_clients.player import Player
from sfu_clients.sealing.epochopening import EarlyError
from sfu_clients.sealing.frames import FrameInfo

INFO = FrameInfo(key_frame=False, time=0)


class Late:
    """Opens when its keys have come."""

    def __init__(self) -> None:
        self.asked = 0
        self.has_keys = False

    def open(self, codec: str, data: bytes) -> tuple[bytes, FrameInfo]:
        """As it came, later."""
        del codec
        self.asked += 1
        if not self.has_keys:
            raise EarlyError
        return data, INFO

    def refusals(self) -> dict[str, int]:
        """None."""
        return {}


def sound(count: int) -> list[EncodedFrame]:
    """Pieces of the tone."""
    tone, encoder = Tone(), OpusEncoder()
    frames = (encoder.encode(tone.piece(at), at * PIECE, level=0) for at in range(count + 2))
    return [frame for encoded in frames for frame in encoded][:count]


def picture(frame: EncodedFrame, number: int) -> Picture:
    """As it arrives."""
    packet = Packet(frame.data, 111, number, frame.timestamp, ssrc=1, marker=True)
    return Picture((packet,), frame.timestamp, follows=True)


@pytest.mark.parametrize(("after", "shown"), [(0.2, 5), (None, 0)], ids=["in time", "never"])
async def test_early_frames_wait_for_their_keys(after: float | None, shown: int) -> None:
    """All together for a second at most; then they are lost."""
    opener = Late()
    faults: list[int] = []
    player = Player(sent_at=lambda _: None, on_fault=lambda: faults.append(1))
    player.sealed, player.opener = True, opener
    player.start()
    decoder = Decoder("opus")
    for number, frame in enumerate(sound(5)):
        assert player.put(decoder, picture(frame, number), key_frame=True)
    await asyncio.sleep(after or 1.2)
    assert player.viewing.frames == 0
    opener.has_keys = after is not None
    await asyncio.sleep(0.3)
    assert player.viewing.frames == shown
    assert len(faults) == 5 - shown
    await player.close()
