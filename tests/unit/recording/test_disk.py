"""Disk: in order, in a thread, and never more than it may have waiting."""

from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest

from sfu.recording.disk import MAX_WAITING_BYTES, Disk


@pytest.fixture
def disk() -> Iterator[Disk]:
    """One whose thread ends."""
    disk = Disk()
    yield disk
    disk.close()


def test_what_is_appended_is_there_in_order(disk: Disk, tmp_path: Path) -> None:
    """And what is patched, though more was appended meanwhile."""
    file = disk.open(tmp_path / "file")
    assert file.append(b"abc")
    file.patch(1, b"X")
    assert file.append(b"def")
    file.close()
    disk.close()
    assert (tmp_path / "file").read_bytes() == b"aXcdef"
    assert (file.size, disk.written) == (6, 6)


def test_a_disk_that_hangs_is_not_waited_for(disk: Disk, tmp_path: Path) -> None:
    """So many bytes wait; what comes then is refused, until it works again."""
    hanging, file = Event(), disk.open(tmp_path / "file")
    disk.put(0, lambda: _wait(hanging))
    assert file.append(bytes(MAX_WAITING_BYTES))
    assert not file.append(b"more")
    hanging.set()
    disk.close()
    assert file.append(b"again")
    file.close()
    disk.close()
    assert (tmp_path / "file").stat().st_size == MAX_WAITING_BYTES + len(b"again")


def test_what_cannot_be_written_is_told(disk: Disk, tmp_path: Path) -> None:
    """A folder that is not there, and a file that is there already: nothing is overwritten."""
    (tmp_path / "there").write_bytes(b"old")
    files = [disk.open(tmp_path / "absent" / "file"), disk.open(tmp_path / "there")]
    for file in files:
        assert file.append(b"new")
        file.close()
    disk.close()
    assert [file.failed for file in files] == [True, True]
    assert (tmp_path / "there").read_bytes() == b"old"


def test_a_file_without_content_is_none(disk: Disk, tmp_path: Path) -> None:
    """It begins with its first bytes."""
    disk.open(tmp_path / "file").close()
    disk.close()
    assert list(tmp_path.iterdir()) == []


def _wait(event: Event) -> None:
    """As a disk does that hangs."""
    assert event.wait(10)
