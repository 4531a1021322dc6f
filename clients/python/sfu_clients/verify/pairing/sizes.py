"""Pairs streams by the sizes of their packets and when they came, whatever is in them.

Nobody told how the clocks of two captures differ: each pair of packets of one size votes for the
time between them, and the right time is where votes meet. How much fits there is compared with how
much fits at times where nothing belongs together.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from itertools import islice
from math import exp
from statistics import mean, median
from typing import TYPE_CHECKING, Final

from sfu_clients.verify.pairing.pair import How, Pair, within

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sfu_clients.verify.streams.stream import Stream

MAX_OFFSET: Final = 30.0
"""Seconds that clocks may differ."""

GROWTHS: Final = (0, 6, -6, 12, -12, 16, -16, 10, -10, 4, -4, 2, -2, 18, -18)
"""By what a hop may make payloads longer: SRTP's tags of 4, 10 and 16 bytes, and RTX's number."""

SURE_SHARE: Final = 0.8
"""Of packets that fit: other growths need not be tried."""

MIN_MATCHES: Final = 10
MAX_COMPARED: Final = 20_000
"""Packets of the second leg; more of them would say the same."""

MIN_CONFIDENCE: Final = 0.5
"""Less is chance: packets anew of a like encoder, or other people's sound."""

_BIN: Final = 0.050
_TOLERANCE: Final = 0.150
"""Seconds that a busy server or a repeated packet may be later than others."""

_VOTERS: Final = 300
_MAX_VOTES: Final = 200_000
_DECOYS: Final = (-2.3, -1.31, -0.73, 0.61, 1.17, 1.9)
"""Seconds beside the right time, at which fits are chance."""

_FEW: Final = 30.0


class Sizes:
    """When a stream sent packets of each size."""

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self.times: defaultdict[int, list[float]] = defaultdict(list)
        self.places: defaultdict[int, list[int]] = defaultdict(list)
        order = sorted(range(stream.kept), key=stream.times.__getitem__)
        for place in order:
            self.times[stream.sizes[place]].append(stream.times[place])
            self.places[stream.sizes[place]].append(place)


def pair_by_sizes(sent: Sizes, received: Stream) -> Pair | None:
    """The best pair of these two; None if hardly anything fits."""
    best: Pair | None = None
    for grown in GROWTHS:
        lag = _vote(sent, received, grown)
        pair = None if lag is None else _fit(sent, received, grown, lag)
        if pair is not None and (best is None or pair.confidence > best.confidence):
            best = pair
        if best is not None and best.share >= SURE_SHARE and best.confidence >= SURE_SHARE:
            break
    return None if best is None or best.confidence < MIN_CONFIDENCE else best


def _vote(sent: Sizes, received: Stream, grown: int) -> float | None:
    """The time between the legs that most packets speak for; None if they do not agree."""
    bins: Counter[int] = Counter()
    votes = 0
    for place in _voters(sent, received, grown):
        at = received.times[place]
        times = sent.times.get(received.sizes[place] - grown, ())
        first = bisect_left(times, at - MAX_OFFSET)
        last = bisect_right(times, at + MAX_OFFSET)
        for time in times[first:last]:
            bins[int((at - time + MAX_OFFSET) / _BIN)] += 1
        votes += last - first
        if votes > _MAX_VOTES:
            break
    heights = {place: count + bins[place + 1] for place, count in list(bins.items())}
    if not heights:
        return None
    top = max(heights, key=lambda place: heights[place])
    return (top + 1) * _BIN - MAX_OFFSET


def _voters(sent: Sizes, received: Stream, grown: int) -> Sequence[int]:
    """Packets of the rarest sizes: they have least to say about wrong times."""
    known = [
        (len(sent.times[size - grown]), place)
        for place, size in enumerate(received.sizes[:MAX_COMPARED])
        if size - grown in sent.times
    ]
    return [place for _, place in sorted(known)[:_VOTERS]]


def _fit(sent: Sizes, received: Stream, grown: int, lag: float) -> Pair | None:
    """Match packets at this time, and at wrong ones."""
    matches = _match(sent, received, grown, lag)
    if len(matches) < MIN_MATCHES:
        return None
    stream = sent.stream
    lag = median(received.times[other] - stream.times[one] for one, other in matches)
    matches = _match(sent, received, grown, lag)
    compared = within(received, stream, lag, MAX_COMPARED)
    if not compared:
        return None
    chance = mean(_chance(sent, received, grown, lag + aside) for aside in _DECOYS)
    share = min(1.0, len(matches) / len(compared))
    beyond = max(0.0, (share - chance) / (1 - chance)) if chance < 1 else 0.0
    confidence = min(0.99, beyond * (1 - exp(-len(matches) * beyond / _FEW)))
    return Pair(
        stream,
        received,
        How.SIZES,
        confidence=confidence,
        lag=lag,
        grown=grown,
        matches=matches,
        compared=len(compared),
        chance=chance,
    )


def _chance(sent: Sizes, received: Stream, grown: int, lag: float) -> float:
    compared = within(received, sent.stream, lag, MAX_COMPARED)
    return len(_match(sent, received, grown, lag)) / len(compared) if compared else 0.0


def _match(sent: Sizes, received: Stream, grown: int, lag: float) -> list[tuple[int, int]]:
    """Give each packet the nearest of its size that no other has, if one is near enough."""
    taken: set[int] = set()
    matches = []
    packets = zip(received.times, received.sizes, strict=True)
    for other, (at, size) in enumerate(islice(packets, MAX_COMPARED)):
        times = sent.times.get(size - grown)
        if times is None:
            continue
        places, due = sent.places[size - grown], at - lag
        near = range(bisect_left(times, due - _TOLERANCE), bisect_right(times, due + _TOLERANCE))
        free = [place for place in near if places[place] not in taken]
        if free:
            nearest = min(free, key=lambda place: abs(times[place] - due))
            taken.add(places[nearest])
            matches.append((places[nearest], other))
    return matches
