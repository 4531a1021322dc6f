"""Few frames wait for their keys, for a moment, and in order."""

from sfu_clients.sealing.waiting import Waiting


def test_they_come_back_in_order_and_once() -> None:
    """As they came."""
    waiting = Waiting[str]()
    assert all(waiting.hold(frame, now=0) for frame in "abc")
    assert (waiting.take(), waiting.take()) == (["a", "b", "c"], [])


def test_they_are_few() -> None:
    """64, and the rest is refused."""
    waiting = Waiting[int]()
    assert sum(waiting.hold(number, now=0) for number in range(70)) == 64
    assert waiting.take() == list(range(64))


def test_they_do_not_wait_for_long() -> None:
    """A second, and whoever holds them can say how many it was too long for."""
    waiting = Waiting[str]()
    waiting.hold("a", now=0)
    waiting.hold("b", now=0.5)
    assert [waiting.expire(now=now) for now in (0.9, 1.0, 1.0)] == [0, 1, 0]
    assert waiting.take() == ["b"]
