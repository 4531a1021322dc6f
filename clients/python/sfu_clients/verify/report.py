"""What was found, for people and for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sfu_clients.verify.judging import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sfu_clients.verify.examination import Examination
    from sfu_clients.verify.judging import Judged
    from sfu_clients.verify.legs import Leg
    from sfu_clients.verify.streams.stream import Stream

MEANINGS: Final = {
    "transcoded": "the server decoded the media and encoded it anew: it has seen it",
    "readable by the server": "what the hops' keys leave is media that anybody can decode, and "
    "the server has those keys",
    "opaque to the hop keys": "what the hops' keys leave is like noise: there is another "
    "encryption, of which this tool has no key",
    "sealed end to end": "the frames that came are those that the clients' own keys authenticate",
    "undecidable": "whether the server can read cannot be told from these captures and keys",
}


def as_json(found: Examination) -> dict[str, Any]:
    """The whole of it."""
    return {
        "verdict": found.verdict.value,
        "confidence": round(found.confidence, 3),
        "meaning": MEANINGS[found.verdict.value],
        "pairs": [_pair(judged) for judged in found.judged],
        "legs": [_leg(leg) for leg in found.legs],
        "notes": found.notes,
    }


def _pair(judged: Judged) -> dict[str, Any]:
    pair = judged.pair
    return {
        "verdict": judged.verdict.value,
        "finding": judged.finding.value,
        "confidence": round(judged.confidence, 3),
        "sent": _stream(pair.sent),
        "received": _stream(pair.received),
        "paired_by": pair.how.value,
        "pairing_confidence": round(pair.confidence, 3),
        "retransmission": pair.repeats,
        "lag_ms": round(pair.lag * 1000, 1),
        "size_difference": pair.grown,
        "matched": len(pair.matches),
        "compared": pair.compared,
        "chance": round(pair.chance, 3),
        "equal_on_network": round(pair.equal_on_network(), 4),
        "equal_inside": round(pair.equal_inside(), 4) if pair.both_open else None,
        "evidence": judged.evidence,
    }


def _leg(leg: Leg) -> dict[str, Any]:
    return {
        "capture": leg.path,
        "packets": leg.packets,
        "streams": [_stream(stream) for stream in leg.streams],
    }


def _stream(stream: Stream) -> dict[str, Any]:
    seconds = max(stream.seconds, 0.001)
    return {
        "flow": str(stream.flow),
        "ssrc": f"{stream.ssrc:08x}",
        "kind": stream.kind,
        "clock_rate": stream.clock_rate,
        "payload_types": {str(number): n for number, n in stream.payload_types.items()},
        "packets": stream.packets,
        "packets_per_second": round(stream.packets / seconds, 1),
        "kbps": round(stream.bytes * 8 / seconds / 1000, 1),
        "loss": round(stream.loss, 4),
        "seconds": round(stream.seconds, 3),
        "opened": None if stream.key is None else stream.key.profile,
    }


def as_text(found: Examination) -> str:
    """The same as lines."""
    return "\n".join(_lines(found)) + "\n"


def _lines(found: Examination) -> Iterator[str]:
    for leg in found.legs:
        yield f"{leg.path}: {leg.packets} packets, {len(leg.streams)} RTP streams"
        yield from (f"  {_stream_line(stream)}" for stream in leg.streams)
    for judged in found.judged:
        pair = judged.pair
        yield ""
        yield f"{_name(pair.sent)}  ->  {_name(pair.received)}"
        repeats = "; retransmissions" if pair.repeats else ""
        sure = f"paired by {pair.how.value}, confidence {pair.confidence:.0%}{repeats}"
        yield f"  {sure}; lag {pair.lag * 1000:.1f} ms"
        yield f"  {judged.finding.value}: {_sure(judged.verdict, judged.confidence)}"
        yield from (f"    - {words}" for words in judged.evidence)
    yield ""
    yield from (f"Note: {note}" for note in found.notes)
    yield f"Verdict: {_sure(found.verdict, found.confidence)}"
    yield f"  {MEANINGS[found.verdict.value]}"


def _sure(verdict: Verdict, confidence: float) -> str:
    """Of what cannot be decided nobody is sure: there the number is about the pairing."""
    if verdict is Verdict.UNDECIDABLE:
        return verdict.value
    return f"{verdict.value} (confidence {confidence:.0%})"


def _name(stream: Stream) -> str:
    return f"{stream.kind or 'RTP'} {stream}"


def _stream_line(stream: Stream) -> str:
    about = _stream(stream)
    types = ", ".join(about["payload_types"])
    opened = f", opened ({about['opened']})" if about["opened"] else ""
    clock = f", clock {about['clock_rate']}" if about["clock_rate"] else ""
    return (
        f"{_name(stream)}: {about['packets']} packets in {about['seconds']:.1f} s, "
        f"{about['kbps']:.0f} kbit/s, loss {about['loss']:.2%}, type {types}{clock}{opened}"
    )
