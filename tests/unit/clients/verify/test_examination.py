"""The verdicts on calls through servers of every kind, with the keys that somebody may have."""

from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from sfu_clients.media.sources import PatternSource, ToneSource
from sfu_clients.verify.examination import Examination, examine
from sfu_clients.verify.judging import Finding, Verdict
from sfu_clients.verify.keys.log import read_key_files
from sfu_clients.verify.pairing.pair import How
from tests.support.legs import (
    GCM,
    Timed,
    captures,
    forwarded,
    frame_keys,
    from_server,
    lossy,
    published,
    to_server,
)
from tests.support.transcoding import transcoded
from tests.unit.clients.verify.reading.test_readability import SENDER, sealing

CODECS: Final = {0xA: "VP8", 0xAA: "opus"}
SECONDS: Final = 6

BOTH = ("a.keys", "b.keys")
NONE = ()
FRAMES = (*BOTH, "frames.keys")


def call(*, sealed: bool) -> dict[int, list[Timed]]:
    """A camera and a microphone, by SSRC."""
    sources: dict[int, PatternSource | ToneSource] = {
        0xA: PatternSource("VP8", size=(320, 180)),
        0xAA: ToneSource(),
    }
    for source in sources.values():
        if sealed:
            source.seal(sealing(source.codec))
    return {ssrc: published(source, SECONDS, ssrc=ssrc) for ssrc, source in sources.items()}


CALLS: Final = {sealed: call(sealed=sealed) for sealed in (False, True)}


def second_leg(server: str, *, sealed: bool) -> list[Timed]:
    """What the receiver gets from servers of several kinds."""
    came: list[Timed] = []
    for ssrc, packets in CALLS[sealed].items():
        if server == "transcoding":
            came += transcoded(packets, CODECS[ssrc], ssrc=ssrc + 1)
        elif server == "lossy":
            left, again = lossy(forwarded(packets, ssrc=ssrc + 1), 0.1, rtx_ssrc=ssrc + 2)
            came += left + again
        else:
            came += forwarded(packets, ssrc=ssrc + 1)
    return came


def examined(
    folder: Path,
    server: str,
    *,
    sealed: bool,
    logs: tuple[str, ...],
    profile: str | None = GCM,
) -> Examination:
    """What is found, with some of the keys."""
    hops = to_server(profile), from_server(profile)
    first = [one for packets in CALLS[sealed].values() for one in packets]
    paths = captures(folder, first, second_leg(server, sealed=sealed), hops=hops)
    hops[0].log(folder / "a.keys")
    hops[1].log(folder / "b.keys")
    frame_keys(folder / "frames.keys", SENDER)
    frame_keys(folder / "others.keys", replace(SENDER, base_key=b"x" * 32))
    return examine(*paths, read_key_files([str(folder / name) for name in logs]))


T, R, U, O, S = (  # noqa: E741 - as short as the table needs
    Verdict.TRANSCODED,
    Verdict.READABLE,
    Verdict.UNDECIDABLE,
    Verdict.OPAQUE,
    Verdict.SEALED,
)
REKEYED, CHANGED, MAYBE = Finding.REKEYED, Finding.CHANGED, Finding.MAYBE_CHANGED


@pytest.mark.parametrize(
    ("server", "sealed", "logs", "verdict", "finding"),
    [
        pytest.param("forwarding", False, NONE, U, REKEYED, id="hop, no keys"),
        pytest.param("forwarding", True, NONE, U, REKEYED, id="sealed, no keys: looks the same"),
        pytest.param("forwarding", False, BOTH, R, REKEYED, id="hop, keys of both legs"),
        pytest.param("forwarding", False, ("a.keys",), R, REKEYED, id="hop, keys of the first"),
        pytest.param("forwarding", False, ("b.keys",), R, REKEYED, id="hop, of the second"),
        pytest.param("forwarding", True, BOTH, O, REKEYED, id="sealed, keys of both legs"),
        pytest.param("forwarding", True, ("b.keys",), O, REKEYED, id="sealed, of the second"),
        pytest.param("forwarding", True, FRAMES, S, REKEYED, id="sealed, and frame keys"),
        pytest.param("forwarding", True, (*BOTH, "others.keys"), O, REKEYED, id="others' keys"),
        pytest.param("forwarding", True, ("frames.keys",), U, REKEYED, id="frame keys alone"),
        pytest.param("forwarding", False, FRAMES, R, REKEYED, id="clear in a sealed room"),
        pytest.param("lossy", False, NONE, U, REKEYED, id="hop, loss, no keys"),
        pytest.param("lossy", False, BOTH, R, REKEYED, id="hop, loss"),
        pytest.param("lossy", True, FRAMES, S, REKEYED, id="sealed, loss"),
        pytest.param("transcoding", False, BOTH, T, CHANGED, id="transcoding, keys"),
        pytest.param("transcoding", False, NONE, U, MAYBE, id="transcoding, no keys"),
        pytest.param("transcoding", False, ("a.keys",), R, MAYBE, id="transcoding, half the keys"),
    ],
)
def test_verdicts(  # noqa: PLR0913, PLR0917 - a table
    tmp_path: Path,
    server: str,
    sealed: bool,  # noqa: FBT001
    logs: tuple[str, ...],
    verdict: Verdict,
    finding: Finding,
) -> None:
    """Never more than the keys allow to say."""
    found = examined(tmp_path, server, sealed=sealed, logs=logs)
    media = [one for one in found.judged if not one.pair.repeats]
    evidence = [one.evidence for one in media]
    assert found.verdict is verdict, evidence
    assert {(one.finding, one.verdict) for one in media} == {(finding, verdict)}, evidence
    assert {one.pair.received.ssrc for one in media} == {0xB, 0xAB}
    if verdict is not U:
        assert found.confidence > 0.7


def test_transcoding_is_known_by_what_is_shown(tmp_path: Path) -> None:
    """Not by there being but one stream of each kind."""
    found = examined(tmp_path, "transcoding", sealed=False, logs=BOTH)
    assert {one.pair.how for one in found.judged} == {How.CONTENT}


@pytest.mark.parametrize(
    ("sealed", "verdict"),
    [
        pytest.param(False, R, id="clear: anybody can read"),
        pytest.param(True, U, id="sealed, without SRTP"),
    ],
)
def test_equal_payloads(tmp_path: Path, verdict: Verdict, *, sealed: bool) -> None:
    """Were forwarded as they came; that says nothing about who can read them."""
    found = examined(tmp_path, "forwarding", sealed=sealed, logs=NONE, profile=None)
    assert {one.finding for one in found.judged} == {Finding.UNCHANGED}
    assert found.verdict is verdict


def test_nothing_to_compare_is_undecidable(tmp_path: Path) -> None:
    """And says so."""
    paths = captures(tmp_path, [], [], hops=(to_server(), from_server()))
    found = examine(*paths, read_key_files([]))
    assert (found.verdict, found.confidence, found.judged) == (U, 0.0, [])
    assert sum("no RTP" in note for note in found.notes) == 2
