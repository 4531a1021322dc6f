"""Archive: the folder with the recordings of all rooms, one folder for each."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import msgspec

from sfu.errors import Refused

if TYPE_CHECKING:
    from pathlib import Path

    from sfu.recording.recording import Order

IDENT: Final = re.compile(r"[0-9a-f]{12}\Z")
FILE: Final = re.compile(r"[a-z0-9_-]{1,80}\.(webm|mkv|sealed)\Z")
_ABOUT: Final = "recording.json"
MAX_LISTED: Final = 1000


class StoredFile(msgspec.Struct, frozen=True):
    """A file that can be fetched under its name."""

    name: str
    bytes: int


class Stored(msgspec.Struct, frozen=True, kw_only=True):
    """A recording, running or over, as it is listed."""

    id: str
    mode: str
    by: str | None
    started: float
    ended: float | None = None
    """Unix time; None while it runs, or if the server was broken off."""
    reason: str | None = None
    running: bool = False
    files: tuple[StoredFile, ...] = ()


class Archive:
    """Every method reads or writes the disk: call it where that may take its time."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def used(self, room: str) -> int:
        """Return how many bytes the recordings of a room have."""
        folder = self._root / room
        return sum(path.stat().st_size for path in folder.glob("*/*") if path.is_file())

    def begin(self, room: str, mode: str, order: Order) -> Path:
        """Make the folder of a recording; raises Refused if that is impossible."""
        folder = self._root / room / order.ident
        try:
            folder.mkdir(parents=True, mode=0o700)
        except OSError as error:
            raise Refused(
                "disk-refused", f"The server cannot write a recording ({error.strerror})."
            ) from error
        self._write(folder, Stored(id=order.ident, mode=mode, by=order.by, started=order.started))
        return folder

    def end(self, folder: Path, reason: str, *, ended: float) -> None:
        """Note why a recording is over."""
        stored = self._read(folder)
        if stored is None:
            return
        with suppress(Refused):  # it is listed as broken off
            self._write(folder, msgspec.structs.replace(stored, ended=ended, reason=reason))

    def list(self, room: str, *, running: str | None) -> list[Stored]:
        """Return a room's recordings, newest first; `running` is the one that runs."""
        folders = [one for one in (self._root / room).glob("*") if IDENT.match(one.name)]
        found = [stored for folder in folders if (stored := self._describe(folder, running))]
        return sorted(found, key=lambda stored: -stored.started)[:MAX_LISTED]

    def find(self, room: str, ident: str, name: str) -> Path:
        """Return a file that was listed; raises Refused for any other."""
        path = self._root / room / ident / name
        if not (IDENT.match(ident) and FILE.match(name) and path.is_file()):
            raise Refused("no-file", "There is no such file of a recording.")
        return path

    def _describe(self, folder: Path, running: str | None) -> Stored | None:
        stored = self._read(folder)
        if stored is None:
            return None
        files = tuple(
            StoredFile(path.name, path.stat().st_size)
            for path in sorted(folder.iterdir())
            if FILE.match(path.name)
        )
        return msgspec.structs.replace(stored, files=files, running=stored.id == running)

    def _read(self, folder: Path) -> Stored | None:
        try:
            return msgspec.json.decode((folder / _ABOUT).read_bytes(), type=Stored)
        except (OSError, msgspec.DecodeError):
            return None  # not ours

    def _write(self, folder: Path, stored: Stored) -> None:
        try:
            (folder / _ABOUT).write_bytes(msgspec.json.encode(stored))
        except OSError as error:
            raise Refused(
                "disk-refused", f"The server cannot write a recording ({error.strerror})."
            ) from error
