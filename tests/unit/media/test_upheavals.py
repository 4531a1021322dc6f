"""Publishers that begin anew, fall silent and probe, over a network that loses and reorders."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.encoders import Encoder, Publisher, one_two_three
from tests.support.streams import FULL_SVC, K_SVC, VIDEO, publisher
from tests.support.viewer import Watch, judge

HD, SD, BASE, OFF = 720, 360, 180, 0
STORMY, CALM = 50, 30
"""Pictures."""

ACTIVE = {
    frozenset[int](): "111111111",
    frozenset({2}): "111111000",
    frozenset({1, 2}): "111000000",
}
"""The decode targets that are told to be sent, by the layers that are not."""


class Upheaval:
    """A viewer, a publisher with whims, and the weather in between."""

    def __init__(self, name: str, chance: Random) -> None:
        self.watch = Watch(publisher(name, split=one_two_three), lines=HD)
        self.stormy = True
        self._name = name
        self._chance = chance
        self._late: list[tuple[int, int, bytes]] = []  # when it is due, its SSRC
        self._packets = 0
        self._generation = 0

    @property
    def _encoder(self) -> Encoder:
        return self.watch.publisher.encoder

    def calm_down(self) -> None:
        """From now on packets arrive as they were sent; what was on its way is lost."""
        self.stormy = False
        self._late.clear()

    def picture(self, *, key: bool = False) -> None:
        """Let the publisher have a whim, then send a picture, perhaps with a probe behind it."""
        key |= self._have_a_whim()
        packets = self.watch.next_picture(key=key)
        if self._chance.random() < 0.1:
            packets.append(self.watch.publisher.padding())
        for _, data in packets:
            self._carry(data)

    def _carry(self, data: bytes) -> None:
        self._packets += 1
        ssrc, fate = self.watch.publisher.ssrc, self._chance.random() if self.stormy else 1.0
        if fate < 0.25:
            delay = self._chance.choice((3, 12, 80, 100_000))
            self._late.append((self._packets + delay, ssrc, data))
        else:
            self.watch.receive(data)
        if 0.25 <= fate < 0.3:
            self.watch.receive(data)
        for late in [late for late in self._late if late[0] <= self._packets]:
            self._late.remove(late)
            if late[1] == ssrc:  # else its stream was replaced, and it is refused
                self.watch.receive(late[2])

    def _have_a_whim(self) -> bool:
        """Return whether it takes a key picture."""
        whim = self._chance.random()
        if whim < 0.15:
            self.watch.wish(self._chance.choice((HD, SD, BASE, OFF)))
        elif whim < 0.19:
            self._begin_anew()
        elif whim < 0.23 and self._name in K_SVC | FULL_SVC:
            return self.silence(self._chance.choice(list(ACTIVE)))
        return 0.23 <= whim < 0.25

    def _begin_anew(self) -> None:
        """Another SSRC, another encoder; sometimes its first picture is lost."""
        self._generation += 1
        encoder = VIDEO[self._name](one_two_three)
        encoder.begin_at(self._generation << 20)
        first_number = self._chance.choice((7, 40_000, 65_530))
        following = Publisher(encoder, first_number=first_number, ssrc=0x7000 + self._generation)
        self.watch.now += self._chance.random()
        self.watch.take_over(following)
        if self._chance.random() < 0.5:
            following.next_picture()

    def silence(self, layers: frozenset[int]) -> bool:
        """Send these layers no more; return whether others come back, which takes a key picture."""
        before, self._encoder.silent = self._encoder.silent, set(layers)
        if self._encoder.described:
            self._encoder.active = ACTIVE[layers]
        return not before <= layers


@pytest.mark.parametrize("name", VIDEO)
@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 1 << 32))
def test_whatever_happens_what_is_forwarded_can_be_decoded(name: str, seed: int) -> None:
    """From the first key frame on a clean link, and no two packets ever have the same number."""
    upheaval = Upheaval(name, Random(seed))  # noqa: S311 - whims, not secrets
    watch = upheaval.watch
    for _ in range(STORMY):
        upheaval.picture()
    upheaval.calm_down()
    since = len(watch.copies)
    upheaval.picture(key=True)
    for _ in range(CALM):
        upheaval.picture()
    upheaval.silence(frozenset())
    watch.wish(SD)
    watch.picture(key=True)
    watch.pictures(20)
    assert judge(watch.copies[since:]).flawless
    assert watch.outbound.current_layer() == watch.outbound.wanted_layer() is not None
    assert judge(watch.copies).twice == []
