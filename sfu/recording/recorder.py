"""Recorder: starts, follows and stops the recordings of this node."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

import structlog

from sfu.errors import Refused
from sfu.recording.recording import Order, Recording

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sfu.recording.archive import Archive
    from sfu.recording.disk import Disk
    from sfu.rooms.directory import Directory
    from sfu.rooms.room import Room

log = structlog.get_logger()

ID_BYTES: Final = 6


@dataclass(frozen=True, slots=True)
class Bounds:
    """What the operator allows."""

    room_bytes: int
    """Of all recordings of a room together."""
    seconds: float
    """Of one recording."""


class Recorder:
    """One recording at a time for each room."""

    def __init__(  # noqa: PLR0913 - by name: what it needs of the server
        self,
        directory: Directory,
        archive: Archive,
        disk: Disk,
        bounds: Bounds,
        *,
        random_bytes: Callable[[int], bytes],
        clock: Callable[[], float],
    ) -> None:
        """`clock` tells Unix time."""
        self.archive = archive
        self.disk = disk
        self.running: dict[str, Recording] = {}  # by name of room
        self._folders: dict[str, Path] = {}
        self._directory = directory
        self._bounds = bounds
        self._random_bytes = random_bytes
        self._clock = clock

    def order(self, room_name: str, public_key: bytes | None, by: str | None) -> tuple[Room, Order]:
        """Check that a room can be recorded now; raises Refused."""
        room = self._directory.rooms.get(room_name)
        if room is None:
            raise Refused("no-room", "Nobody is in this room, so there is nothing to record.")
        if room_name in self.running:
            raise Refused("already-recording", "This room is being recorded already.")
        if room.sealed and public_key is None:
            raise Refused("key-missing", "Recording a sealed room needs a public_key to seal for.")
        if not room.sealed and public_key is not None:
            raise Refused("not-sealed", "This room is not sealed: its recording has no key.")
        ident = self._random_bytes(ID_BYTES).hex()
        return room, Order(ident, public_key, by, self._clock())

    def prepare(self, room: Room, order: Order) -> tuple[Path, int]:
        """Make room on the disk, which may take its time; raises Refused.

        Returns the folder, and how many bytes may be written there.
        """
        left = self._bounds.room_bytes - self.archive.used(room.name)
        if left <= 0:
            raise Refused(
                "recordings-full", "The recordings of this room have all the space they may have."
            )
        return self.archive.begin(room.name, room.mode, order), left

    def start(self, room: Room, order: Order, folder: Path, left: int, *, now: float) -> None:
        """Record from now on, and tell everybody; raises Refused if things have changed."""
        if self._directory.rooms.get(room.name) is not room or room.name in self.running:
            self._note(folder, "refused")
            raise Refused("already-recording", "This room has ended, or is being recorded already.")
        recording = Recording(
            room,
            order,
            folder=folder,
            disk=self.disk,
            max_bytes=left,
            max_seconds=self._bounds.seconds,
            now=now,
        )
        self.running[room.name] = recording
        self._folders[room.name] = folder
        log.info("recording.started", room=room.id, recording=order.ident)
        room.begin_recording(recording)
        recording.follow_up(now=now)

    def stop(self, room_name: str, *, now: float) -> Order:
        """End a recording because somebody wishes it; raises Refused if there is none."""
        recording = self.running.get(room_name)
        if recording is None:
            raise Refused("not-recording", "This room is not being recorded.")
        self._end(room_name, "stopped", now=now)
        return recording.order

    def follow_up(self, *, now: float) -> None:
        """Write what came, and end what has to end."""
        for name, recording in list(self.running.items()):
            if self._directory.rooms.get(name) is not recording.room:
                self._end(name, "room_ended", now=now)
                continue
            try:
                reason = recording.follow_up(now=now)
            except Exception:  # a bug costs this recording, never the call
                log.exception("recording.failed", room=recording.room.id)
                reason = "failed"
            if reason is not None:
                self._end(name, reason, now=now)

    def stop_all(self, *, now: float) -> None:
        """The server ends."""
        for name in list(self.running):
            self._end(name, "drained", now=now)

    def _end(self, name: str, reason: str, *, now: float) -> None:
        recording = self.running.pop(name)
        try:
            recording.close(reason, now=now)
        except Exception:  # as above: the rest of its files stays as it is
            log.exception("recording.failed", room=recording.room.id)
        recording.room.end_recording(reason)
        self._note(self._folders.pop(name), reason)

    def _note(self, folder: Path, reason: str) -> None:
        """Write down why it ended, after all that is still to be written."""
        self.disk.put(0, partial(self.archive.end, folder, reason, ended=self._clock()))
