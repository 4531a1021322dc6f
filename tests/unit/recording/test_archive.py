"""Archive: what is listed can be fetched, and nothing else of the disk."""

from pathlib import Path

import pytest

from sfu.errors import Refused
from sfu.recording.archive import Archive
from sfu.recording.recording import Order

IDENT = "0123456789ab"


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    """One with a recording that is over, and things that are none."""
    archive = Archive(tmp_path / "recordings")
    folder = archive.begin("hall", "hop", Order(IDENT, None, "Mo", 1000.0))
    (folder / "001-camera-0a.webm").write_bytes(bytes(7))
    (folder / "notes.txt").write_bytes(b"an operator's")
    archive.end(folder, "stopped", ended=1010.0)
    (tmp_path / "recordings" / "hall" / "stray").mkdir()
    (tmp_path / "recordings" / "hall" / "0123456789ff").mkdir()
    (tmp_path / "secret.webm").write_bytes(b"secret")
    return archive


def test_it_lists_its_own(archive: Archive) -> None:
    """With sizes; what has no description of ours is passed over."""
    (stored,) = archive.list("hall", running=None)
    assert (stored.id, stored.mode, stored.by) == (IDENT, "hop", "Mo")
    assert (stored.ended, stored.reason, stored.running) == (1010.0, "stopped", False)
    assert [(file.name, file.bytes) for file in stored.files] == [("001-camera-0a.webm", 7)]
    assert archive.list("other", running=None) == []
    assert archive.used("hall") > 7


def test_it_says_what_runs(archive: Archive) -> None:
    """And what was begun and never ended, because the server was."""
    archive.begin("hall", "hop", Order("0123456789cd", None, None, 2000.0))
    newest, _ = archive.list("hall", running="0123456789cd")
    assert (newest.running, newest.ended) == (True, None)


@pytest.mark.parametrize(
    ("room", "ident", "name"),
    [
        pytest.param("hall", IDENT, "recording.json", id="the description"),
        pytest.param("hall", IDENT, "notes.txt", id="somebody's file"),
        pytest.param("hall", IDENT, "002-camera-0a.webm", id="a file that is not there"),
        pytest.param("other", IDENT, "001-camera-0a.webm", id="another room"),
        pytest.param("hall", "..", "001-camera-0a.webm", id="a folder above"),
        pytest.param("hall", IDENT, "../../../secret.webm", id="a way out"),
    ],
)
def test_nothing_else_is_found(archive: Archive, room: str, ident: str, name: str) -> None:
    """Whatever is asked for."""
    with pytest.raises(Refused, match="no-file"):
        archive.find(room, ident, name)


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    """It is refused with a sentence."""
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(Refused, match="disk-refused"):
        Archive(tmp_path / "file").begin("hall", "hop", Order(IDENT, None, None, 0.0))
