"""Frames are cut as they leave, and those that must not leave are not."""

from sfu_clients.media.cutter import Cutter
from sfu_clients.payload import EncodedFrame

FRAMES = [EncodedFrame(bytes([number]) * 40, number) for number in range(4)]


def test_what_must_not_leave_does_not() -> None:
    """Neither sealed nor clear; what follows it does."""
    cutter = Cutter("opus")
    cutter.seal(lambda frame: None if frame.timestamp % 2 else b"sealed" + frame.data)
    packets = cutter.cut(FRAMES)
    assert [packet.timestamp for packet in packets] == [0, 2]
    assert [packet.payload for packet in packets] == [b"sealed" + FRAMES[at].data for at in (0, 2)]
