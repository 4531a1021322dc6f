"""One recording of one room while it runs: a reel for each publication, and their files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import structlog

from sfu.errors import Refused
from sfu.recording.film import Film
from sfu.recording.reel import Reel, Shot
from sfu.recording.vault import FILE_NAME, SealedTrack, Vault
from sfu.rooms.events import RecordingStarted
from sfu.wire.journal import Begun

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sfu.media.codec import Codec
    from sfu.recording.disk import Disk, File
    from sfu.rooms.participant import Participant
    from sfu.rooms.publication import Publication
    from sfu.rooms.room import Room

log = structlog.get_logger()

MAX_FILES: Final = 1000
"""Of one recording; publications beyond them are not recorded."""


@dataclass(frozen=True, slots=True)
class Order:
    """What was asked for."""

    ident: str
    public_key: bytes | None
    """Whom sealed keys are for; None in the mode `hop`."""
    by: str | None
    """The name of the token with which somebody asked."""
    started: float
    """Unix time."""


class Recording:
    """Knows its room, its files and its bounds."""

    def __init__(  # noqa: PLR0913 - by name: what it needs of the server
        self,
        room: Room,
        order: Order,
        *,
        folder: Path,
        disk: Disk,
        max_bytes: int,
        max_seconds: float,
        now: float,
    ) -> None:
        """`folder` is there, and empty."""
        self.room = room
        self.order = order
        self.files: list[File] = []
        self._folder = folder
        self._disk = disk
        self._max_bytes = max_bytes
        self._began_at, self._ends_at = now, now + max_seconds
        self._reels: dict[str, Reel] = {}  # by publication
        self._tracks: dict[str, Film | SealedTrack] = {}
        self._vault = self._open_vault() if order.public_key is not None else None
        self._hellos: dict[str, str | None] = {}

    def _open_vault(self) -> Vault:
        order, room = self.order, self.room
        begun = Begun(
            order.ident, room.name, room.mode, int(order.started * 1000), order.public_key or b""
        )
        return Vault(self._open(FILE_NAME), begun)

    def _open(self, name: str) -> File:
        file = self._disk.open(self._folder / name)
        self.files.append(file)
        return file

    @property
    def notice(self) -> RecordingStarted:
        """What everybody in the room is told."""
        return RecordingStarted(self.order.ident, self.order.public_key, self.order.by)

    @property
    def size(self) -> int:
        """Bytes so far."""
        return sum(file.size for file in self.files)

    def follow_up(self, *, now: float) -> str | None:
        """Write what came since the last time; return why the recording has to end, if it has."""
        self._meet()
        self._follow_publications(now=now)
        for ident, reel in self._reels.items():
            self._write(ident, reel, now=now)
        if any(file.failed for file in self.files):
            return "disk"
        if self.size >= self._max_bytes:
            return "full"
        return "time" if now >= self._ends_at else None

    def _meet(self) -> None:
        if self._vault is None:
            return
        for participant in self.room.participants.values():
            if self._hellos.get(participant.id, "") != participant.hello:
                self._hellos[participant.id] = participant.hello
                self._vault.note_person(participant)

    def _follow_publications(self, *, now: float) -> None:
        there = self.room.publications
        for ident in [ident for ident in self._reels if ident not in there]:
            self._finish(ident, now=now)
        for ident, publication in there.items():
            if ident not in self._reels and len(self.files) < MAX_FILES:
                self._reels[ident] = Reel(publication, now=now)

    def _write(self, ident: str, reel: Reel, *, now: float) -> None:
        waited = ident not in self._tracks or self._tracks[ident].waits
        for shot in reel.take(now=now):
            track = self._track(ident, reel.publication, shot)
            track.add(shot, at=round((shot.at - self._began_at) * 1000))
        waits = ident in self._tracks and self._tracks[ident].waits
        if waits and not waited:
            reel.ask_for_key_frame(now=now)

    def _track(self, ident: str, publication: Publication, shot: Shot) -> Film | SealedTrack:
        track = self._tracks.get(ident)
        if track is None or track.codec is not shot.codec:
            if track is not None:
                track.close()
            track = self._tracks[ident] = self._begin(publication, shot.codec)
        return track

    def _begin(self, publication: Publication, codec: Codec) -> Film | SealedTrack:
        if self._vault is not None:
            return self._vault.add_track(publication, codec)
        return Film(publication, codec, self._namer(publication))

    def _namer(self, publication: Publication) -> Callable[[str], File]:
        def open_file(ending: str) -> File:
            place = len(self.files) + 1
            return self._open(f"{place:03}-{publication.origin}-{publication.owner.id}.{ending}")

        return open_file

    def _finish(self, ident: str, *, now: float) -> None:
        """A publication is over."""
        reel = self._reels.pop(ident)
        reel.close()
        self._write(ident, reel, now=now)
        track = self._tracks.pop(ident, None)
        if track is not None:
            track.close()

    def keep_keys(self, participant: Participant, sealed: bytes) -> None:
        """Write the keys of somebody who consents; raises Refused if nothing can be sealed."""
        if self._vault is None:
            raise Refused("not-sealed", "The server records this room in clear, without keys.")
        self._meet()
        if not self._vault.note_keys(participant, sealed):
            raise Refused("too-slow", "The server's disk is too slow to take your keys now.")

    def close(self, reason: str, *, now: float) -> None:
        """Write the rest, and end every file."""
        for ident in list(self._reels):
            self._finish(ident, now=now)
        if self._vault is not None:
            self._vault.close(reason)
        log.info("recording.ended", room=self.room.id, recording=self.order.ident, why=reason)
