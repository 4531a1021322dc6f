"""Opens a sealed recording with its key, and writes what it holds as WebM: nothing is decoded."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final, cast

from sfu.errors import MalformedPacket
from sfu.wire import journal, matroska
from sfu.wire.frames.headers import shape_of
from sfu.wire.timeline import Timeline
from sfu_clients.errors import ClientError
from sfu_clients.payload import CLOCK_RATES
from sfu_clients.sealing import base64url
from sfu_clients.sealing.consent import RecordingKey
from sfu_clients.sealing.frames import FrameInfo, Opener, Sender
from sfu_clients.sealing.room import STREAMS
from sfu_clients.sealing.sframe import SealError

if TYPE_CHECKING:
    from sfu.signalling.messages import MediaSource

_TEMPORAL_DELIMITER: Final = b"\x12\x00"


@dataclass(frozen=True, slots=True)
class Opened:
    """One picture or piece of sound, in clear."""

    data: bytes
    key_frame: bool
    width: int
    height: int


@dataclass(slots=True)
class TrackReport:
    """What became of one publication."""

    person: str
    source: str
    codec: str
    pictures: int = 0
    """Written; pieces of sound, too."""
    unopened: int = 0
    """Of those that came: a change on the way, or another key."""


@dataclass(slots=True)
class Report:
    """What was written, and who stays unreadable."""

    tracks: list[TrackReport]
    unreadable: list[TrackReport]
    broken: bool = False
    """The file ends before the recording did; what it has was written."""

    @property
    def refusers(self) -> list[str]:
        """The people of whom nothing could be opened."""
        return list(dict.fromkeys(track.person for track in self.unreadable))


class _Records:
    """The records of a file, and remembers whether the file was broken off."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.broken = False

    def __iter__(self) -> Iterator[journal.Record]:
        begun = ended = False
        try:
            with self._path.open("rb") as file:
                for record in journal.read(file):
                    begun, ended = True, isinstance(record, journal.Ended)
                    yield record
        except OSError as error:
            raise ClientError(f"Cannot read {self._path} ({error.strerror}).") from error
        except MalformedPacket as error:
            if not begun:
                raise ClientError(f"{self._path} is no sealed recording: {error}.") from error
        self.broken = not ended


class _Reading:
    """One way through the file: what is known so far, and what opens with it."""

    def __init__(self, keys: dict[str, list[Sender]]) -> None:
        self._keys = keys  # by participant
        self.tracks: dict[int, journal.Track] = {}
        self.names: dict[str, str] = {}
        self._openers: dict[int, list[Opener]] = {}
        self._waits: dict[int, bool] = {}

    def note(self, record: journal.Record) -> None:
        """Learn from anything but pictures."""
        if isinstance(record, journal.Person):
            self.names[record.participant] = record.name
        elif isinstance(record, journal.Track):
            self.tracks[record.number] = record
            stream = STREAMS[cast("MediaSource", record.source)]
            senders = self._keys.get(record.participant, [])
            self._openers[record.number] = [Opener(sender, stream) for sender in senders]
            self._waits[record.number] = record.codec != "opus"

    def open(self, picture: journal.SealedPicture) -> Opened | None:
        """Return a picture, if all its frames open; the first one is a key frame."""
        track = self.tracks.get(picture.track)
        if track is None:
            return None
        opened = [self._open(track, frame) for frame in picture.frames]
        whole = [one for one in opened if one is not None]
        if not whole or len(whole) < len(opened):
            self._waits[track.number] = track.codec != "opus"
            return None
        key_frame = whole[0][1].key_frame or track.codec == "opus"
        waits = self._waits[track.number] or not (picture.follows or track.codec == "opus")
        self._waits[track.number] = waits and not key_frame
        if self._waits[track.number]:
            return None
        width, height = max((info.width, info.height) for _, info in whole)
        media = [data for data, _ in whole]
        try:
            return Opened(_joined(track.codec, media), key_frame, width, height)
        except MalformedPacket:  # sealed by its owner, and still no picture
            return None

    def _open(self, track: journal.Track, frame: bytes) -> tuple[bytes, FrameInfo] | None:
        for opener in self._openers[track.number]:
            if (opened := opener.open(track.codec, frame)) is not None:
                return opened
        return None

    def report(self, number: int) -> TrackReport:
        """A report on a track, still empty."""
        track = self.tracks[number]
        name = self.names.get(track.participant, "somebody")
        return TrackReport(name, track.source.replace("_", " "), track.codec)


def _joined(codec: str, media: Sequence[bytes]) -> bytes:
    if codec == "VP9":
        return matroska.superframe(media)
    whole = b"".join(media)
    return whole.removeprefix(_TEMPORAL_DELIMITER) if codec == "AV1" else whole


def unseal(recording: Path, key: RecordingKey, out: Path) -> Report:
    """Write all that the key opens into one file, a track for each publication.

    Raises ClientError if the key is another one, or opens nothing.
    """
    keys = _find_keys(recording, key)
    found, reading = _find_tracks(recording, keys)
    reports = {number: reading.report(number) for number in reading.tracks}
    readable = {number: reports[number] for number in found}
    unreadable = [report for number, report in reports.items() if number not in found]
    if not found:
        raise ClientError("Nothing in this recording can be opened: nobody in it consented.")
    records = _Records(recording)
    try:
        with out.open("wb") as file:
            _Writer(found, readable).write(file, records, _Reading(keys))
    except OSError as error:
        raise ClientError(f"Cannot write {out} ({error.strerror}).") from error
    return Report(list(readable.values()), unreadable, records.broken)


def _find_keys(recording: Path, key: RecordingKey) -> dict[str, list[Sender]]:
    """The keys of those who consented, by participant."""
    keys: dict[str, list[Sender]] = {}
    ident = ""
    for record in _Records(recording):
        if isinstance(record, journal.Begun):
            ident = record.recording
            if record.public_key != key.public:
                needed = base64url.encode(record.public_key)
                raise ClientError(f"This recording was made for another key: {needed}.")
        elif isinstance(record, journal.SealedKeys):
            senders = keys.setdefault(record.participant, [])
            try:
                _, sender = key.open_keys(record.sealed, ident)
            except SealError:
                continue  # whoever sent it only hides themselves
            if sender not in senders:
                senders.append(sender)
    return keys


def _find_tracks(
    recording: Path, keys: dict[str, list[Sender]]
) -> tuple[dict[int, matroska.Track], _Reading]:
    """What can be opened, as the head of a file has to describe it."""
    reading, found = _Reading(keys), dict[int, matroska.Track]()
    for record in _Records(recording):
        if not isinstance(record, journal.SealedPicture):
            reading.note(record)
        elif record.track not in found and (opened := reading.open(record)) is not None:
            track = reading.tracks[record.track]
            report = reading.report(record.track)
            try:
                shape = shape_of(track.codec, opened.data)
            except MalformedPacket:
                continue  # sealed by its owner, and still no picture
            width, height = max((opened.width, opened.height), shape.size)
            name = f"{report.person}, {report.source}"
            found[record.track] = matroska.Track(track.codec, name, width, height, shape.private)
    return found, reading


class _Writer:
    """Puts the pictures of all tracks into one file."""

    def __init__(self, tracks: dict[int, matroska.Track], reports: dict[int, TrackReport]) -> None:
        self._muxer = matroska.Muxer(list(tracks.values()))
        self._places = {number: place for place, number in enumerate(tracks)}
        self._timelines = {
            number: Timeline(CLOCK_RATES[track.codec]) for number, track in tracks.items()
        }
        self._reports = reports

    def write(self, file: BinaryIO, records: Iterable[journal.Record], reading: _Reading) -> None:
        """Go through all records, and write what opens."""
        file.write(self._muxer.head())
        for record in records:
            if not isinstance(record, journal.SealedPicture):
                reading.note(record)
            elif record.track in self._places:
                file.write(self._take(record, reading.open(record)))
        rest, patches = self._muxer.end()
        file.write(rest)
        for position, data in patches:
            file.seek(position)
            file.write(data)

    def _take(self, picture: journal.SealedPicture, opened: Opened | None) -> bytes:
        report = self._reports[picture.track]
        if opened is None:
            report.unopened += 1
            return b""
        report.pictures += 1
        time = self._timelines[picture.track].place(picture.timestamp, picture.at)
        place = self._places[picture.track]
        return self._muxer.add(place, time, opened.data, key_frame=opened.key_frame)
