"""A recorder over a hall, and guests whose cameras have real pictures."""

from pathlib import Path
from random import Random
from typing import Any

from sfu.recording.archive import Archive, Stored
from sfu.recording.disk import Disk
from sfu.recording.recorder import Bounds, Recorder
from sfu_clients.media.sources import PatternSource, ToneSource
from tests.support.hall import Guest, Hall
from tests.support.media import AUDIO_SSRC, OPUS, VIDEO_SSRC, VP8
from tests.support.packets import rtp

BOUNDS = Bounds(room_bytes=10_000_000, seconds=60.0)


class Studio:
    """Records what is published in a hall."""

    def __init__(self, hall: Hall, root: Path, bounds: Bounds = BOUNDS) -> None:
        self.hall = hall
        self.disk = Disk()
        self.archive = Archive(root)
        self.recorder = Recorder(
            hall.directory,
            self.archive,
            self.disk,
            bounds,
            random_bytes=Random(9).randbytes,  # noqa: S311 - the same each time
            clock=lambda: 1_000_000 + hall.now,
        )

    def start(self, key: bytes | None = None, *, room: str = "hall") -> str:
        """Record; return the recording's id."""
        found, order = self.recorder.order(room, key, "Mo")
        folder, left = self.recorder.prepare(found, order)
        self.recorder.start(found, order, folder, left, now=self.hall.now)
        return order.ident

    def pass_time(self, seconds: float) -> None:
        """As the server's tick does."""
        for _ in range(round(seconds * 10)):
            self.hall.pass_time(0.1)
            self.recorder.follow_up(now=self.hall.now)

    def stop(self) -> None:
        """End what runs, and wait until it is written."""
        if "hall" in self.recorder.running:
            self.recorder.stop("hall", now=self.hall.now)
        self.disk.close()

    def stored(self) -> list[Stored]:
        """What there is of the room."""
        running = self.recorder.running.get("hall")
        ident = None if running is None else running.order.ident
        return self.archive.list("hall", running=ident)

    def path(self, stored: Stored, part: str) -> Path:
        """The one file of a recording whose name has this part."""
        (name,) = [file.name for file in stored.files if part in file.name]
        return self.archive.find("hall", stored.id, name)


class Actor:
    """Sends a test picture and a tone, packet by packet."""

    def __init__(self, studio: Studio, guest: Guest) -> None:
        self._studio = studio
        self._guest = guest
        self._sources: list[tuple[Any, int, int]] = [
            (PatternSource("VP8", size=(320, 180)), VIDEO_SSRC, VP8),
            (ToneSource(), AUDIO_SSRC, OPUS),
        ]
        self._numbers = {VIDEO_SSRC: 0, AUDIO_SSRC: 0}
        self._now = 0.0
        self._asked = 0
        self.deaf = False  # to requests for key frames

    def act(self, seconds: float, *, lost: frozenset[int] = frozenset()) -> list[tuple[int, bytes]]:
        """Send for so long; packets of the video with these numbers get lost. By SSRC."""
        payloads = []
        for _ in range(round(seconds * 10)):
            self._now += 0.1
            for source, ssrc, kind in self._sources:
                while (source.due() or 0.0) < self._now:
                    for packet in source.produce(now=self._now):
                        number = self._numbers[ssrc] = self._numbers[ssrc] + 1
                        if ssrc == VIDEO_SSRC and number in lost:
                            continue
                        payloads.append((ssrc, packet.payload))
                        self._guest.send(
                            [
                                rtp(
                                    packet.payload,
                                    sequence_number=number,
                                    timestamp=packet.timestamp,
                                    ssrc=ssrc,
                                    payload_type=kind,
                                    marker=packet.marker,
                                )
                            ]
                        )
            self._studio.pass_time(0.1)
            self._listen()
        return payloads

    def _listen(self) -> None:
        """Make a key frame if the server has asked for one."""
        for publication in self._guest.participant.publications:
            asked = publication.source.key_frames.sent
            if asked > self._asked and not self.deaf:
                self._asked = asked
                self._sources[0][0].ask_key_frame()
