"""The picture is well-formed, and shows what was equal and what correlates."""

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from sfu_clients.verify.examination import examine
from sfu_clients.verify.keys.log import Keys
from sfu_clients.verify.picture import BINS, draw, equal_over_time, sizes_over_time
from tests.support.legs import captures, from_server, to_server
from tests.unit.clients.verify.test_examination import BOTH, NONE, examined


@pytest.mark.parametrize(("logs", "curves"), [(NONE, 2), (BOTH, 3)])
def test_a_curve_for_each_question(tmp_path: Path, logs: tuple[str, ...], curves: int) -> None:
    """Equal on the network, without SRTP if it could be removed, and correlation of sizes."""
    found = examined(tmp_path, "forwarding", sealed=False, logs=logs)
    picture = ET.fromstring(draw(found))  # noqa: S314 - ours
    names = {"{http://www.w3.org/2000/svg}path"}
    drawn = [one for one in picture.iter() if one.tag in names and one.get("fill") == "none"]
    assert len(drawn) == curves * len(found.judged)
    words = " ".join(one.text or "" for one in picture.iter())
    assert found.verdict.value in words
    for judged in found.judged:
        equal = equal_over_time(judged.pair, "prints")
        assert set(equal) - {None} == {0.0}
        assert set(sizes_over_time(judged.pair)) - {None} == {1.0}
        assert len(equal) == BINS
        if logs:
            assert set(equal_over_time(judged.pair, "plain_prints")) - {None} == {1.0}


def test_no_pair_is_drawn_as_such(tmp_path: Path) -> None:
    """Rather than as nothing."""
    paths = captures(tmp_path, [], [], hops=(to_server(), from_server()))
    assert "no pair" in draw(examine(*paths, Keys()))
