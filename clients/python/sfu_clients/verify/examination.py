"""The whole examination of two legs: read, pair, open, compare, judge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sfu_clients.verify.judging import Inside, Judged, Verdict, judge, overall
from sfu_clients.verify.legs import Leg, read_leg
from sfu_clients.verify.pairing.pair import How, Pair
from sfu_clients.verify.pairing.pairs import choose, is_same, pair_streams
from sfu_clients.verify.reading.content import MIN_ALIKE, likeness
from sfu_clients.verify.reading.frames import FrameKeys
from sfu_clients.verify.reading.readability import Answer, Reading, read

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sfu_clients.verify.keys.log import Keys
    from sfu_clients.verify.streams.stream import Stream

MIN_READ: Final = 100
"""Packets of a stream without a partner, for its content to be looked at."""

_SAME_CLOCK: Final = 60.0
"""Seconds between the beginnings of two captures of which the clocks may be the same."""

_NO_PAIR: Final = (How.RATES, How.KIND)


@dataclass(slots=True)
class Examination:
    """What was found."""

    legs: tuple[Leg, Leg]
    judged: list[Judged]
    verdict: Verdict
    confidence: float
    notes: list[str]


class _Insides:
    """Looks into each stream once."""

    def __init__(self, keys: Keys) -> None:
        self._frame_keys = FrameKeys(keys.frames) if keys.frames else None
        self._known: dict[int, Inside] = {}

    def of(self, stream: Stream) -> Inside:
        """What is in a stream; nothing, if it is encrypted and no key fits."""
        if id(stream) not in self._known:
            self._known[id(stream)] = self._look(stream)
        return self._known[id(stream)]

    def _look(self, stream: Stream) -> Inside:
        reading = read(stream)
        if stream.key is None and reading.answer is not Answer.READABLE:
            return Inside()
        authentic = None if self._frame_keys is None else self._frame_keys.check(reading)
        return Inside(reading, authentic)


def examine(first: str, second: str, keys: Keys) -> Examination:
    """Examine two captures; raises ClientError if one of them is none."""
    srtp = list(keys.srtp)
    legs = read_leg(first, srtp), read_leg(second, srtp)
    insides = _Insides(keys)
    pairs = pair_streams(legs[0].streams, legs[1].streams)
    pairs = _by_content(pairs, legs, insides)
    judged = [judge(pair, insides.of(pair.sent), insides.of(pair.received)) for pair in pairs]
    verdict, confidence = overall(judged)
    return Examination(legs, judged, verdict, confidence, _notes(legs, judged))


def _by_content(pairs: list[Pair], legs: tuple[Leg, Leg], insides: _Insides) -> list[Pair]:
    """Replace pairs that hardly anything speaks for by those that show the same."""
    sure = [pair for pair in pairs if pair.how not in _NO_PAIR]
    candidates = [
        pair
        for one in _alone(legs[0].streams, sure)
        for other in _alone(legs[1].streams, sure)
        if not is_same(one, other)
        if (pair := _alike(one, other, insides)) is not None
    ]
    sure += choose(candidates)
    taken = {id(stream) for pair in sure for stream in (pair.sent, pair.received)}
    unsure = [pair for pair in pairs if pair.how in _NO_PAIR]
    return sure + [one for one in unsure if not {id(one.sent), id(one.received)} & taken]


def _alone(streams: Sequence[Stream], pairs: Sequence[Pair]) -> list[Stream]:
    paired = {id(stream) for pair in pairs for stream in (pair.sent, pair.received)}
    return [one for one in streams if id(one) not in paired and one.packets >= MIN_READ]


def _alike(one: Stream, other: Stream, insides: _Insides) -> Pair | None:
    ours, theirs = insides.of(one).reading, insides.of(other).reading
    if ours is None or theirs is None or not _is_readable(ours, theirs):
        return None
    lag = 0.0 if not one.times else other.first_time - one.first_time
    lag = lag if abs(lag) > _SAME_CLOCK else 0.0
    alike, lag = likeness(ours, theirs, lag=lag)
    if alike < MIN_ALIKE["audio" if ours.codec == "opus" else "video"]:
        return None
    return Pair(one, other, How.CONTENT, confidence=alike, lag=lag)


def _is_readable(*readings: Reading) -> bool:
    return all(one.answer is Answer.READABLE for one in readings)


def _notes(legs: tuple[Leg, Leg], judged: Sequence[Judged]) -> list[str]:
    """What whoever reads the report should know besides."""
    notes = [
        f"{leg.path}: {count} packets {why}, passed over"
        for leg in legs
        for why, count in leg.skipped.items()
    ]
    notes += [
        f"{leg.path}: {leg.unkept} packets were counted only, since there are too many to compare"
        for leg in legs
        if leg.unkept
    ]
    notes += [f"{leg.path}: no RTP was found" for leg in legs if not leg.streams]
    both = [(one, other) for one in legs[0].streams for other in legs[1].streams]
    if any(is_same(one, other) for one, other in both):
        notes.append(
            "some streams are the same in both captures, by address: those are no two legs"
        )
    for leg, name in ((legs[0], "sent"), (legs[1], "received")):
        paired = {id(getattr(one.pair, name)) for one in judged}
        alone = [str(stream) for stream in leg.streams if id(stream) not in paired]
        if alone:
            notes.append(f"{leg.path}: without a counterpart: {', '.join(alone[:8])}")
    return notes
