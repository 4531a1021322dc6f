"""Two streams that may be one, before and after the server; and what speaks for it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sfu_clients.verify.streams.stream import Stream


class How(StrEnum):
    """What two streams are paired by; also what the report calls it."""

    BYTES = "bytes"
    """The same bytes, of the network or under SRTP."""
    SIZES = "sizes"
    """The same sizes at the same times."""
    RATES = "rates"
    """Much and little at the same times."""
    CONTENT = "content"
    """The same pictures or sound, once decoded."""
    KIND = "kind"
    """There is but one of its kind on each leg."""


@dataclass(slots=True)
class Pair:
    """A stream of the first leg, one of the second, and the packets that seem to be the same."""

    sent: Stream
    received: Stream
    how: How
    confidence: float
    """0 to 1."""
    lag: float = 0.0
    """Seconds by which the second leg is later, the difference of two clocks included."""
    grown: int = 0
    """Bytes by which payloads are longer on the second leg."""
    matches: list[tuple[int, int]] = field(default_factory=list)
    """Indexes of packets, of the first leg and of the second."""
    compared: int = 0
    """Packets of the second leg that came while the first was captured."""
    chance: float = 0.0
    """Part of them that fits as well where nothing can fit."""
    repeats: bool = False
    """One of the two repeats packets of another stream (RFC 4588)."""

    @property
    def share(self) -> float:
        """Part of the second leg's packets that have a match."""
        return min(1.0, len(self.matches) / self.compared) if self.compared else 0.0

    @property
    def both_open(self) -> bool:
        """Whether keys removed the hop encryption of both legs."""
        return self.sent.key is not None and self.received.key is not None

    def equal_on_network(self) -> float:
        """Part of the matches whose payloads are the same bytes as captured."""
        return self._equal("prints")

    def equal_inside(self) -> float:
        """Part of the matches whose payloads are the same bytes without hop encryption."""
        return max(self._equal("plain_prints"), self._equal("media_prints"))

    def equal_descriptors(self) -> bool:
        """Whether payload descriptors came through unchanged, too."""
        return self._equal("plain_prints") >= self._equal("media_prints")

    def _equal(self, prints: str) -> float:
        ours, theirs = getattr(self.sent, prints), getattr(self.received, prints)
        same = sum(ours[one] == theirs[other] for one, other in self.matches)
        return same / len(self.matches) if self.matches else 0.0


def pair_by_matches(sent: Stream, received: Stream, matches: list[tuple[int, int]]) -> Pair:
    """The pair whose matches are certain: they are the same bytes."""
    lags = [received.times[other] - sent.times[one] for one, other in matches]
    grown = Counter(received.sizes[other] - sent.sizes[one] for one, other in matches)
    lag = median(lags)
    return Pair(
        sent,
        received,
        How.BYTES,
        confidence=min(0.999, 1 - 0.5 ** len(matches)),
        lag=lag,
        grown=grown.most_common(1)[0][0],
        matches=matches,
        compared=len(within(received, sent, lag)),
    )


def within(received: Stream, sent: Stream, lag: float, most: int | None = None) -> range:
    """Indexes of the packets that came while what they were before was captured.

    Only the first so many packets are looked at.
    """
    times, begins, ends = received.times[:most], sent.first_time + lag, sent.last_time + lag
    first = next((i for i, at in enumerate(times) if at >= begins), len(times))
    last = next((i for i in reversed(range(len(times))) if times[i] <= ends), -1)
    return range(first, max(first, last + 1))
