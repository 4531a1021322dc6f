"""Key-frame requests: one voice, not too often, until the answer is here."""

import pytest

from sfu.media.alarm import NEVER, Alarm
from sfu.media.key_frames import (
    MAX_INTERVAL,
    MIN_INTERVAL,
    PATIENT_AFTER,
    Allowance,
    KeyFrameCause,
    KeyFrames,
)


class Publisher:
    """Somebody to ask; remembers when."""

    def __init__(self, *, hears: bool = True) -> None:
        self.now = 0.0
        self.hears = hears
        self.asked_at: list[float] = []
        self.alarm = Alarm()
        self.key_frames = KeyFrames(self.hear, self.alarm)

    def hear(self) -> bool:
        if self.hears:
            self.asked_at.append(self.now)
        return self.hears

    def ask(self, cause: KeyFrameCause, *, at: float) -> None:
        self.now = at
        self.key_frames.ask(cause, now=at)

    def run(self, until: float, *, round_trip: float = 0.0) -> None:
        """Wake it whenever it wants to be woken."""
        while self.alarm.at <= until:
            self.now, self.alarm.at = self.alarm.at, NEVER
            self.key_frames.handle_timeout(now=self.now, round_trip=round_trip)


def test_asks_at_once() -> None:
    """The first request does not wait for a timer."""
    publisher = Publisher()
    publisher.ask(KeyFrameCause.SUBSCRIBED, at=3)
    assert publisher.asked_at == [3]


def test_many_who_ask_are_one_request() -> None:
    """However many subscribers ask, within half a second the publisher hears it once."""
    publisher = Publisher()
    for subscriber in range(50):
        publisher.ask(KeyFrameCause.SUBSCRIBED, at=subscriber / 1000)
    publisher.ask(KeyFrameCause.RECEIVER_PLI, at=0.1)
    assert publisher.asked_at == [0]
    assert publisher.key_frames.asked[KeyFrameCause.SUBSCRIBED] == 50
    assert publisher.key_frames.asked[KeyFrameCause.RECEIVER_PLI] == 1
    assert publisher.key_frames.asked[KeyFrameCause.LOSS] == 0
    assert publisher.key_frames.sent == 1


def test_repeats_until_a_key_frame_is_seen() -> None:
    """A request may be lost; a key frame ends it."""
    publisher = Publisher()
    publisher.ask(KeyFrameCause.WISH, at=0)
    publisher.run(1.2)
    assert publisher.asked_at == [0, 0.5, 1.0]
    publisher.key_frames.note_key_frame(7)
    publisher.run(60)
    assert publisher.asked_at == [0, 0.5, 1.0]
    assert (publisher.key_frames.seen, publisher.key_frames.last) == (1, 7)


def test_a_wish_right_after_a_key_frame_waits_its_turn() -> None:
    """The throttle outlives the answer, and a key frame in the meantime serves everybody."""
    publisher = Publisher()
    publisher.ask(KeyFrameCause.WISH, at=0)
    publisher.key_frames.note_key_frame(1)
    publisher.ask(KeyFrameCause.WISH, at=0.1)
    publisher.run(0.4)
    assert publisher.asked_at == [0]
    publisher.run(0.5)
    assert publisher.asked_at == [0, 0.5]


def test_grows_patient_with_a_publisher_that_does_not_answer() -> None:
    """Ten minutes without a key frame are not 300 requests a minute, nor even 120."""
    publisher = Publisher()
    publisher.ask(KeyFrameCause.WISH, at=0)
    publisher.run(600)
    gaps = [b - a for a, b in zip(publisher.asked_at, publisher.asked_at[1:], strict=False)]
    assert gaps[: PATIENT_AFTER - 1] == [MIN_INTERVAL] * (PATIENT_AFTER - 1)
    assert max(gaps) == MAX_INTERVAL
    assert len(publisher.asked_at) < 160


def test_is_impatient_again_after_an_answer() -> None:
    """Each wait begins with short intervals."""
    publisher = Publisher()
    publisher.ask(KeyFrameCause.WISH, at=0)
    publisher.run(60)
    publisher.key_frames.note_key_frame(1)
    publisher.ask(KeyFrameCause.WISH, at=100)
    publisher.run(101)
    assert publisher.asked_at[-3:] == [100, 100.5, 101]


def test_a_subscriber_that_insists_changes_nothing() -> None:
    """Asking while a request is on its way does not restart the repetitions."""
    publisher = Publisher()
    for step in range(6000):
        publisher.ask(KeyFrameCause.RECEIVER_PLI, at=step / 100)
        publisher.run(step / 100)
    assert len(publisher.asked_at) < 25


def test_does_not_repeat_before_an_answer_can_be_here() -> None:
    """On a long way, half a second would ask for every key frame twice."""
    publisher = Publisher()
    publisher.ask(KeyFrameCause.WISH, at=0)
    publisher.run(0.5, round_trip=2.0)
    publisher.run(3.4, round_trip=2.0)
    assert publisher.asked_at == [0, 0.5]


def test_does_not_repeat_the_first_request_too_soon_either() -> None:
    """The round trip is known from before, whoever asks."""
    publisher = Publisher()
    publisher.key_frames.handle_timeout(now=0, round_trip=2.0)
    publisher.ask(KeyFrameCause.WISH, at=1)
    publisher.run(3.9, round_trip=2.0)
    assert publisher.asked_at == [1]
    publisher.run(4, round_trip=2.0)
    assert publisher.asked_at == [1, 4]


def test_waits_for_days() -> None:
    """A camera that is off sends no key frame, however long somebody waits for it."""
    publisher = Publisher(hears=False)
    publisher.ask(KeyFrameCause.SUBSCRIBED, at=0)
    publisher.run(3 * 86_400)
    assert publisher.alarm.at == pytest.approx(3 * 86_400, abs=MAX_INTERVAL)


def test_goes_on_trying_to_be_heard() -> None:
    """Without anybody to ask, requests are not counted as sent, and tried again later."""
    publisher = Publisher(hears=False)
    publisher.ask(KeyFrameCause.WISH, at=0)
    assert (publisher.key_frames.sent, publisher.key_frames.unheard) == (0, 1)
    publisher.hears = True
    publisher.run(0.5)
    assert publisher.key_frames.sent == 1


@pytest.mark.parametrize(
    ("moments", "granted"),
    [
        pytest.param([0, 0, 0, 0, 0, 0], 4, id="some at once"),
        pytest.param([0, 0, 0, 0, 2.5, 2.5], 5, id="then one per refill"),
        pytest.param([0, 3, 6, 9, 12, 15], 6, id="calm ones always"),
        pytest.param([0, 1000, 1000, 1000, 1000, 1000], 5, id="patience is not saved up"),
    ],
)
def test_allowance(moments: list[float], granted: int) -> None:
    """A receiver may ask several times at once, but not forever."""
    allowance = Allowance()
    assert sum(allowance.take(now=moment) for moment in moments) == granted


def test_each_cause_is_one_word() -> None:
    """Causes are metric labels."""
    assert all(cause.isidentifier() for cause in KeyFrameCause)
