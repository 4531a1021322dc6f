"""From evidence to a verdict, pair by pair, and never further than the evidence goes."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from sfu_clients.verify.pairing.pair import How, Pair
from sfu_clients.verify.reading.readability import Answer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sfu_clients.verify.reading.frames import Authentic
    from sfu_clients.verify.reading.readability import Reading


class Verdict(StrEnum):
    """The five answers; what stands first weighs more when pairs differ."""

    TRANSCODED = "transcoded"
    READABLE = "readable by the server"
    UNDECIDABLE = "undecidable"
    OPAQUE = "opaque to the hop keys"
    SEALED = "sealed end to end"


class Finding(StrEnum):
    """What happened to the bytes on the way, which is not yet what could be read."""

    UNCHANGED = "forwarded unchanged under one key"
    REKEYED = "re-keyed at each hop"
    CHANGED = "media changed"
    MAYBE_CHANGED = "transcoded, possibly"
    UNKNOWN = "not known"


MIN_CONFIDENCE: Final = 0.5
"""A pair that is less sure than this decides nothing."""

MOST: Final = 0.95
HARDLY: Final = 0.05
TO_THE_BYTE: Final = 0.8
"""Part of the packets whose sizes have to fit, for sizes to say something."""

_READ_CONFIDENCE: Final = 0.98
_OPAQUE_CONFIDENCE: Final = 0.9
_ONE_LEG: Final = 0.8
"""What is left of confidence if only one leg could be opened."""


@dataclass(slots=True)
class Judged:
    """One pair, and what follows from it."""

    pair: Pair
    finding: Finding = Finding.UNKNOWN
    verdict: Verdict = Verdict.UNDECIDABLE
    confidence: float = 0.0
    evidence: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Inside:
    """What was found in one stream of a pair; both None where no key fits it."""

    reading: Reading | None = None
    authentic: Authentic | None = None

    def is_answered(self, answer: Answer) -> bool:
        """Whether this is what the comparison with noise said."""
        return self.reading is not None and self.reading.answer is answer

    @property
    def is_sealed(self) -> bool:
        """Whether the clients' keys authenticate nearly all frames."""
        found = self.authentic
        return found is not None and found.frames >= MIN_SEALED and found.share >= MOST


MIN_SEALED: Final = 20
"""Frames that must be authentic."""


def judge(pair: Pair, sent: Inside, received: Inside) -> Judged:
    """One pair, with what was found inside its streams."""
    judged = Judged(pair, confidence=pair.confidence)
    judged.evidence += [_why_paired(pair)]
    judged.finding = _finding(pair, judged.evidence)
    for name, stream, inside in (("first", pair.sent, sent), ("second", pair.received, received)):
        if inside.reading is not None:
            opened = "without SRTP" if stream.key is not None else "as captured, without any key"
            judged.evidence.append(f"{name} leg, {opened}: {inside.reading.evidence}")
        if inside.authentic is not None:
            count, of = inside.authentic.authentic, inside.authentic.frames
            judged.evidence.append(f"{name} leg: frame keys authenticate {count} of {of} frames")
    _decide(judged, sent, received)
    return judged


def _why_paired(pair: Pair) -> str:
    count, of = len(pair.matches), pair.compared
    words = {
        How.BYTES: f"{count} packets of both legs hold the same bytes",
        How.SIZES: f"{pair.share:.1%} of {of} packets have the size, to the byte, and the time of "
        f"one of the first leg ({pair.chance:.0%} do at wrong times)",
        How.RATES: "both send much and little at the same times; no packet is the same size",
        How.CONTENT: "once decoded, both show or sound the same; no packet is the same size",
        How.KIND: "each leg has one stream of this kind, and nothing else connects the two",
    }
    grown = f", payloads {pair.grown:+d} bytes" if pair.grown else ""
    return f"{words[pair.how]}{grown}"


def _finding(pair: Pair, evidence: list[str]) -> Finding:
    if pair.how is How.BYTES:
        return _finding_of_bytes(pair, evidence)
    if pair.both_open or pair.how is How.CONTENT:
        evidence.append("without SRTP no payloads are the same bytes")
        return Finding.CHANGED
    if pair.how is How.SIZES and pair.share >= TO_THE_BYTE:
        evidence.append(
            "payloads differ and sizes do not: each hop has its own keys; whether the server "
            "looks at what it encrypts again cannot be seen from outside"
        )
        return Finding.REKEYED
    evidence.append("neither payloads nor sizes are the same: the media may be made anew")
    return Finding.MAYBE_CHANGED


def _finding_of_bytes(pair: Pair, evidence: list[str]) -> Finding:
    on_network, inside = pair.equal_on_network(), pair.equal_inside()
    if on_network >= MOST:
        evidence.append(
            "payloads after the RTP header are the same bytes on both legs: either nothing "
            "encrypts the hops, or both have the same key and the server forwards what it got"
        )
        return Finding.UNCHANGED
    if pair.repeats:
        evidence.append("behind a number of two bytes: these are retransmissions (RFC 4588)")
        return Finding.REKEYED
    if inside >= MOST:
        after = "" if pair.equal_descriptors() else " after the payload descriptor"
        evidence.append(
            f"without SRTP {inside:.1%} of the payloads are the same bytes{after}; on the "
            f"network {on_network:.1%} are"
        )
        return Finding.REKEYED
    return Finding.UNKNOWN


def _decide(judged: Judged, sent: Inside, received: Inside) -> None:
    pair = judged.pair
    readable = [inside.is_answered(Answer.READABLE) for inside in (sent, received)]
    is_sure = pair.confidence >= MIN_CONFIDENCE
    if judged.finding is Finding.CHANGED and all(readable) and is_sure:
        judged.verdict = Verdict.TRANSCODED
        judged.evidence.append("other bytes, and both can be decoded: somebody did, in between")
    elif any(readable):  # of one leg is enough, whatever became of it on the other
        judged.verdict, judged.confidence = Verdict.READABLE, _READ_CONFIDENCE
    elif not is_sure:
        judged.evidence.append("too little speaks for this pair to decide anything by it")
    elif judged.finding not in {Finding.UNCHANGED, Finding.REKEYED}:
        return
    elif received.is_sealed:
        _conclude(judged, Verdict.SEALED, _READ_CONFIDENCE)
    elif any(inside.is_answered(Answer.OPAQUE) for inside in _opened(pair, sent, received)):
        _conclude(judged, Verdict.OPAQUE, _OPAQUE_CONFIDENCE)


def _opened(pair: Pair, sent: Inside, received: Inside) -> list[Inside]:
    """Those of which a key removed something: what is encrypted by hops is opaque to everybody."""
    both = ((pair.sent, sent), (pair.received, received))
    return [inside for stream, inside in both if stream.key is not None]


def _conclude(judged: Judged, verdict: Verdict, confidence: float) -> None:
    judged.verdict = verdict
    judged.confidence = min(judged.confidence, confidence)
    if judged.pair.how is not How.BYTES:
        judged.confidence *= _ONE_LEG


def overall(judged: Sequence[Judged]) -> tuple[Verdict, float]:
    """What holds of the call: of differing pairs, the answer that stands first."""
    counting = [one for one in judged if not one.pair.repeats]
    if not counting:
        return Verdict.UNDECIDABLE, 0.0
    order = list(Verdict)
    verdict = min((one.verdict for one in counting), key=order.index)
    return verdict, min(one.confidence for one in counting if one.verdict is verdict)
