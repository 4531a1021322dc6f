"""Vault: the one file of a sealed room, with frames that the server cannot open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfu.errors import MalformedPacket
from sfu.wire import journal
from sfu.wire.frames import frames

if TYPE_CHECKING:
    from sfu.media.codec import Codec
    from sfu.recording.disk import File
    from sfu.recording.reel import Shot
    from sfu.rooms.participant import Participant
    from sfu.rooms.publication import Publication

FILE_NAME = "recording.sealed"


class Vault:
    """Writes records in the order of events."""

    def __init__(self, file: File, begun: journal.Begun) -> None:
        self.file = file
        self._tracks = 0
        file.append(journal.MAGIC + journal.write(begun))

    def note_person(self, participant: Participant) -> None:
        """Write who is there, and what they say of their keys."""
        hello = participant.hello or ""
        self._append(journal.Person(participant.id, participant.name, hello))

    def note_keys(self, participant: Participant, sealed: bytes) -> bool:
        """Write what only the recording's key opens; False if the disk is too slow for it."""
        return self._append(journal.SealedKeys(participant.id, sealed))

    def add_track(self, publication: Publication, codec: Codec) -> SealedTrack:
        """Begin a publication, or its next codec."""
        self._tracks += 1
        self._append(
            journal.Track(
                self._tracks,
                publication.owner.id,
                publication.id,
                publication.origin,
                codec.value,
            )
        )
        return SealedTrack(self.file, self._tracks, codec)

    def close(self, reason: str) -> None:
        """Write the end."""
        self._append(journal.Ended(reason))
        self.file.close()

    def _append(self, record: journal.Record) -> bool:
        return self.file.append(journal.write(record))


class SealedTrack:
    """One publication in the file; pictures are whole, as their descriptors say."""

    def __init__(self, file: File, number: int, codec: Codec) -> None:
        self.codec = codec
        self._file = file
        self._number = number
        self._follows = False

    def add(self, shot: Shot, *, at: int) -> None:
        """Write a picture that came at so many milliseconds; one that cannot be is a gap."""
        picture = shot.picture
        payloads = [packet.payload for packet in picture.packets]
        try:
            sealed = tuple(frames(self.codec.value, payloads))
        except MalformedPacket:
            sealed = ()
        follows = self._follows and picture.follows
        record = journal.SealedPicture(
            self._number, at, picture.timestamp & 0xFFFFFFFFFFFFFFFF, follows, sealed
        )
        whole = 0 < len(sealed) <= journal.MAX_FRAMES
        self._follows = whole and self._file.append(journal.write(record))

    @property
    def waits(self) -> bool:
        """Whether what comes next follows nothing."""
        return not self._follows

    def close(self) -> None:
        """The file goes on."""
