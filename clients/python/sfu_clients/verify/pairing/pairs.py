"""Pairs the streams of two legs, by the strongest evidence that there is for each."""

from __future__ import annotations

from collections import defaultdict
from statistics import median
from typing import TYPE_CHECKING, Final

from sfu_clients.verify.pairing.pair import How, Pair, pair_by_matches
from sfu_clients.verify.pairing.rates import pair_by_rates
from sfu_clients.verify.pairing.sizes import Sizes, pair_by_sizes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sfu_clients.verify.streams.stream import Stream

MIN_EQUAL: Final = 5
"""Packets of equal bytes, or rather fewer than that are chance or something else."""

MIN_EQUAL_SHARE: Final = 0.01
MIN_BYTES: Final = 16
"""Shorter payloads may be equal without being the same: silence, padding."""

MIN_CONFIDENCE: Final = 0.2
"""Less than this is no pair."""

MAX_TRIED: Final = 24
"""Streams of each leg that are compared by size and rate, the largest: a room, not a server."""

_KIND_CONFIDENCE: Final = 0.3
_RTX_NUMBER: Final = 2
"""Bytes that stand before what is repeated (RFC 4588 section 4)."""


def pair_streams(sent: Sequence[Stream], received: Sequence[Stream]) -> list[Pair]:
    """The pairs that were found; those with more packets first."""
    pairs = _equal_pairs(sent, received)
    pairs += _similar_pairs(_without(sent, pairs), _without(received, pairs))
    mark_repetitions(pairs)
    return sorted(pairs, key=lambda pair: -pair.received.packets)


def is_same(sent: Stream, received: Stream) -> bool:
    """Whether both captures saw one and the same stream: nobody was in between."""
    return (sent.flow, sent.ssrc) == (received.flow, received.ssrc)


def _equal_pairs(sent: Sequence[Stream], received: Sequence[Stream]) -> list[Pair]:
    """Those with equal bytes; a stream may have several, as with simulcast."""
    owners: defaultdict[int, list[tuple[Stream, int]]] = defaultdict(list)
    for stream in sent:
        for place, tail in enumerate(stream.tails):
            if stream.sizes[place] >= MIN_BYTES and tail:
                owners[tail].append((stream, place))
    pairs = []
    for stream in received:
        found: defaultdict[int, list[tuple[Stream, int, int]]] = defaultdict(list)
        for place, tail in enumerate(stream.tails):
            for owner, theirs in owners.get(tail, ()):
                if not is_same(owner, stream) and stream.sizes[place] >= MIN_BYTES:
                    found[id(owner)].append((owner, theirs, place))
        for matches in found.values():
            owner = matches[0][0]
            each = _each_once(owner, stream, [(theirs, place) for _, theirs, place in matches])
            if len(each) >= max(MIN_EQUAL, MIN_EQUAL_SHARE * stream.kept):
                pairs.append(pair_by_matches(owner, stream, each))
    return pairs


def _each_once(
    sent: Stream, received: Stream, matches: Sequence[tuple[int, int]]
) -> list[tuple[int, int]]:
    """A tone repeats itself: of equal packets the one is meant that is as late as others are."""
    lag = median(received.times[other] - sent.times[one] for one, other in matches)
    best: dict[int, int] = {}
    for one, other in matches:
        late = abs(received.times[other] - sent.times[one] - lag)
        known = best.get(other)
        if known is None or late < abs(received.times[other] - sent.times[known] - lag):
            best[other] = one
    return [(one, other) for other, one in best.items()]


def _without(streams: Sequence[Stream], pairs: Sequence[Pair]) -> list[Stream]:
    paired = {id(stream) for pair in pairs for stream in (pair.sent, pair.received)}
    return [stream for stream in streams if id(stream) not in paired][:MAX_TRIED]


def _similar_pairs(sent: Sequence[Stream], received: Sequence[Stream]) -> list[Pair]:
    """Those with equal sizes; of what is left then those with like rates, or alone of a kind."""
    candidates = [
        pair
        for sizes in map(Sizes, sent)
        for stream in received
        if _may_be(sizes.stream, stream)
        if (pair := pair_by_sizes(sizes, stream)) is not None
    ]
    chosen = choose(candidates)
    sent, received = _without(sent, chosen), _without(received, chosen)
    candidates = [
        pair
        for one in sent
        for other in received
        if _may_be(one, other)
        if (pair := pair_by_rates(one, other)) is not None
    ]
    chosen += choose(candidates)
    return chosen + _only_ones(_without(sent, chosen), _without(received, chosen))


def _may_be(sent: Stream, received: Stream) -> bool:
    kinds = {sent.kind, received.kind} - {None}
    return not is_same(sent, received) and len(kinds) < 2  # noqa: PLR2004 - audio is no video


def choose(candidates: Sequence[Pair]) -> list[Pair]:
    """One pair for each stream of the second leg; rivals for it take from its confidence."""
    by_stream: defaultdict[int, list[Pair]] = defaultdict(list)
    for pair in candidates:
        by_stream[id(pair.received)].append(pair)
    chosen = []
    for rivals in by_stream.values():
        best, *others = sorted(rivals, key=lambda pair: -pair.confidence)
        if others:
            rivalry = others[0].confidence / best.confidence if best.confidence else 1.0
            best.confidence *= 1 - rivalry**2
        if best.confidence >= MIN_CONFIDENCE:
            chosen.append(best)
    return chosen


def _only_ones(sent: Sequence[Stream], received: Sequence[Stream]) -> list[Pair]:
    pairs = []
    for kind in ("audio", "video"):
        ours = [stream for stream in sent if stream.kind == kind]
        theirs = [stream for stream in received if stream.kind == kind]
        if len(ours) == len(theirs) == 1 and not is_same(ours[0], theirs[0]):
            pairs.append(Pair(ours[0], theirs[0], How.KIND, _KIND_CONFIDENCE))
    return pairs


def mark_repetitions(pairs: Sequence[Pair]) -> None:
    """Retransmissions have a stream of their own: their packets are another's, and a number."""
    for pair in pairs:
        others = [
            other
            for other in pairs
            if (other.sent is pair.sent) != (other.received is pair.received)
            and len(other.matches) > len(pair.matches)
        ]
        growths = {abs(pair.grown - other.grown) for other in others}
        pair.repeats = _RTX_NUMBER in growths
