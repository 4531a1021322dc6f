"""A network in one direction: it delays, reorders and loses, the same way every time."""

from collections.abc import Callable
from random import Random

from tests.support.clock import VirtualClock

Deliver = Callable[[bytes], None]


class Link:
    """Carries datagrams; `jitter` is the most that is added to `delay`, so datagrams overtake."""

    def __init__(
        self,
        clock: VirtualClock,
        *,
        delay: float = 0.0,
        jitter: float = 0.0,
        loss: float = 0.0,
        seed: int = 1,
    ) -> None:
        """`delay` and `jitter` in seconds, `loss` from 0 to 1."""
        self.deliver: Deliver = lambda _: None  # to be set by whoever receives
        self.delay = delay
        self.jitter = jitter
        self.loss = loss
        self.carried = 0
        self.lost = 0
        self._clock = clock
        self._chance = Random(seed)  # noqa: S311 - weather, not a secret

    def carry(self, datagram: bytes) -> None:
        """Send a datagram on its way."""
        self.carried += 1
        if self._chance.random() < self.loss:
            self.lost += 1
            return
        moment = self._clock.now + self.delay + self.jitter * self._chance.random()
        self._clock.at(moment, lambda: self.deliver(datagram))
