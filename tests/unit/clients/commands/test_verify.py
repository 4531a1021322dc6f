"""`sfu-client verify`: a verdict for people and for programs, or one sentence and exit code 2."""

import json
from pathlib import Path

import pytest

from sfu_clients.__main__ import main
from sfu_clients.media.sources import ToneSource
from sfu_clients.verify.report import MEANINGS
from tests.support.captures import pcap
from tests.support.legs import captures, forwarded, from_server, published, to_server

PAIR_FIELDS = {
    "verdict", "finding", "confidence", "sent", "received", "paired_by", "pairing_confidence",
    "retransmission", "lag_ms", "size_difference", "matched", "compared", "chance",
    "equal_on_network", "equal_inside", "evidence",
}  # fmt: skip


@pytest.fixture
def legs(tmp_path: Path) -> tuple[str, str, str, str]:
    """Two captures of sound, and the keys of both."""
    tone, hops = published(ToneSource(), 4), (to_server(), from_server())
    paths = captures(tmp_path, tone, forwarded(tone), hops=hops)
    return (*paths, hops[0].log(tmp_path / "a.keys"), hops[1].log(tmp_path / "b.keys"))


def test_says_it_to_programs(
    legs: tuple[str, str, str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    """In one line of JSON."""
    first, second, *keys = legs
    assert main(["verify", first, second, "--keys", *keys, "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["verdict"] == "readable by the server"
    assert 0.9 < said["confidence"] <= 1
    assert said["meaning"] == MEANINGS[said["verdict"]]
    (pair,) = said["pairs"]
    assert pair.keys() == PAIR_FIELDS
    assert (pair["sent"]["kind"], pair["sent"]["clock_rate"]) == ("audio", 48_000)
    assert pair["equal_inside"] == 1


def test_says_it_to_people(
    legs: tuple[str, str, str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the evidence, and a picture for the wall."""
    picture = tmp_path / "legs.svg"
    assert main(["verify", *legs[:2], "--picture", str(picture)]) == 0
    said = capsys.readouterr().out
    assert "Verdict: undecidable" in said
    assert "re-keyed at each hop" in said
    assert "10.0.0.1:40001 > 10.0.0.9:10000 ssrc 0000000a" in said
    assert picture.read_text(encoding="utf-8").startswith("<svg")


@pytest.mark.parametrize(
    ("name", "data"),
    [
        pytest.param("cut.pcap", None, id="truncated"),
        pytest.param("garbage.pcap", b"\x17garbage" * 99, id="garbage"),
        pytest.param("empty.pcap", b"", id="empty"),
        pytest.param("damaged.pcap", pcap([]) + b"\xff" * 99, id="damaged"),
    ],
)
def test_what_is_no_capture_is_told(
    legs: tuple[str, str, str, str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    name: str,
    data: bytes | None,
) -> None:
    """In one sentence, with exit code 2, whichever leg it is."""
    path = tmp_path / name
    path.write_bytes(Path(legs[0]).read_bytes()[:-5] if data is None else data)
    for given in ([legs[0], str(path)], [str(path), legs[1]]):
        assert main(["verify", *given]) == 2
        said = capsys.readouterr()
        assert said.out == ""
        assert said.err.startswith(f"sfu-client: {path}: ")
        assert said.err.count("\n") == said.err.count(". ") + 1 == 1


@pytest.mark.parametrize(
    "more", [["--keys", "/nowhere"], ["--picture", "/nowhere/x.svg"], ["--bogus"]]
)
def test_mistakes_are_told(
    legs: tuple[str, str, str, str], capsys: pytest.CaptureFixture[str], more: list[str]
) -> None:
    """The same."""
    assert main(["verify", *legs[:2], *more]) == 2
    assert capsys.readouterr().err.count("\n") == 1
